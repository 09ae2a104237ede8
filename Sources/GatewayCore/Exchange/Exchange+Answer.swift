// What comes back from the instance: passed on as it is, relayed event by event, or held (`+Held`) until it is whole.
internal import MCPWire
internal import NIOCore
internal import TransportAPI

extension Exchange {
    func answerBegan(_ head: AnswerHead) {
        lastRead = worker.now
        if countedBody > 0 { letGoOfBody(hasHead: true) }
        if isHosted { return hostAnswered(head) }
        if case .reopening = phase { return reopened(head) }
        status = head.status
        instance?.noteAnswer(plan.upstream.options.health, isCheck: false)
        if head.status == 404, let session = plan.session, !isStream, worker.speaksForOwner(request, session) {
            worker.noteGone(session)
        }
        if (300..<400).contains(head.status), sink != nil, plan.mode != .deletion { return refuseRedirect() }
        if head.status == 409, isStream, conflicts < limits.streamConflicts { return waitOutConflict() }
        // There is no such route, which says nothing of the session: it has no stream (mcp-wire, GET).
        if head.status == 404, isStream, plan.mode == .pass, sink != nil { return refuseStream() }
        if showsCredentials { noteAccepted(head.status) }
        if sink == nil, isStream || plan.session != nil && plan.isCall && head.isEventStream {
            return goOnUnheard(head)
        }
        if plan.mode == .deletion || sink == nil {
            // The client left before its session began: nobody will ever use it.
            if plan.mode == .initialize, let id = head.sessionID, let instance {
                worker.endUpstream(plan.upstream, instance, id, credentials: ownCredentials)
            }
            return phase = .passing
        }
        if plan.mode == .initialize, head.status < 300, let id = head.sessionID {
            guard beginSession(id) else { return }
            if showsCredentials { noteAccepted(head.status) }
        }
        // Nobody can join, or come back to, what is no stream.
        if isStream, !head.isEventStream { leaveStream() }
        if head.content == .eventStream {
            phase = .relaying(EventRelay(eventBytesMax: limits.eventBytes))
            switch plan.mode {
            // The 2024-11-05 head waits for its first event: a stream without an endpoint is a failure, not a 200.
            case .legacyStream where head.status == 200: break
            // Its session id says what was negotiated, which only the result tells.
            case .initialize where newSession != nil: held = HeldAnswer(head: copyOf(head))
            default:
                if head.status == 200, plan.isCall { nameStream() }
                if head.status == 200, isStream { claimStream() }
                begin(head, length: nil)
            }
            return
        }
        if head.content == .json, plan.mode == .tag || plan.mode == .initialize || plan.isPart {
            return phase = .holding(copyOf(head), ByteBuffer())
        }
        phase = .passing
        begin(head, length: head.length)
    }

    /// The client left before the head came. A GET stream is kept for its return; a call's is read, since its server
    /// may ask something on it.
    private func goOnUnheard(_ head: AnswerHead) {
        guard head.isEventStream else {
            handle?.cancel()
            return finish(.clientLeft)
        }
        sentHead = true
        phase = .relaying(EventRelay(eventBytesMax: limits.eventBytes))
        if announcesLists { announceLists() }
    }

    @inline(__always)
    private var showsCredentials: Bool { plan.upstream.showsCredentials || request.forwarded?.showsCredentials == true }

    /// What the instance accepts a call or a stream with counts as the session's own credentials from now on.
    private func noteAccepted(_ status: Int) {
        guard (200..<300).contains(status), plan.isCall || isStream, !plan.isCheck,
            let session = plan.session ?? newSession
        else { return }
        session.accept(worker.credentials(of: request, plan.upstream), began: began)
    }

