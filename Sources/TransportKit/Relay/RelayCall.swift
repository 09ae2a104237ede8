// The caller's side of one exchange: what it has heard and when.
internal import NIOCore
internal import TransportAPI

/// An exchange that this desk has asked for, and the handle of whoever opened it.
final class RelayCall: ExchangeHandle {
    let exchange: UInt64
    /// Its loop is a wish until the request is accepted. The host maps it to one of its loops, always to the same.
    private(set) var target: RelayTarget
    /// Nil once it has ended or failed or was cancelled.
    var receiver: (any ExchangeReceiver)?
    weak var caller: RelayCaller?
    /// Of our next counted frame.
    var sequence: UInt32 = 0
    /// Of the host's next one.
    var expected: UInt32 = 0
    /// The host has said that it has got the request.
    private(set) var isAccepted = false
    /// The receiver is to be told that nothing of the request's body is held, which is so once the host was heard: the
    /// whole was handed to the bus before, and the bus bounds by itself what it has not sent.
    var owesRequestSent = false
    var hasBegun = false
    private(set) var isPaused = false
    /// The receiver has got something since it was last told that nothing more is there.
    var isTouched = false
    /// What the answer said of its body.
    var length: Int?
    /// Bytes that the receiver has got, and those of them that were acknowledged.
    var delivered = 0
    var granted = 0

    let opened: NIODeadline
    var lastHeard: NIODeadline
    var lastSent: NIODeadline
    /// Probes since the host was last heard.
    private(set) var unanswered = 0
    private var lastProbe: NIODeadline
    /// Frames may have been lost, so the first probe is repeated soon.
    private var isVerifying = false
    /// The one alarm that is meant.
    var alarm: NIODeadline?

    init(_ exchange: UInt64, at target: RelayTarget, for receiver: any ExchangeReceiver, now: NIODeadline) {
        self.exchange = exchange
        self.target = target
        self.receiver = receiver
        self.opened = now
        self.lastHeard = now
        self.lastSent = now
        self.lastProbe = now
    }

    var isOpen: Bool { receiver != nil }

    func accept(by loop: UInt8) {
        isAccepted = true
        target.loop = loop
        guard owesRequestSent else { return }
        owesRequestSent = false
        receiver?.requestSent()
    }

    func pause() { isPaused = true }

    func resume() {
        isPaused = false
        caller?.grant(self)
    }

    func cancel() { caller?.cancel(self) }

    // MARK: Time

    func heard(now: NIODeadline) {
        lastHeard = now
        unanswered = 0
        isVerifying = false
    }

    /// When this call has to be looked at again.
    func deadline(_ limits: RelayLimits) -> NIODeadline {
        if !isAccepted { return opened + limits.acceptTimeout }
        if unanswered == 0 { return min(lastHeard, lastSent) + limits.quietInterval }
        if isVerifying, unanswered == 1 { return lastProbe + min(limits.acceptTimeout, limits.quietInterval) }
        return lastProbe + limits.quietInterval
    }

    func probe(now: NIODeadline, isVerifying: Bool = false) -> RelayProbe {
        if isVerifying {
            self.isVerifying = true
            unanswered = 0
        }
        unanswered += 1
        lastProbe = now
        lastSent = now
        return state
    }

    /// What a probe says.
    var state: RelayProbe {
        if !isPaused { granted = delivered }
        return RelayProbe(
            exchange: exchange, sequence: sequence, consumed: UInt64(clamping: granted), hasLeft: false)
    }
}
