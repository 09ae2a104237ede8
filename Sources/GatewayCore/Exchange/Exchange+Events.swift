// What becomes of each event of an instance on its way to the client: looked at once, numbered where the stream can be
// resumed, changed only where an id or a tag must be.
internal import MCPWire
internal import NIOCore

extension Exchange {
    /// What a message needs.
    enum Change {
        case keep
        /// Other data, on one line.
        case data(ByteBuffer)
        /// The client does not get it.
        case drop
    }

    func feed(_ relay: inout EventRelay, _ bytes: ByteBuffer) -> Result<Void, EventScanError> {
        Result { () throws(EventScanError) in
            try relay.feed(bytes) { event, view in
                inspect(event, view)
            } send: { part in
                send(part)
            }
        }
    }

    private func inspect(_ event: Event, _ view: UnsafeRawBufferPointer) -> EventRelay.Verdict {
        if plan.mode == .legacyStream {
            if newSession == nil { return beginLegacyStream(event, view) }
            // The client would take its path, and show its credentials to whoever is there.
            if Self.isEndpoint(event, view) { return .drop }
        }
        if event.hasID { noteUpstreamID(event, view) }
        let hidesID = stream != nil || hidesIDs
        guard event.dataLines > 0 else { return !hidesID || event.isEmpty ? .pass : .drop }
        // What only primes the gateway's own reading of the instance: the client has ids of its own, or none.
        if hidesID, event.dataLines == 1, event.data.count == 0 { return .drop }
        reconnects = 0
        let change = EventRelay.withMessage(event, view) { data, message in self.look(at: message, data) }
        switch change ?? EventRelay.withData(event, view, unreadable) {
        case .drop: return .drop
        case .keep:
            if stream != nil { return .replace(numbered(event, view, data: nil)) }
            return hidesID && event.hasID ? .replace(Self.withoutID(event, view)) : .pass
        case .data(let data):
            if stream != nil { return .replace(numbered(event, view, data: data)) }
            return .replace(
                hidesID && event.hasID
                    ? Self.withoutID(event, view, data: data) : Self.event(event, view, data: data))
        }
    }

    private func look(at message: Message, _ data: UnsafeRawBufferPointer) -> Change {
        switch message.kind {
        case .result, .error:
            noteResponse(message, data)
            return tagged(message, data).map { .data($0) } ?? .keep
        case .request:
            return question(message, data)
        case .notification:
            if message.knownMethod == .cancelled { return cancellation(message, data) }
            return tagged(message, data).map { .data($0) } ?? .keep
        }
    }

