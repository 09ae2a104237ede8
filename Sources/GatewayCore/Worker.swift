// The node's part on one event loop: its lanes to the instances, its cache of opened session ids, its running
// exchanges, its counters. Everything here is touched on that loop only, so nothing locks.
internal import Logging
internal import MCPWire
public import NIOCore
internal import SealedBox
internal import Synchronization
internal import TransportAPI
internal import TransportKit

/// Serves the requests that arrive on one event loop.
///
/// `@unchecked Sendable` because it is confined to ``loop``: other threads may hold it, and hand it work with
/// `loop.execute` only.
public final class Worker: RequestService, @unchecked Sendable {
    /// How often deadlines are looked at. Every wait of the core is late by at most this much.
    static let tickInterval = TimeAmount.milliseconds(250)

    /// A relay whose other side is silent is found out before a client would lose patience. Probes of many exchanges go
    /// together, so that they cost little.
    private static func relayLimits(_ limits: Limits) -> RelayLimits {
        var relay = RelayLimits()
        relay.quietInterval = .seconds(2)
        // Whatever has come in by this node's own door fits; the request line and the names of ids are added.
        relay.headBytesMax = max(relay.headBytesMax, limits.headBytes + 1024)
        relay.bodyBytesMax = max(relay.bodyBytesMax, limits.bodyBytes)
        return relay
    }

    let gateway: Gateway
    public let loop: any EventLoop
    /// Place among the node's event loops.
    let index: UInt8
    let sealer: Sealer
    let lanes: [any UpstreamLane]
    var random: FastRandom
    var tokens: TokenCache
    var metrics: WorkerMetrics
    var accessLog: AccessLog?
    var retryBudget: RetryBudget
    var streams: StreamTable
    var questions = PendingRequests()
    /// What is served for other members and event loops, and by them. Nil: every event loop is on its own.
    let desk: RelayDesk?
    private var relayDoor: RelayDoor?
    /// Of envelopes of other members that were handed over and not yet looked at.
    let handedBytes = Atomic<Int>(0)
    /// Bytes of events that wait for the log.
    var unloggedBytes = 0
    /// Some were dropped, and this event loop has not seen to it yet.
    let hasLostHanded = Atomic<Bool>(false)
    /// Bounds of what clients send.
    let scanLimits: ScanLimits
    /// Bytes of a request's head as other members and event loops send it.
    let relayHeadBytes: Int
    /// Sessions are shared with other nodes.
    let hasDirectory: Bool
    /// The other members, by incarnation.
    var members: [UInt64: PresentMember] = [:] {
        didSet { if index == 0 { metrics.members = members.count } }
    }
    /// On the first event loop only.
    var door: ClusterDoor?
    /// Coarse: the time of the last tick.
    var nowSeconds: UInt32
    /// Coarse: the time of the last tick. Good enough for waits of seconds, and free.
    var now: NIODeadline
    /// Used again for each request's header lines.
    var requestLines = ByteBuffer()
    /// Used again for each answer's header lines.
    var answerLines = ByteBuffer()
    private var exchanges: [Exchange] = []
    private var exchangesBegun: UInt64 = 0
    private var ticks = 0
    private var health: [HealthChecker] = []
    private var checkedCallbacks: [() -> Void] = []
    /// What instances are being told by the gateway itself.
    private(set) lazy var ownMessages = OwnMessages(
        worker: self, messagesMax: gateway.parts.limits.ownMessages, atOnce: gateway.parts.limits.ownMessagesAtOnce)
    /// Exchanges on whose streams somebody has asked a question, by number.
    var askers: [UInt64: Exchange] = [:]
    /// Streams of 2024-11-05, by session.
    var legacyStreams: [SessionID: Exchange] = [:]
    /// Exchanges whose clients have left, by owner.
    var detached: [Owner: Int] = [:]
    /// Bytes of request bodies that may have to be sent again, or that their instances have not taken.
    var requestBytes = 0
    /// What is held whole of answers.
    let heldBudget: HeldBudget

