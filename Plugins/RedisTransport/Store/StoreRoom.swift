// What directory and log own on the transport's loop: a connection of their own, so that no flood of messages stands
// before them, and the calls that are under way.
#if Redis
internal import Logging
internal import NIOCore
internal import TransportAPI
internal import TransportKit

final class StoreRoom {
    /// So long after a break calls wait for the next connection. Later they fail at once.
    private static let patience = TimeAmount.milliseconds(750)

    /// How often late calls are looked for, and how much earlier than its time a call ends.
    static let tickEvery = TimeAmount.milliseconds(100)

    let options: RedisOptions
    private let loop: any EventLoop
    private let logger: Logger
    private var link: RedisLink?
    /// Nil until the server has said who it is and has the scripts.
    private var channel: RedisChannel?
    private var digests: [RedisScript: String] = [:]
    private(set) var facts = ServerFacts("")
    private var keys = RedisKeys(prefix: "", run: nil)
    /// For a connection.
    private var waiting: [StoreCall] = []
    /// In the order in which they came; those that are over go when they are the first.
    private var running = CircularBuffer<StoreCall>()
    private var ticking: RepeatedTask?
    private var isWaitingAllowed = false
    private var breaks = 0
    private var isClosed = false
    private var started: ((TransportError?) -> Void)?

    init(_ dial: RedisDial, on loop: any EventLoop, name: String, _ logger: Logger) {
        options = dial.options
        self.loop = loop
        self.logger = logger
        link = RedisLink(dial, on: loop, roles: ["patchbay-\(name)-store"], logger: logger) { [weak self] event in
            switch event {
            case .connected(let channels): if let channel = channels.first { self?.meet(channel) }
            case .disconnected: self?.broke()
            }
        }
    }

    // MARK: Life

    /// - Parameter started: called once: with nil when records and logs can be kept, or with why not.
    func start(_ started: @escaping (TransportError?) -> Void) {
        self.started = started
        isWaitingAllowed = true
        let bound = NIOLoopBound(self, eventLoop: loop)
        ticking = loop.scheduleRepeatedTask(initialDelay: Self.tickEvery, delay: Self.tickEvery) { _ in
            bound.value.tick()
        }
        link?.start { [weak self] problem in
            if let problem { self?.tellStart(TransportError(.unreachable, .notDelivered, problem)) }
        }
        loop.assumeIsolated().scheduleTask(in: options.startWithin + options.callTimeout) { [weak self] in
            self?.tellStart(TransportError(.timedOut, .unknown, "it did not answer in time"))
        }
    }

    private func tellStart(_ error: TransportError?) { started.take()?(error) }

    func close(_ error: TransportError = OutgoingQueue.closed) {
        isClosed = true
        ticking?.cancel()
        channel = nil
        // What has left may have been done.
        for call in running where call.isSent {
            call.fail(.interrupted, .unknown, "the transport was closed meanwhile")
        }
        link?.close(error)
        tellStart(error)
        endWaiting(error)
    }

    private func broke() {
        channel = nil
        isWaitingAllowed = true
        breaks += 1
        let number = breaks
        loop.assumeIsolated().scheduleTask(in: Self.patience) { [weak self] in
            guard let self, channel == nil, number == breaks else { return }
            isWaitingAllowed = false
            endWaiting(Self.unreachable)
        }
    }

    private static let unreachable = TransportError(
        .unreachable, .notDelivered, "there is no connection to the Redis server")

    private func endWaiting(_ error: TransportError) {
        let waiting = waiting
        self.waiting = []
        for call in waiting { call.fail(error.code, error.delivery, error.message) }
    }

    // MARK: Meeting the server

    private func meet(_ channel: RedisChannel) {
        let facts = channel.facts
        guard isSuitable(facts) else { return }
        var digests: [RedisScript: String] = [:]
        for script in RedisScript.allCases {
            // Without this right, scripts travel whole.
            channel.send(RESPCommand("SCRIPT", "LOAD", with: [script.rawValue])) { result in
                if case .success(.bytes(let digest)) = result { digests[script] = String(buffer: digest) }
            }
        }
        channel.send(StoreRequests.meet(facts, options).command(digest: nil)) { [weak self, weak channel] result in
            guard let self, let channel, channel.isOpen, !isClosed, name(facts, result, channel) else { return }
            self.facts = facts
            self.digests = digests
            self.channel = channel
            link?.worked()
            if started != nil { StoreProbe.run(on: channel, keys, options) { [weak self] in self?.tellStart($0) } }
            let waiting = waiting
            self.waiting = []
            for call in waiting { run(call) }
        }
        channel.flush()
    }

