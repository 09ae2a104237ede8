// What comes back from the instance: passed on as it is, relayed event by event, or held until it is whole.
internal import MCPWire
internal import NIOCore
internal import TransportAPI

extension Exchange {
    func answerBegan(_ head: AnswerHead) {
        lastRead = worker.now
        status = head.status
        instance?.noteAnswer(plan.upstream.options.health, isCheck: false)
        if head.status == 404, let session = plan.session { worker.end(session) }
        if (300..<400).contains(head.status), sink != nil, plan.mode != .deletion { return refuseRedirect() }
        if head.status == 409, isStream, conflicts < limits.streamConflicts { return waitOutConflict() }
        if plan.mode == .deletion || sink == nil {
            // The client left before its session began: nobody will ever use it.
            if plan.mode == .initialize, let id = head.sessionID, let instance {
                worker.endUpstream(plan.upstream, instance, id)
            }
            return phase = .passing
        }
        if plan.mode == .initialize, head.status < 300, let id = head.sessionID {
            guard beginSession(id) else { return }
        }
        if head.content == .eventStream {
            phase = .relaying(EventRelay(eventBytesMax: limits.eventBytes))
            // The 2024-11-05 head waits for its first event: a stream without an endpoint is a failure, not a 200.
            if plan.mode != .legacyStream || head.status != 200 { begin(head, length: nil) }
            return
        }
        if head.content == .json, plan.mode == .tag || plan.mode == .initialize {
            return phase = .holding(copyOf(head), ByteBuffer())
        }
        phase = .passing
        begin(head, length: head.length)
    }

