// What the caller says while an answer is under way.
internal import NIOCore
internal import TransportAPI

extension RelayAnswer {
    var gathered: Gathering? { if case .gathering(let gathering) = phase { gathering } else { nil } }

    var target: RelayTarget { RelayTarget(member: key.caller, loop: callerLoop) }

    /// What the sequence number of a frame means.
    enum Order { case next, repeated, gap }

    func order(of frame: RelayFrame) -> Order {
        let distance = frame.distance(from: expected)
        if distance > 0 { return .gap }
        if frame.type.isCounted {
            guard distance == 0 else { return .repeated }
            expected &+= 1
        }
        return .next
    }

    /// Adds a part of the body.
    /// - Returns: false when it is more than was announced, or after the whole.
    func add(_ part: ByteBuffer) -> Bool {
        guard case .gathering(var gathering) = phase else { return false }
        // So that the buffer is not shared while it grows.
        phase = .serving
        gathering.request.body.writeImmutableBuffer(part)
        phase = .gathering(gathering)
        return gathering.request.body.readableBytes <= gathering.bodyCount
    }

    /// Takes the request out once it is whole.
    func takeWhole() -> RelayRequest? {
        guard case .gathering(let gathering) = phase, gathering.request.body.readableBytes == gathering.bodyCount else {
            return nil
        }
        phase = .serving
        return gathering.request
    }

    /// The caller has consumed `count` bytes since the beginning. Never more than were written, never less than before.
    func acknowledge(_ count: UInt64) {
        acknowledged = max(acknowledged, min(Int(clamping: count), written))
        guard !isWritable, isOpen, queuedBytes < window / 2 else { return }
        isWritable = true
        observer?.callerIsWritable(true)
    }

    /// The caller is gone, and the observer hears it now.
    func leave() {
        guard isOpen else { return tellDeparture() }
        close()
        hasLeft = true
        host?.remove(self)
        tellDeparture()
    }

    /// What the caller says by a probe: what it has consumed, and how much it has sent.
    func heard(_ probe: RelayProbe, now: NIODeadline) {
        lastHeard = now
        if Int32(bitPattern: probe.sequence &- expected) > 0 { return breakOff() }
        acknowledge(probe.consumed)
    }

    /// A frame of the caller was lost or makes no sense.
    func breakOff() {
        end(for: TransportError(.interrupted, .notDelivered, "a part of the request was lost on its way"))
    }

    /// This side ends it, so both sides are told. A request that was not served is refused with `error`.
    func end(for error: TransportError) {
        guard isOpen else { return }
        if gathered != nil {
            refuse(error)
        } else {
            sendAbort()
            leave()
        }
    }

    private func tellDeparture() {
        guard hasLeft, let observer else { return }
        self.observer = nil
        observer.callerLeft()
    }

    func wasSetLate() {
        if hasLeft { host?.owe(self) } else { observer = nil }
    }
}
