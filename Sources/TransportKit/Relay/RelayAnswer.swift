// The host's side of one exchange: the request while it arrives, then the answer while it goes out.
public import NIOCore
public import TransportAPI

/// Takes the answer to one relayed request. Used on its desk's event loop only.
///
/// What is called after the end, or after the caller has left, has no effect.
public final class RelayAnswer {
    /// What has come of a request that is not whole.
    struct Gathering {
        var request: RelayRequest
        var bodyCount: Int
        var deadline: NIODeadline
    }

    enum Phase {
        /// The request arrives.
        case gathering(Gathering)
        /// The service has it.
        case serving
        case answering
        /// Ended, refused or broken off, by either side.
        case over
    }

    /// The beginning of an answer that was not sent yet.
    private struct Head {
        var status: Int
        var lines: ByteBuffer
        var length: Int?
    }

    /// Hears of the caller. Hears nothing after ``end()``, ``abort()`` or ``refuse(_:)``, and is let go then.
    /// Set too late, it still hears that the caller has left, at the next tick.
    public var observer: (any RelayObserver)? {
        didSet { if observer != nil, !isOpen { wasSetLate() } }
    }

    let key: RelayKey
    let callerLoop: UInt8
    let window: Int
    private(set) weak var host: RelayHost?
    var phase: Phase
    /// Of the caller's frames.
    var expected: UInt32 = 1
    /// Of ours.
    private(set) var sequence: UInt32 = 0
    private var head: Head?
    private var pending: [ByteBuffer] = []
    private(set) var written = 0
    var acknowledged = 0
    var isWritable = true
    var hasLeft = false
    var lastHeard: NIODeadline

    init(_ key: RelayKey, opening: RelayOpening, gathering: Gathering, host: RelayHost, now: NIODeadline) {
        self.key = key
        self.callerLoop = opening.callerLoop
        self.window = RelayLimits.clampedWindow(Int(opening.window))
        self.phase = .gathering(gathering)
        self.host = host
        self.lastHeard = now
    }

    // MARK: The answer

    /// Bytes of the body that were written and that the caller has not acknowledged. It acknowledges when it has
    /// consumed half a window, so up to that much may stay.
    public var queuedBytes: Int { written - acknowledged }

    /// False once it has ended, was refused or broken off, or the caller has left.
    public var isOpen: Bool { if case .over = phase { false } else { true } }

    /// The caller was told nothing yet, not even that its request has arrived.
    var isUnaccepted: Bool { isOpen && sequence == 0 }

    /// Begins the answer. `lines` are `name: value CR LF` each, without framing. A nil length is a stream.
    public func begin(status: Int, lines: ByteBuffer, length: Int?) {
        guard case .serving = phase else { return }
        phase = .answering
        head = Head(status: status, lines: lines, length: length)
    }

    /// Adds to the body. Nothing is sent before ``flush()`` or ``end()``. What is written beyond the window is sent all
    /// the same; whoever writes watches ``queuedBytes``.
    public func write(_ bytes: ByteBuffer) {
        guard case .answering = phase, bytes.readableBytes > 0 else { return }
        written += bytes.readableBytes
        pending.append(bytes)
    }

    /// Hands everything that was written to the bus.
    public func flush() {
        guard case .answering = phase, head != nil || !pending.isEmpty else { return }
        publish(isLast: false)
        guard isWritable, isOpen, queuedBytes > window else { return }
        isWritable = false
        observer?.callerIsWritable(false)
    }

    /// Completes the answer and flushes. Before ``begin(status:lines:length:)`` it is ``abort()``.
    public func end() {
        guard case .answering = phase else { return abort() }
        publish(isLast: true)
        finish()
    }

    /// Breaks the answer off: the caller's exchange fails. What was written and not flushed is dropped.
    public func abort() {
        sendAbort()
        finish()
    }

    /// Says that nothing was done: the caller's exchange fails with this error, its delivery included. After
    /// ``begin(status:lines:length:)`` it is ``abort()``.
    public func refuse(_ error: TransportError) {
        switch phase {
        case .answering: return abort()
        case .gathering, .serving, .over: sendRefusal(error)
        }
        finish()
    }

    /// Over, because this side says so: the observer has nothing to hear any more, be it that the caller had left.
    private func finish() {
        if isOpen {
            close()
            host?.remove(self)
        }
        hasLeft = false
        observer = nil
    }

    func close() {
        if case .gathering(let gathering) = phase { host?.forget(gathering) }
        phase = .over
        head = nil
        pending.removeAll()
    }
}

// MARK: Frames to the caller
extension RelayAnswer {
    /// It stays unaccepted with a full queue, or while there is no way to the caller.
    func sendAccept() {
        guard let host else { return }
        var header = header(.accept, extra: 1)
        header.writeInteger(host.post.loop)
        send(header, maySendLater: true)
    }

    func sendAbort() { send(header(.abort)) }

    private func sendRefusal(_ error: TransportError) {
        guard let host else { return }
        let bytesMax = host.limits.messageBytesMax
        var header = header(.refusal, extra: 2 + bytesMax)
        RelayRefusal.write(error, messageBytesMax: bytesMax, to: &header)
        send(header)
    }

    /// Sends the head, if it has not gone, and all that is pending, in parts that fit.
    private func publish(isLast: Bool) {
        guard let host else { return }
        var parts = RelayParts(pending, bytesMax: host.partBytesMax)
        pending.removeAll()
        if let head {
            self.head = nil
            guard head.lines.readableBytes <= host.limits.linesBytesMax else {
                sendAbort()
                return fail()
            }
            let part = parts.next() ?? ByteBuffer()
            var header = header(.head, extra: RelayAnswerFields.headFixed + head.lines.readableBytes)
            RelayAnswerFields.write(
                RelayAnswerFields.Head(
                    isLast: isLast && parts.isEmpty, status: head.status, length: head.length, loop: host.post.loop,
                    lines: head.lines),
                to: &header)
            if !send(header, part) || isLast && parts.isEmpty { return }
        }
        repeat {
            guard let part = parts.next() ?? (isLast ? ByteBuffer() : nil) else { return }
            var header = header(.bytes, extra: 1)
            RelayAnswerFields.writeFlags(isLast: isLast && parts.isEmpty, to: &header)
            guard send(header, part) else { return }
        } while !parts.isEmpty
    }

    private func header(_ type: RelayFrame.FrameType, extra: Int = 0) -> ByteBuffer {
        RelayFrame(
            kind: .relayAnswer, loop: callerLoop, exchange: key.exchange, sequence: sequence, type: type
        ).header(extra: extra)
    }

    /// Sends a counted frame. If that cannot be done, the exchange is over.
    /// - Parameter maySendLater: not if it can be sent again.
    @discardableResult
    private func send(_ header: ByteBuffer, _ body: ByteBuffer = ByteBuffer(), maySendLater: Bool = false) -> Bool {
        guard let host, isOpen else { return false }
        do throws(TransportError) {
            try host.post.send(header, body, to: key.caller)
            sequence &+= 1
            return true
        } catch {
            if !maySendLater || !error.mayPass { fail() }
            return false
        }
    }

    /// The caller cannot get the answer. The service may be in the midst of a call to us, so it hears of it later.
    private func fail() {
        guard isOpen, let host else { return }
        close()
        hasLeft = true
        host.remove(self)
        host.owe(self)
    }
}