    /// Whether the server may be used, with a word to the operator.
    private func isSuitable(_ facts: ServerFacts) -> Bool {
        guard let doubt = facts.doubt else {
            logger.info("Redis: what the server acknowledges outlives its process; with power, up to a second is lost")
            return true
        }
        if options.acceptsVolatile {
            logger.warning("Redis: what the server acknowledges may be lost (accept_volatile): \(doubt)")
            return true
        }
        let problem = "\(doubt) at the server, or say accept_volatile: true here if sessions and streams may be lost"
        logger.error("Redis: the server at \(options.place) may lose what it acknowledges: \(problem)")
        guard started != nil else { return true }
        tellStart(TransportError(.unreachable, .notDelivered, problem))
        return false
    }

    /// Learns how keys are called.
    private func name(
        _ facts: ServerFacts, _ result: Result<RESPValue, TransportError>, _ channel: RedisChannel
    ) -> Bool {
        switch result {
        case .success(let value) where value.text == "run":
            keys = RedisKeys(prefix: options.prefix, run: facts.runID)
        case .success(let value) where value.text == "plain": keys = RedisKeys(prefix: options.prefix, run: nil)
        case .success(.error(let text)):
            let error = RedisFailure.error(text, "cannot write \(RedisKeys(prefix: options.prefix, run: nil).cluster)")
            // A server that is full, or cannot write to its disk, still reads, if it is the same run of it.
            if facts.runID == self.facts.runID { return true }
            tellStart(error)
            channel.close(error)
            return false
        case .success, .failure: return false
        }
        return true
    }

    // MARK: Calls

    func submit(_ call: StoreCall) {
        if isClosed { return call.end(.failure(OutgoingQueue.closed)) }
        while let first = running.first, first.isOver { running.removeFirst() }
        running.append(call)
        run(call)
    }

    private func wait(_ call: StoreCall) {
        guard isWaitingAllowed else { return call.fail(.unreachable, .notDelivered, Self.unreachable.message) }
        waiting.append(call)
    }

    /// All calls have the same time, so the oldest one is the first to be late.
    private func tick() {
        let now = NIODeadline.now()
        while let call = running.first, call.isOver || call.deadline <= now {
            running.removeFirst()
            if call.isSent {
                call.fail(.timedOut, .unknown, "the Redis server did not answer in time")
            } else {
                call.fail(.unreachable, .notDelivered, "the Redis server could not be reached in time")
            }
        }
        waiting.removeAll { $0.isOver }
    }

    private func run(_ call: StoreCall) {
        // The connection may also break while a call before this one is sent.
        guard let channel else { return wait(call) }
        guard let request = call.request(keys) else { return }
        call.isSent = true
        send(call, request, digests[request.script], on: channel)
    }

    private func send(_ call: StoreCall, _ request: StoreCall.Request, _ digest: String?, on channel: RedisChannel) {
        channel.send(request.command(digest: digest)) { [weak self, weak channel] result in
            guard case .success(.error(let text)) = result else {
                call.end(result)
                return call.settle()
            }
            // Nothing was run: the server has forgotten its scripts, or does not let this user call them by digest.
            let isUnknown = digest != nil && (text.hasPrefix("NOSCRIPT") || text.hasPrefix("NOPERM"))
            if isUnknown, !call.isOver, let self, let channel {
                return send(call, request, nil, on: channel)
            }
            let error = RedisFailure.error(text, call.name)
            call.end(.failure(error))
            call.settle()
            // Another server has its place now, perhaps under the same name.
            if RedisFailure.isElsewhere(text) { channel?.close(error) }
        }
        channel.flush()
    }
}

@available(*, unavailable)
extension StoreRoom: Sendable {}
#endif