    init(gateway: Gateway, loop: any EventLoop, index: UInt8) throws {
        self.gateway = gateway
        self.loop = loop
        self.index = index
        random = FastRandom(seed: gateway.parts.random())
        desk = gateway.parts.cluster.map {
            RelayDesk(
                bus: $0.bus, own: gateway.parts.member, loop: index, seed: gateway.parts.random(),
                limits: Self.relayLimits(gateway.parts.limits))
        }
        relayHeadBytes = Self.relayLimits(gateway.parts.limits).headBytesMax
        scanLimits = ScanLimits(
            depth: gateway.parts.limits.jsonDepth, numberBytes: gateway.parts.limits.jsonNumberBytes,
            batch: gateway.parts.limits.batchMessages)
        hasDirectory = gateway.parts.cluster?.directory != nil
        streams = StreamTable(
            loop: index, bytesMax: gateway.parts.limits.replayTotalBytes,
            liveBytesMax: gateway.parts.limits.replayLiveBytes)
        sealer = try Sealer(keys: gateway.parts.keys)
        lanes = gateway.parts.upstreams.map { $0.transport.makeLane(on: loop) }
        tokens = TokenCache(entriesMax: gateway.parts.limits.cachedTokens)
        metrics = WorkerMetrics(upstreams: gateway.parts.upstreams.count)
        accessLog = gateway.parts.accessLog.map { AccessLog(write: $0) }
        retryBudget = RetryBudget(percent: gateway.parts.limits.retryPercent)
        heldBudget = HeldBudget(bytesMax: gateway.parts.limits.heldTotalBytes)
        now = gateway.clock.now
        nowSeconds = gateway.clock.seconds(now)
        relayDoor = RelayDoor(worker: self)
        desk?.service = relayDoor
    }

    func start(isFirst: Bool) {
        loop.scheduleRepeatedTask(initialDelay: Self.tickInterval, delay: Self.tickInterval) { [weak self] task in
            guard let self else { return task.cancel() }
            self.tick()
        }
        guard isFirst else { return }
        health = gateway.parts.upstreams.map { HealthChecker(worker: self, upstream: $0) }
        for checker in health { checker.tick(now: now) }
    }

    // MARK: Exchanges

    func add(_ exchange: Exchange) {
        exchangesBegun &+= 1
        exchange.number = exchangesBegun
        exchange.slot = exchanges.count
        exchanges.append(exchange)
        metrics.exchanges += 1
    }

    func remove(_ exchange: Exchange) {
        guard exchange.slot < exchanges.count, exchanges[exchange.slot] === exchange else { return }
        let last = exchanges.removeLast()
        metrics.exchanges -= 1
        guard last !== exchange else { return }
        exchanges[exchange.slot] = last
        last.slot = exchange.slot
    }

    // MARK: Time

    /// - Parameter time: the clock's, unless a test knows better.
    func tick(at time: NIODeadline? = nil) {
        now = time ?? gateway.clock.now
        nowSeconds = gateway.clock.seconds(now)
        ticks &+= 1
        retryBudget.tick()
        for lane in lanes { lane.tick(now: now) }
        // A copy: an exchange that ends takes itself off the list.
        for exchange in exchanges { exchange.tick(now: now) }
        accessLog?.flush()
        streams.tick(now: now)
        desk?.tick(now: now)
        door?.tick(now: now)
        if questions.count > 0 { expireQuestions() }
        for checker in health { checker.tick(now: now) }
        ownMessages.tick(now: now)
        heldBudget.tick(now: now)
        if ticks % 40 == 0 {
            tokens.sweep()
            if questions.count > 0 { questions.removeEnded() }
            if !health.isEmpty { gateway.answered.sweep(now: gateway.clock.unixSeconds) }
        }
        if !health.isEmpty, ticks % 20 == 0 { reapSessions() }
    }

