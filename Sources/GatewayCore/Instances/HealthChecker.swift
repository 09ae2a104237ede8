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

    private struct State {
        var next = NIODeadline.uptimeNanoseconds(0)
        var running: CheckExchange?
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
            if let running = states[index].running {
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
        if state.hasFixedEra || state.eraUntil.map({ now < $0 }) == true {
            send(probes.ping, instance) { [self] result in settle(instance, result) }
        } else {
            send(probes.discover, instance) { [self] result in discovered(instance, result) }
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
        send(probes.initialize, instance) { [self] second in
            initialized(instance, second, speaksStateless ? .stateless : .unknown)
        }
    }

    private func initialized(
        _ instance: Instance, _ result: Result<CheckExchange.Reply, TransportError>, _ found: Era
    ) {
        guard case .success(let reply) = result else { return settle(instance, result) }
        if let id = reply.sessionID { worker.endUpstream(upstream, instance, id) }
        guard Self.tellsEra(reply) else { return settle(instance, result) }
        var era = found
        if reply.status < 300, probes.isResult(reply) {
            era.insert(reply.sessionID == nil ? .sessionless : .stateful)
        } else if era == .unknown, instance.hasStreamEndpoint, [400, 404, 405].contains(reply.status) {
            era = .streamOnly
        }
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

    /// Refusals for another reason say nothing of what the instance speaks: the old verdict stays.
    private static func tellsEra(_ reply: CheckExchange.Reply) -> Bool {
        reply.status < 500 && ![401, 403, 408, 429].contains(reply.status)
    }

    // MARK: Health

    private func settle(_ instance: Instance, _ result: Result<CheckExchange.Reply, TransportError>) {
        states[instance.index].isChecked = true
        defer { worker.noteChecked() }
        switch result {
        case .success(let reply) where reply.status < 500:
            if instance.noteAnswer(policy, isCheck: true) { log(instance, "instance is up") }
        case .success(let reply):
            failed(instance, "status \(reply.status)", isRefusal: false)
        case .failure(let error):
            failed(instance, error.message, isRefusal: error.code == .refused)
        }
    }

    private func failed(_ instance: Instance, _ reason: String, isRefusal: Bool) {
        guard instance.noteFailure(policy, isRefusal: isRefusal) else { return }
        // What comes back may be another version.
        if !states[instance.index].hasFixedEra { states[instance.index].eraUntil = nil }
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
