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
        link?.close(error)
        tellStart(error)
        endWaiting(error)
    }

    private func broke() {
        channel = nil
        isWaitingAllowed = true
        loop.assumeIsolated().scheduleTask(in: Self.patience) { [weak self] in
            guard let self, channel == nil else { return }
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
        var digests: [RedisScript: String] = [:]
        channel.send(RESPCommand("INFO", count: 0)) { [weak self] in self?.introduce($0) }
        for script in RedisScript.allCases {
            // Without this right, scripts travel whole.
            channel.send(RESPCommand("SCRIPT", "LOAD", with: [script.rawValue])) { result in
                if case .success(.bytes(let digest)) = result { digests[script] = String(buffer: digest) }
            }
        }
        channel.send(RESPCommand("PING", count: 0)) { [weak self, weak channel] result in
            guard let self, let channel, channel.isOpen, case .success = result, !isClosed else { return }
            self.digests = digests
            self.channel = channel
            link?.worked()
            if started != nil { probe() }
            let waiting = waiting
            self.waiting = []
            for call in waiting { run(call) }
        }
        channel.flush()
    }

    private func introduce(_ result: Result<RESPValue, TransportError>) {
        switch result {
        case .success(.error(let text)):
            tellStart(RedisFailure.error(text, "cannot ask the server about itself (INFO)"))
        case .success(let value):
            let before = facts.runID
            facts = ServerFacts(value.text ?? "")
            // What one run of the server has under one name it has there to its end, for all members alike.
            if before != facts.runID {
                keys = RedisKeys(prefix: options.prefix, run: facts.forgetsAtRestart ? facts.runID : nil)
            }
        case .failure: return
        }
        let problem = facts.problem ?? (options.acceptsVolatile ? nil : facts.doubt.map { doubt in
            "\(doubt) at the server, or say accept_volatile: true here if sessions and streams may be lost"
        })
        if let problem {
            logger.error("Redis: the server at \(options.place) cannot keep sessions: \(problem)")
            tellStart(TransportError(.unreachable, .notDelivered, problem))
        } else if let doubt = facts.doubt {
            logger.warning("Redis: what the server acknowledges may be lost (accept_volatile): \(doubt)")
        } else {
            logger.info("Redis: what the server acknowledges outlives its process; with power, up to a second is lost")
        }
    }

    /// Tries everything that this user must be allowed to do.
    private func probe() {
        let key = Key128(high: 0, low: 0)
        let steps: [(String, RESPCommand)] = [
            ("write \(keys.cluster) by a script", StoreRequests.incarnation(keys, options).command(digest: nil)),
            ("append to \(keys.log(key))", StoreRequests.probe(keys.log(key)).command(digest: nil)),
            ("read \(keys.log(key))", StoreRequests.page(keys.log(key), after: 0, limit: 1).command(digest: nil)),
            ("remove \(keys.log(key))", StoreRequests.remove(keys.log(key)).command(digest: nil)),
        ]
        for (what, command) in steps {
            channel?.send(command) { [weak self] result in
                guard case .success(.error(let text)) = result else { return }
                self?.tellStart(RedisFailure.error(text, "cannot \(what)"))
            }
        }
        channel?.send(RESPCommand("PING", count: 0)) { [weak self] result in
            switch result {
            case .success: self?.tellStart(nil)
            case .failure(let error): self?.tellStart(error)
            }
        }
        channel?.flush()
    }

    // MARK: Calls

    func submit(_ call: StoreCall) {
        if isClosed { return call.end(.failure(OutgoingQueue.closed)) }
        while let first = running.first, first.isOver { running.removeFirst() }
        running.append(call)
        if channel != nil { return run(call) }
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
        guard let channel, let request = call.request(keys) else { return }
        call.isSent = true
        send(call, request, digests[request.script], on: channel)
    }

    private func send(_ call: StoreCall, _ request: StoreCall.Request, _ digest: String?, on channel: RedisChannel) {
        channel.send(request.command(digest: digest)) { [weak self, weak channel] result in
            if case .success(.error(let text)) = result {
                // Nothing was run: the server has forgotten its scripts.
                if digest != nil, text.hasPrefix("NOSCRIPT"), let self, let channel {
                    return send(call, request, nil, on: channel)
                }
                return call.end(.failure(RedisFailure.error(text, call.name)))
            }
            call.end(result)
        }
        channel.flush()
    }
}

@available(*, unavailable)
extension StoreRoom: Sendable {}
#endif