    /// Calls back once every instance was checked. On the first worker only.
    func whenChecked(_ body: @escaping () -> Void) {
        if health.allSatisfy(\.isChecked) { return body() }
        checkedCallbacks.append(body)
    }

    func noteChecked() {
        guard health.allSatisfy(\.isChecked) else { return }
        let callbacks = checkedCallbacks
        checkedCallbacks = []
        for callback in callbacks { callback() }
    }

    private func reapSessions() {
        let idle = UInt32(clamping: gateway.parts.waits.sessionIdle.nanoseconds / 1_000_000_000)
        for session in gateway.sessions.expired(now: nowSeconds, idle: max(idle, 1)) { retire(session) }
    }

    /// Tells an instance that a session is over, so that it can free what it holds and no node that has not heard of
    /// the end can use it. Nobody waits for the answer; what did not arrive is sent again.
    /// - Parameter credentials: the lines that the instance has accepted last in that session, where it is shown any.
    func endUpstream(
        _ upstream: UpstreamGroup, _ instance: Instance, _ sessionID: [UInt8], credentials: [UInt8] = [],
        attempts: Int = 3
    ) {
        guard !sessionID.isEmpty else { return }
        var lines = ByteBuffer(bytes: credentials)
        lines.writeHeader("Mcp-Session-Id", sessionID)
        sendOwn(ExchangeRequest(verb: .delete, lines: lines, body: nil), upstream, instance) { [weak self] result in
            // Refused: its process is gone, and the session with it.
            guard case .failure(let error) = result, error.code != .refused, attempts > 1 else { return }
            self?.endUpstreamLater(upstream, instance, sessionID, credentials: credentials, attempts: attempts - 1)
        }
    }

    func endUpstreamLater(
        _ upstream: UpstreamGroup, _ instance: Instance, _ sessionID: [UInt8], credentials: [UInt8], attempts: Int = 3
    ) {
        loop.assumeIsolated().scheduleTask(in: .seconds(1)) { [weak self] in
            self?.endUpstream(upstream, instance, sessionID, credentials: credentials, attempts: attempts)
        }
    }

    /// The same for a session that this node knows.
    func endUpstream(_ session: Session) {
        endUpstream(
            session.upstream, session.instance, session.upstreamSessionID, credentials: session.acceptedLines)
    }

    /// Sends something whose answer no client waits for.
    func sendOwn(
        _ request: ExchangeRequest, _ upstream: UpstreamGroup, _ instance: Instance,
        then: @escaping OwnMessages.Completion = { _ in }
    ) {
        if ownMessages.send(request, upstream, instance, then: then) { return }
        metrics.ownDropped &+= 1
        gateway.parts.logger.error(
            "messages of the gateway's own to instances are dropped: too many wait already",
            metadata: ["upstream": "\(upstream.name)", "instance": "\(instance.name)"])
    }

    // MARK: Drain

    /// Ends every stream that waits for nothing in particular, and breaks off nothing else.
    func endStreams() { for exchange in exchanges { exchange.drain() } }

    /// Ends what still runs, each call with an explicit error.
    func endCalls() { for exchange in exchanges { exchange.endByDrain() } }

    /// What a drain waits for: exchanges whose clients still wait, and, where others serve the same sessions, calls
    /// whose clients can come back for the result, and streams that are on their way into the log.
    var awaitedCount: Int {
        let attached = metrics.exchanges - metrics.detached
        guard hasDirectory else { return attached }
        let calls = metrics.detached == 0
            ? 0 : exchanges.count { $0.isDetached && $0.stream != nil && $0.plan.isCall }
        return attached + calls + (log == nil ? 0 : streams.finishing)
    }

    /// Closes what is idle towards the instances and writes the last access lines. The worker serves no more.
    func close() {
        door?.leave()
        desk?.close()
        for lane in lanes { lane.close() }
        accessLog?.flush()
    }
}