    /// A client that only listens would never hear of its session's end, so the instance is asked for it.
    private func refuseStream() {
        handle?.cancel()
        handle = nil
        guard let session = plan.session else { return refuse(.noStreamThere, .instanceError) }
        CredentialCheck(worker, request, plan.upstream, session).start { [self] _ in
            guard case .awaitingHead = phase else { return }
            if session.hasEnded { refuse(.sessionNotFound, .refused) } else { refuse(.noStreamThere, .instanceError) }
        }
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
        retryAt = worker.now + .milliseconds(200)
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
            if case .passing = phase {
                phase = .relaying(relay)
                if relay.hasTail || heldBytes > 0 || held != nil {
                    noteHeld(relay.tailBytes + (held?.bytes.readableBytes ?? 0))
                }
            }
            if held != nil, hasResponse { releaseHeld() }
            if case .failure(let error) = result { breakOff("The instance's event stream is refused: \(error).") }
        case .holding(let head, var body):
            phase = .passing
            body.writeImmutableBuffer(bytes)
            phase = .holding(head, body)
            noteHeld(body.readableBytes)
            guard body.readableBytes <= limits.heldResultBytes else {
                handle?.cancel()
                return fail(.overloaded, "The answer is larger than limits.result allows.")
            }
        case .awaitingHead, .reopening, .delivering, .done:
            break
        }
    }

    func answerPaused() {
        if owesPriming { prime() }
        sink?.flush()
    }

    /// Gives the client an id at once (2025-11-25, Streamable HTTP, Sending Messages to the Server, 6).
    func prime() {
        owesPriming = false
        guard let sink, let stream else { return }
        var first = ByteBufferAllocator().buffer(capacity: 160)
        stream.writePriming(to: &first)
        sink.write(first)
    }

    func answerEnded() {
        handle = nil
        switch phase {
        case .holding(let head, let body):
            release(head, body)
        case .relaying where held != nil && hasResponse:
            held?.hasEnded = true
        case .relaying where (expectsMore || isStream && !hasResponse) && reopen():
            break
        case .relaying where expectsMore || held != nil:
            breakOff("The instance ended its stream before it answered.")
        case .relaying where sentBytes == 0 && plan.mode == .legacyStream:
            refuse(Refusal(502, .internalError, "The instance opened no stream."), .unavailable)
        default:
            if plan.mode == .deletion { return answerDeletion() }
            sink?.end()
            finish(isDetached ? .clientLeft : status < 400 ? .ok : .instanceError)
        }
    }

    /// The stream of a call has ended without its response, and nobody else keeps it for the client.
    private var expectsMore: Bool {
        plan.isCall && status < 300 && !hasResponse && (stream != nil || !hasEventID && sink != nil)
    }

    func answerDeletion() {
        status = 200
        sink?.begin(status: 200, lines: answerLines { _ in }, length: 0)
        sink?.end()
        finish(.ok)
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
                if beginsSession { lines.writeBytes(worker.gateway.parts.affinityLines) }
                if isEvents {
                    lines.writeStaticString("Cache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n")
                }
            }, length: length)
        if isEvents { beginEvents(sink) }
        lastWrite = lastRead
    }

    /// As far as this node can see: an attachment answers for itself.
    var beginsSession: Bool { status == 200 && (plan.mode == .initialize || plan.mode == .legacyStream) }

    private func beginEvents(_ sink: any ResponseSink) {
        if let stream, stream.session.revision.primesStreams {
            owesPriming = true
        } else if isStream, plan.mode != .legacyStream {
            // Some balancers hold a head back until a byte of the body comes, and a GET stream may be quiet for long.
            sink.write(Self.commentLine)
        }
        if announcesLists { announceLists() }
    }

    func send(_ bytes: ByteBuffer) {
        if held != nil { return hold(bytes) }
        guard let sink else { return }
        sentBytes += bytes.readableBytes
        if stalledSince != nil { sentWhileStalled += bytes.readableBytes }
        lastWrite = lastRead
        if isHostedStream { isBetweenEvents = Self.endsEvent(bytes) }
        sink.write(bytes)
    }

    /// The bytes end in a blank line.
    private static func endsEvent(_ bytes: ByteBuffer) -> Bool {
        let end = bytes.readableBytesView.suffix(3)
        return end.suffix(2).elementsEqual([0x0A, 0x0A]) || end.elementsEqual([0x0A, 0x0D, 0x0A])
    }

    /// `lines` of an answer belong to its connection and change with its next answer.
    private func copyOf(_ head: AnswerHead) -> AnswerHead {
        var copy = head
        copy.lines = ByteBuffer(bytes: head.lines.readableBytesView)
        return copy
    }
}

extension AnswerHead {
    /// What a stream of messages begins with.
    fileprivate var isEventStream: Bool { status == 200 && content == .eventStream }
}