    /// Followed, it would take the client past the gateway; passed on, it would show the instance's own address.
    private func refuseRedirect() {
        handle?.cancel()
        handle = nil
        let text = "The instance redirects (\(status)); give its final URL in upstreams[].instances."
        refuse(Refusal(502, .internalError, text, dataJSON: #"{"reason":"redirect"}"#), .unavailable)
    }

    /// SDK servers allow one GET stream a session, and need a moment to notice that the last client has left.
    private func waitOutConflict() {
        handle?.cancel()
        handle = nil
        conflicts += 1
        conflictRetry = worker.now + .milliseconds(200)
    }

    func answerBytes(_ bytes: ByteBuffer) {
        lastRead = worker.now
        closeIfTooSlow()
        switch phase {
        case .passing:
            if plan.mode != .deletion { send(bytes) }
        case .relaying(var relay):
            phase = .passing
            let result = feed(&relay, bytes)
            if case .passing = phase { phase = .relaying(relay) }
            if case .failure(let error) = result { breakOff("The instance's event stream is refused: \(error).") }
        case .holding(let head, var body):
            phase = .passing
            body.writeImmutableBuffer(bytes)
            phase = .holding(head, body)
            guard body.readableBytes <= limits.heldResultBytes else {
                handle?.cancel()
                return fail(.overloaded, "The answer is larger than limits.result allows.")
            }
        case .awaitingHead, .done:
            break
        }
    }

    func answerPaused() { sink?.flush() }

    func answerEnded() {
        handle = nil
        switch phase {
        case .holding(let head, let body):
            release(head, body)
        case .relaying where expectsMore:
            breakOff("The instance ended its stream before it answered.")
        case .relaying where sentBytes == 0 && plan.mode == .legacyStream:
            refuse(Refusal(502, .internalError, "The instance opened no stream."), .unavailable)
        default:
            if plan.mode == .deletion { return answerDeletion() }
            sink?.end()
            finish(isDetached ? .clientLeft : status < 400 ? .ok : .instanceError)
        }
    }

    /// The stream of a call has ended without its response, and the client holds nothing to resume with.
    private var expectsMore: Bool { plan.isCall && status < 300 && !hasResponse && !hasEventID && sink != nil }

    func answerDeletion() {
        status = 200
        sink?.begin(status: 200, lines: answerLines { _ in }, length: 0)
        sink?.end()
        finish(.ok)
    }

    // MARK: Events

    private func feed(_ relay: inout EventRelay, _ bytes: ByteBuffer) -> Result<Void, EventScanError> {
        Result { () throws(EventScanError) in
            try relay.feed(bytes) { event, view in
                inspect(event, view)
            } send: { part in
                send(part)
            }
        }
    }

    private func inspect(_ event: Event, _ view: UnsafeRawBufferPointer) -> EventRelay.Verdict {
        if plan.mode == .legacyStream, newSession == nil { return beginLegacyStream(event, view) }
        if event.hasID { hasEventID = true }
        guard event.dataLines > 0 else { return .pass }
        let verdict = EventRelay.withMessage(event, view) { data, message -> EventRelay.Verdict in
            if message.kind == .result || message.kind == .error { noteResponse(message, data) }
            guard plan.mode == .tag, let tagged = tagged(message, data) else { return .pass }
            return .replace(Self.event(event, view, data: tagged))
        }
        // What cannot be scanned is the instance's own affair, but it may have been the response.
        if verdict == nil { hasResponse = true }
        return verdict ?? .pass
    }

    private func noteResponse(_ message: Message, _ data: UnsafeRawBufferPointer) {
        hasResponse = true
        noteRevision(message, data)
        if plan.mode == .legacyStream, let newSession { newSession.noteAnswered() }
    }

    /// The same event with other data.
    private static func event(_ event: Event, _ view: UnsafeRawBufferPointer, data: ByteBuffer) -> ByteBuffer {
        var out = ByteBuffer()
        out.writeBytes(view[Int(event.range.start)..<Int(event.data.start)])
        out.writeImmutableBuffer(data)
        out.writeBytes(view[Int(event.data.end)..<Int(event.range.end)])
        return out
    }

    // MARK: Held answers

    private func release(_ head: AnswerHead, _ body: ByteBuffer) {
        var body = body
        let scanned = body.withUnsafeReadableBytes { view -> ByteBuffer? in
            guard let message = try? MessageScanner.scanMessage(view, limits: ScanLimits()) else { return nil }
            noteRevision(message, view)
            return plan.mode == .tag ? tagged(message, view) : nil
        }
        if let scanned { body = scanned }
        begin(head, length: body.readableBytes)
        if body.readableBytes > 0 { send(body) }
        sink?.end()
        finish(status < 400 ? .ok : .instanceError)
    }

    private func noteRevision(_ message: Message, _ bytes: UnsafeRawBufferPointer) {
        guard plan.mode == .initialize, message.kind == .result, !message.protocolVersion.isAbsent else { return }
        let text = UnsafeRawBufferPointer(rebasing: bytes[message.protocolVersion.range])
        newSession?.revisionValue = Revision(bytes: text)?.rawValue
    }

    /// The message with a tag before each value that the client will echo, or nil when there is none.
    private func tagged(_ message: Message, _ bytes: UnsafeRawBufferPointer) -> ByteBuffer? {
        guard let instance else { return nil }
        var places: [Int] = []
        if message.kind == .result {
            for range in [message.resultRequestState, message.nextCursor, message.resultTaskId] where !range.isAbsent {
                places.append(Int(range.start))
            }
        } else if message.kind == .notification, !message.taskId.isAbsent {
            places.append(Int(message.taskId.start))
        }
        guard !places.isEmpty else { return nil }
        let tag = worker.makeTag(instance, plan.principal)
        var out = ByteBufferAllocator().buffer(capacity: bytes.count + places.count * tag.count)
        var copied = 0
        for place in places.sorted() {
            out.writeBytes(bytes[copied..<place])
            out.writeBytes(tag)
            copied = place
        }
        out.writeBytes(bytes[copied...])
        return out
    }

    // MARK: Sending

    func begin(_ head: AnswerHead, length: Int?) {
        guard let sink else { return }
        status = head.status
        sentHead = true
        let isEvents = head.content == .eventStream
        sink.begin(
            status: head.status,
            lines: answerLines { lines in
                lines.writeImmutableBuffer(head.lines)
                if plan.mode == .initialize, let newSession {
                    lines.writeHeader("Mcp-Session-Id", worker.token(for: newSession))
                }
                if isEvents {
                    lines.writeStaticString("Cache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n")
                }
            }, length: length)
        // Some balancers hold a head back until a byte of the body comes, and a GET stream may be quiet for long.
        if isEvents, isStream, plan.mode != .legacyStream { sink.write(Self.commentLine) }
        lastWrite = lastRead
    }

    func send(_ bytes: ByteBuffer) {
        guard let sink else { return }
        sentBytes += bytes.readableBytes
        if stalledSince != nil { sentWhileStalled += bytes.readableBytes }
        lastWrite = lastRead
        sink.write(bytes)
    }

    /// `lines` of an answer belong to its connection and change with its next answer.
    private func copyOf(_ head: AnswerHead) -> AnswerHead {
        var copy = head
        copy.lines = ByteBuffer(bytes: head.lines.readableBytesView)
        return copy
    }
}
