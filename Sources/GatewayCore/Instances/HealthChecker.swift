// Looks after the instances of one upstream from one event loop of the node: are they up, and which revisions do they
// speak (mcp-wire §5.4). A check must never leave a session behind in a server that makes one for every POST without an
// id, so every request here bears one: an unknown id costs the server a 404 and nothing else.
internal import Logging
internal import MCPWire
internal import NIOCore
internal import Synchronization
internal import TransportAPI

/// Checks one upstream's instances.
final class HealthChecker {
    /// How long a verdict on the era holds while the instance stays up.
    private static let eraLifetime = TimeAmount.minutes(5)
    /// Between two checks of an instance that is down, unless the ordinary interval is shorter.
    private static let downIntervalMilliseconds: Int64 = 1_000

    /// How long the era probe's `initialize` may take. It is waited for beyond the check's own time, because a session
    /// that begins must be ended, and only its answer tells what it is called.
    private static let initializeTimeout = TimeAmount.seconds(30)

    private struct State {
        var next = NIODeadline.uptimeNanoseconds(0)
        var running: CheckExchange?
        /// The era probe's `initialize`, beside the checks.
        var initializing: CheckExchange?
        /// Until when the check that began it waits for it: an instance that is slow to initialize is up meanwhile.
        var verdictAt: NIODeadline?
        /// It does not let go of a probe's session: it is not asked again while it is up.
        var keepsSessions = false
        var eraUntil: NIODeadline?
        var hasFixedEra = false
        var isChecked = false
    }

    /// Every instance has answered or failed once.
    var isChecked: Bool { states.allSatisfy(\.isChecked) }

    private unowned let worker: Worker
    private let upstream: UpstreamGroup
    private var states: [State]
    private let probes = ProbeRequests()

    init(worker: Worker, upstream: UpstreamGroup) {
        self.worker = worker
        self.upstream = upstream
        states = upstream.instances.map { instance in
            var state = State()
            state.hasFixedEra = instance.currentEra != .unknown
            return state
        }
    }

    private var policy: HealthPolicy { upstream.options.health }

    func tick(now: NIODeadline) {
        for index in states.indices {
            states[index].initializing?.tick(now: now)
            if let at = states[index].verdictAt {
                guard now >= at else { continue }
                states[index].verdictAt = nil
                noteUp(upstream.instances[index])
            } else if let running = states[index].running {
                running.tick(now: now)
            } else if now >= states[index].next {
                // Spread, so that nodes that started together do not check together.
                let jitter = Int64(worker.random.below(200)) - 100
                let instance = upstream.instances[index]
                // What is down is asked more often, so that it is missed no longer than need be.
                let most = instance.isEligible ? Int64.max : Self.downIntervalMilliseconds
                states[index].next = now + .milliseconds(min(policy.intervalMilliseconds, most) + jitter)
                check(instance, now: now)
            }
        }
    }

    private func check(_ instance: Instance, now: NIODeadline) {
        let state = states[instance.index]
        let isKnown = state.eraUntil.map { now < $0 || state.keepsSessions } == true
        if state.hasFixedEra || isKnown || state.initializing != nil {
            send(probes.ping, instance) { [self] result in
                endMistake(instance, result)
                settle(instance, result)
            }
        } else {
            send(probes.discover, instance) { [self] result in
                endMistake(instance, result)
                discovered(instance, result)
            }
        }
    }

    private func send(
        _ request: ExchangeRequest, _ instance: Instance,
        then: @escaping (Result<CheckExchange.Reply, TransportError>) -> Void
    ) {
        let deadline = worker.now + .milliseconds(policy.timeoutMilliseconds)
        let check = CheckExchange(deadline: deadline) { [weak self] result in
            self?.states[instance.index].running = nil
            then(result)
        }
        states[instance.index].running = check
        check.start(request, worker.lanes[upstream.index], instance)
    }

    // MARK: Era

    private func discovered(_ instance: Instance, _ result: Result<CheckExchange.Reply, TransportError>) {
        guard case .success(let reply) = result, Self.tellsEra(reply) else { return settle(instance, result) }
        let speaksStateless = reply.status < 300 && probes.isStateless(reply)
        let check = CheckExchange(deadline: worker.now + Self.initializeTimeout) { [weak self] second in
            self?.initialized(instance, second, speaksStateless ? .stateless : .unknown)
        }
        states[instance.index].initializing = check
        states[instance.index].verdictAt = worker.now + .milliseconds(policy.timeoutMilliseconds)
        check.start(probes.initialize, worker.lanes[upstream.index], instance)
    }