    /// What is nested too deep to be read, or is no message at all, goes on as it is: whoever it is for may read it.
    /// But a question cannot be answered under an id that is not the gateway's.
    private func unreadable(_ data: UnsafeRawBufferPointer) -> Change {
        if let messages = Self.batch(data) { return lookAtBatch(messages, data) }
        worker.metrics.unreadableEvents &+= 1
        guard let outline = MessageOutline(data) else { return .keep }
        let id = data[outline.id.range]
        switch outline.kind {
        case .result, .error:
            noteAnswer(UnsafeRawBufferPointer(rebasing: id))
            return .keep
        case .notification: return .keep
        case .request:
            guard let session = plan.session ?? newSession else { return .keep }
            if !id.isEmpty {
                worker.tell(
                    session, Array(id), error: "A gateway on the way cannot read this request: it is nested too deep.",
                    dataJSON: #"{"reason":"unreadable"}"#, ownCredentials)
            }
            return .drop
        }
    }

    /// Servers of 2025-03-26 may put several messages into one event (Streamable HTTP, Sending Messages).
    private static func batch(_ data: UnsafeRawBufferPointer) -> [Message]? {
        guard data.first == UInt8(ascii: "["),
            case .batch(let messages)? = try? MessageScanner.scan(data, limits: .ofInstances)
        else { return nil }
        return messages
    }

    /// Its answers count; its questions, which would need an id of the gateway's own each, are refused and left out.
    private func lookAtBatch(_ messages: [Message], _ data: UnsafeRawBufferPointer) -> Change {
        var kept: [Message] = []
        for message in messages {
            let id = UnsafeRawBufferPointer(rebasing: data[message.id.range])
            guard message.kind == .request, let session = plan.session ?? newSession else {
                if message.kind != .notification { noteAnswer(id) }
                kept.append(message)
                continue
            }
            worker.tell(
                session, Array(id), error: "A gateway on the way passes no requests on that stand in an array.",
                dataJSON: #"{"reason":"unreadable"}"#, ownCredentials)
        }
        guard kept.count < messages.count else { return .keep }
        guard !kept.isEmpty else { return .drop }
        var out = ByteBuffer(string: "[")
        for (place, message) in kept.enumerated() {
            if place > 0 { out.writeStaticString(",") }
            out.writeBytes(data[message.range.range])
        }
        out.writeStaticString("]")
        return .data(out)
    }

    /// An answer has come. It is the response only if it answers this request: else the client still waits.
    private func noteAnswer(_ id: UnsafeRawBufferPointer) {
        if plan.mode == .legacyStream, let newSession { newSession.noteAnswered() }
        guard let own = plan.message?.id, !own.isAbsent, !hasResponse else { return }
        hasResponse = request.body.withUnsafeReadableBytes { body in
            Int(own.end) <= body.count
                && RequestID.areEqual(UnsafeRawBufferPointer(rebasing: body[own.range]), id)
        }
    }

    private func noteResponse(_ message: Message, _ data: UnsafeRawBufferPointer) {
        noteAnswer(UnsafeRawBufferPointer(rebasing: data[message.id.range]))
        if hasResponse { noteRevision(message, data) }
    }

    func noteRevision(_ message: Message, _ bytes: UnsafeRawBufferPointer) {
        guard plan.mode == .initialize, message.kind == .result, let newSession else { return }
        if !message.protocolVersion.isAbsent {
            let text = UnsafeRawBufferPointer(rebasing: bytes[message.protocolVersion.range])
            newSession.revisionValue = Revision(bytes: text)?.rawValue
        }
        let result = UnsafeRawBufferPointer(rebasing: bytes[message.result.range])
        newSession.listKinds = ListKinds(initializeResult: result)
    }

    /// The session's client may resume with the gateway's ids only, so it gets no others: not with the answer to
    /// `initialize`, nor in a batch.
    private var hidesIDs: Bool {
        plan.upstream.options.isResumable && plan.mode != .legacyStream && (plan.session ?? newSession) != nil
    }

    private func noteUpstreamID(_ event: Event, _ view: UnsafeRawBufferPointer) {
        hasEventID = !hidesIDs
        guard stream != nil else { return }
        // An older id in place of one that is too long would bring events a second time.
        upstreamEventID = event.id.count <= Self.upstreamEventIDBytesMax ? Array(view[event.id.range]) : []
    }

    /// Bytes of an instance's own event id. Beyond: it is not used to resume.
    private static let upstreamEventIDBytesMax = 1024

    // MARK: Numbering

    /// The event with an id of ours, kept for a client that comes back.
    private func numbered(_ event: Event, _ view: UnsafeRawBufferPointer, data: ByteBuffer?) -> ByteBuffer {
        guard let stream else { return ByteBuffer() }
        let range = event.range.range
        let isPrimed = owesPriming && sink != nil
        if isPrimed { owesPriming = false }
        let size = range.count + (data?.readableBytes ?? 0)
        let out = add(to: stream, capacity: size, isPrimed: isPrimed) { out in
            if data == nil, !event.hasID, event.retry.isAbsent {
                out.writeBytes(UnsafeRawBufferPointer(rebasing: view[range]))
            } else if let data {
                data.withUnsafeReadableBytes { data in
                    event.forEachLine(in: view, data: data) { _ = out.writeBytes($0) }
                }
            } else {
                event.forEachLine(in: view, data: nil) { _ = out.writeBytes($0) }
            }
        }
        if sink != nil { stream.handedOver = stream.ring.next &- 1 }
        return out
    }

    private func add(
        to stream: HostedStream, capacity: Int, isPrimed: Bool = false, _ fill: (inout ByteBuffer) -> Void
    ) -> ByteBuffer {
        let before = stream.bytes
        let event = stream.add(limits, capacity: capacity, isPrimed: isPrimed, fill)
        worker.streams.noteKept(by: stream, before: before)
        return event
    }

    /// A message of the gateway's own on this stream, numbered like the others where they are.
    func say(_ json: String) { say(Array(json.utf8)) }

    func say(_ json: [UInt8]) {
        guard let stream else {
            send(ByteBuffer(bytes: EventWriter.message(json)))
            sink?.flush()
            return
        }
        if owesPriming { prime() }
        let event = add(to: stream, capacity: json.count + 32) { out in
            out.writeStaticString("event: message\ndata: ")
            out.writeBytes(json)
            out.writeStaticString("\n\n")
        }
        if sink != nil { stream.handedOver = stream.ring.next &- 1 }
        send(event)
        sink?.flush()
    }

    private static func withoutID(
        _ event: Event, _ view: UnsafeRawBufferPointer, data: ByteBuffer? = nil
    ) -> ByteBuffer {
        var out = ByteBufferAllocator().buffer(capacity: event.range.count + (data?.readableBytes ?? 0))
        guard let data else {
            event.forEachLine(in: view, data: nil) { _ = out.writeBytes($0) }
            return out
        }
        data.withUnsafeReadableBytes { data in event.forEachLine(in: view, data: data) { _ = out.writeBytes($0) } }
        return out
    }

    /// The same event with other data.
    private static func event(_ event: Event, _ view: UnsafeRawBufferPointer, data: ByteBuffer) -> ByteBuffer {
        var out = ByteBuffer()
        guard event.dataLines == 1 else {
            data.withUnsafeReadableBytes { data in event.forEachLine(in: view, data: data) { _ = out.writeBytes($0) } }
            return out
        }
        out.writeBytes(view[Int(event.range.start)..<Int(event.data.start)])
        out.writeImmutableBuffer(data)
        out.writeBytes(view[Int(event.data.end)..<Int(event.range.end)])
        return out
    }
}
