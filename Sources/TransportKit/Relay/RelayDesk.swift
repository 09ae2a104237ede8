// One event loop's place at the relay: exchanges between this member and others, in both directions.
public import NIOCore
public import TransportAPI

/// Relays requests between members over a bus: an event loop that cannot serve a request itself has it served by a
/// named member, or by another event loop of its own member.
///
/// Guarantees, whatever the bus loses, repeats, reorders or delays:
/// - A request is served at most once, and only when it has arrived whole.
/// - An answer arrives in order and without a gap, or the exchange fails.
/// - An exchange ends: answered, failed or cancelled, each exactly once, in bounded time on both sides.
/// - A failure says whether the request may have been served.
///
/// What is answered before the host's next tick costs two messages, the request and the answer. Otherwise one more says
/// at that tick that the request has arrived.
///
/// Belongs to one event loop; every call happens there, ``tick(now:)`` about every 250 ms. Its owner subscribes to the
/// member's inbox and hands envelopes to the desk that ``loop(of:loops:)`` names.
public final class RelayDesk {
    private let caller: RelayCaller
    private let host: RelayHost
    private let stepMax: TimeAmount
    private var lastTick: NIODeadline?
    private var time = NIODeadline.uptimeNanoseconds(0)

    /// - Parameters:
    ///   - own: this member, under whose name the bus publishes.
    ///   - loop: the index of this event loop.
    ///   - seed: for the numbers of exchanges; random in earnest.
    public init(bus: any MessageBus, own: MemberID, loop: UInt8, seed: UInt64, limits: RelayLimits = RelayLimits()) {
        let post = RelayPost(bus: bus, loop: loop)
        self.caller = RelayCaller(post, limits, seed: seed ^ own.incarnation)
        self.host = RelayHost(post, limits)
        self.stepMax = limits.stepMax
    }

    /// Who serves what others ask; not kept alive. Without one every request is refused.
    public var service: (any RelayService)? {
        get { host.service }
        set { host.service = newValue }
    }

    /// Exchanges that were opened here and have not ended.
    public var callCount: Int { caller.calls.count }
    /// Exchanges that others have opened here and that have not ended.
    public var hostedCount: Int { host.count }

    /// Has `request` served by `host`.
    ///
    /// Like ``UpstreamLane``'s `open`: the receiver hears of it only after this call has returned, except that it may
    /// fail at once. It is held until the exchange has ended or failed or was cancelled.
    /// - Returns: nil if it failed at once and ``ExchangeReceiver/exchangeFailed(_:)`` was called.
    public func open(
        _ request: RelayRequest, at host: MemberID, for receiver: any ExchangeReceiver
    ) -> (any ExchangeHandle)? {
        caller.open(request, at: host, for: receiver)
    }

    /// An envelope from the inbox. All but frames of a relay are ignored, garbled ones included.
    public func received(_ envelope: Envelope, from sender: MemberID) {
        var header = envelope.header
        guard let frame = RelayFrame(readFrom: &header) else { return }
        switch frame.kind {
        case .relayRequest: host.received(frame, header, envelope.body, from: sender)
        case .relayAnswer: caller.received(frame, header, envelope.body, from: sender)
        case .heartbeat, .goodbye, .note: break
        }
    }

    /// What was there has been handed over: receivers may flush.
    public func receivedAll() {
        host.receivedAll()
        caller.receivedAll()
    }

    /// The member is gone: its exchanges fail with `.interrupted` and `.unknown`, and what it asked for is let go.
    public func memberLeft(_ member: MemberID) {
        caller.memberLeft(member)
        host.memberLeft(member)
    }

    /// Nobody has heard the request that went out with this receipt: its exchange fails as not delivered.
    public func unheard(_ receipt: UInt64, by member: MemberID) { caller.unheard(receipt, by: member) }

    /// The inbox subscription broke: frames may have been lost. Asks the other side of every exchange where it stands.
    /// Call it when the new subscription is active, or the answers are lost too.
    public func interrupted() {
        caller.verify()
        host.verify()
    }

    public func tick(now: NIODeadline) {
        if let lastTick, now > lastTick { time = time + min(now - lastTick, stepMax) }
        lastTick = max(now, lastTick ?? now)
        host.tick(now: time)
        caller.tick(now: time)
    }

    /// Ends every exchange, tells the other sides, and refuses new ones.
    public func close() {
        host.close()
        caller.close()
    }

    /// Which of `loops` event loops of this member an envelope of a relay is for; nil if it is none.
    public static func loop(of envelope: Envelope, loops: Int) -> Int? {
        guard loops > 0, let kind = EnvelopeKind(of: envelope), kind == .relayRequest || kind == .relayAnswer,
            let loop = envelope.header.getInteger(at: envelope.header.readerIndex + 1, as: UInt8.self)
        else { return nil }
        return Int(loop) % loops
    }
}