    private func initialized(
        _ instance: Instance, _ result: Result<CheckExchange.Reply, TransportError>, _ found: Era
    ) {
        let begun = states[instance.index].initializing?.sessionID
        states[instance.index].initializing = nil
        let isAwaited = states[instance.index].verdictAt != nil
        states[instance.index].verdictAt = nil
        if let begun { endProbe(instance, begun) }
        guard case .success(let reply) = result else {
            // The check that asked first has heard of the instance; this says only that it is slow, or went since.
            if isAwaited { return settle(instance, result) }
            if case .failure(let error) = result, error.code == .refused { return settle(instance, result) }
            states[instance.index].eraUntil = worker.now + Self.eraLifetime
            return
        }
        guard Self.tellsEra(reply) else { return settle(instance, result) }
        var era = found
        if reply.status < 300, probes.isResult(reply) {
            era.insert(reply.sessionID == nil ? .sessionless : .stateful)
        } else if era == .unknown, instance.hasStreamEndpoint, [400, 404, 405].contains(reply.status) {
            era = .streamOnly
        }
        // What has begun a session is not asked for another at once, whatever else it said.
        if begun != nil { states[instance.index].eraUntil = worker.now + Self.eraLifetime }
        if era != .unknown {
            let old = Era(rawValue: instance.era.exchange(era.rawValue, ordering: .relaxed))
            states[instance.index].eraUntil = worker.now + Self.eraLifetime
            if old != era {
                worker.gateway.parts.logger.info(
                    "instance probed",
                    metadata: ["upstream": "\(upstream.name)", "instance": "\(instance.name)", "speaks": "\(era.text)"])
            }
        }
        settle(instance, result)
    }

    /// Some servers begin a session for whoever comes with an id that they do not know.
    private func endMistake(_ instance: Instance, _ result: Result<CheckExchange.Reply, TransportError>) {
        if case .success(let reply) = result, let id = reply.sessionID { endProbe(instance, id) }
    }

    /// Ends a session that a probe has begun. Who refuses that is not probed again while it is up.
    private func endProbe(_ instance: Instance, _ id: [UInt8]) {
        var lines = ByteBuffer()
        lines.writeHeader("Mcp-Session-Id", id)
        let request = ExchangeRequest(verb: .delete, lines: lines, body: nil)
        worker.sendOwn(request, upstream, instance) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let reply): states[instance.index].keepsSessions = reply.status == 405
            case .failure(let error) where error.code == .refused: return
            case .failure: worker.endUpstreamLater(upstream, instance, id, credentials: [])
            }
        }
    }

    /// Refusals for another reason say nothing of what the instance speaks: the old verdict stays.
    private static func tellsEra(_ reply: CheckExchange.Reply) -> Bool {
        reply.status < 500 && ![401, 403, 408, 429].contains(reply.status)
    }

    // MARK: Health

    private func settle(_ instance: Instance, _ result: Result<CheckExchange.Reply, TransportError>) {
        states[instance.index].isChecked = true
        defer { worker.noteChecked() }
        switch result {
        case .success(let reply) where reply.status < 500: noteUp(instance)
        case .success(let reply):
            failed(instance, "status \(reply.status)", isRefusal: false)
        case .failure(let error):
            failed(instance, error.message, isRefusal: error.code == .refused)
        }
    }

    private func noteUp(_ instance: Instance) {
        if instance.noteAnswer(policy, isCheck: true) { log(instance, "instance is up") }
        guard !states[instance.index].isChecked else { return }
        states[instance.index].isChecked = true
        worker.noteChecked()
    }

    private func failed(_ instance: Instance, _ reason: String, isRefusal: Bool) {
        guard instance.noteFailure(policy, isRefusal: isRefusal) else { return }
        // What comes back may be another version.
        if !states[instance.index].hasFixedEra { states[instance.index].eraUntil = nil }
        states[instance.index].keepsSessions = false
        log(instance, "instance is down: \(reason)")
    }

    private func log(_ instance: Instance, _ text: String) {
        worker.gateway.parts.logger.notice(
            "\(text)", metadata: ["upstream": "\(upstream.name)", "instance": "\(instance.name)"])
    }
}

extension Era {
    /// For logs.
    var text: String {
        var names: [String] = []
        if contains(.stateless) { names.append("2026-07-28") }
        if contains(.stateful) { names.append("sessions") }
        if contains(.sessionless) { names.append("no sessions") }
        if contains(.streamOnly) { names.append("2024-11-05") }
        return names.isEmpty ? "unknown" : names.joined(separator: ", ")
    }
}
