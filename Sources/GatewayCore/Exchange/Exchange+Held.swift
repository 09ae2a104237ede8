// Answers that are held until they are whole: JSON that needs a look, and the answer to `initialize`. What is large
// goes to the client in pieces, as fast as that takes them.
internal import MCPWire
internal import NIOCore
internal import TransportAPI

extension Exchange {
    func noteHeld(_ bytes: Int) {
        if bytes > HeldBudget.freeBytes || heldBytes > 0 { worker.heldBudget.note(self, bytes) }
    }

    func release(_ head: AnswerHead, _ body: ByteBuffer) {
        var body = body
        let scanned = body.withUnsafeReadableBytes { view -> ByteBuffer? in
            guard let message = try? MessageScanner.scanMessage(view, limits: .ofInstances) else { return nil }
            noteRevision(message, view)
            return tagged(message, view)
        }
        if let scanned { body = scanned }
        if plan.mode == .initialize, newSession != nil {
            let answer = HeldAnswer(head: head)
            answer.bytes = body
            answer.length = body.readableBytes
            answer.hasEnded = true
            held = answer
            return releaseHeld()
        }
        // A client that left is owed nothing more; what was held for it goes.
        guard sink != nil else { return finish(.clientLeft) }
        begin(head, length: body.readableBytes)
        guard body.readableBytes > HeldBudget.freeBytes else {
            if body.readableBytes > 0 { send(body) }
            sink?.end()
            return finish(status < 400 ? .ok : .instanceError)
        }
        phase = .delivering(body)
        worker.heldBudget.noteWhole(self)
        deliver()
    }

    /// Bytes of a held answer that are handed to the client's connection at once. They are copied, so that what waits
    /// there does not keep the whole answer.
    private static let pieceBytes = 64 * 1024

    /// Hands on what is held, as fast as the client takes it.
    func deliver() {
        // The client may leave, or take bytes again, within a call: the phase is what counts.
        guard !isDelivering else { return }
        isDelivering = true
        defer { isDelivering = false }
        while stalledSince == nil, sink != nil, case .delivering(var rest) = phase {
            guard let piece = rest.readSlice(length: min(Self.pieceBytes, rest.readableBytes)),
                piece.readableBytes > 0
            else {
                sink?.end()
                return finish(status < 400 ? .ok : .instanceError)
            }
            phase = .delivering(rest)
            heldMoved &+= piece.readableBytes
            send(ByteBuffer(bytes: piece.readableBytesView))
            sink?.flush()
        }
    }

    /// The message with a tag before each value that the client will echo, or nil when there is none.
    func tagged(_ message: Message, _ bytes: UnsafeRawBufferPointer) -> ByteBuffer? {
        guard plan.mode == .tag, let instance else { return nil }
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

    /// Keeps what comes before the answer to `initialize`, and the answer itself.
    func hold(_ bytes: ByteBuffer) {
        held?.bytes.writeImmutableBuffer(bytes)
        guard let size = held?.bytes.readableBytes, size > limits.heldResultBytes else { return }
        breakOff("The answer is larger than limits.result allows.")
    }

    /// The answer to `initialize` is there: its client may hear of its session.
    func releaseHeld() {
        guard let session = newSession, held?.isRecording == false else { return }
        guard worker.hasDirectory else { return sendHeld() }
        held?.isRecording = true
        pause(for: .record)
        let handshake = request.body.withUnsafeReadableBytes { view -> [UInt8] in
            guard let params = plan.message?.params, !params.isAbsent, Int(params.end) <= view.count else { return [] }
            return Array(view[params.range])
        }
        worker.record(session, handshake: handshake) { [self] in
            resume(from: .record)
            sendHeld()
        }
    }

    private func sendHeld() {
        guard let answer = held else { return }
        held = nil
        if heldBytes > 0 { worker.heldBudget.note(self, 0) }
        begin(answer.head, length: answer.length)
        send(answer.bytes)
        sink?.flush()
        guard answer.hasEnded else { return }
        sink?.end()
        finish(status < 400 ? .ok : .instanceError)
    }
}
