// What must hold: in every moment, once the faults are over, and when all clients have gone.

import NIOCore
import Synchronization
import TransportAPI

@testable import GatewayCore
@testable import MemoryTransport

extension Simulation {
    // MARK: In every moment

    func checkBounds() {
        let limits = scenario.limits
        for node in upNodes {
            for exchange in node.openExchanges { check(exchange, limits) }
            for worker in node.workers {
                let name = "node \(node.place), loop \(worker.index)"
                world.expect(
                    worker.streams.completeBytes <= limits.replayTotalBytes,
                    "\(name): \(worker.streams.completeBytes) bytes of complete streams")
                world.expect(worker.tokens.count <= limits.cachedTokens, "\(name): \(worker.tokens.count) tokens")
                world.expect(
                    worker.metrics.detached <= limits.detachedExchanges, "\(name): \(worker.metrics.detached) detached")
                checkMemory(worker, limits, name)
            }
        }
    }

    private func checkMemory(_ worker: Worker, _ limits: Limits, _ name: String) {
        // Who waits for room holds what had come before it was told to wait.
        let held = worker.heldBudget.bytes
        let most = limits.heldTotalBytes + 2 * Payload.largeBytes * (1 + worker.heldBudget.waitingCount)
        world.expect(held <= most, "\(name): \(held) bytes held of answers, \(most) allowed")
        if worker.heldBudget.waitingCount > 0 { world.count("waits for room") }
        let share = max(1, limits.detachedExchanges / limits.ownerShare)
        for (what, count, most) in [
            ("bytes of requests", worker.requestBytes, limits.requestBytes),
            ("own messages", worker.ownMessages.count, limits.ownMessages),
            ("questions", worker.questions.count, limits.questions),
            ("detached exchanges of one owner", worker.detached.values.max() ?? 0, share),
        ] {
            world.expect(count >= 0 && count <= most, "\(name): \(count) \(what), \(most) allowed")
        }
    }

    private func check(_ exchange: Exchange, _ limits: Limits) {
        if let ring = exchange.stream?.ring {
            world.expect(ring.count <= limits.replayEvents, "a ring holds \(ring.count) events")
            world.expect(ring.count == 1 || ring.bytes <= limits.replayBytes, "a ring holds \(ring.bytes) bytes")
        }
        guard let session = exchange.plan.session else { return }
        let calls = session.calls.load(ordering: .relaxed)
        // So does what asks an instance whether it accepts somebody: a call of its own.
        let asking = scenario.hostileClients ? 2 * scenario.clients : 0
        world.expect(calls >= 0 && calls <= limits.callsPerSession + asking, "a session runs \(calls) calls")
        world.expect(session.streams.load(ordering: .relaxed) >= 0, "a session has less than no stream")
        let asked = exchange.worker.questions.count(of: session.id)
        world.expect(asked <= limits.questionsPerSession, "a session has \(asked) open questions")
    }

    // MARK: When the faults are over

    /// Its server's session, if a stream of that is open.
    func heardSession(of conversation: Conversation) -> FakeSession? {
        instances.flatMap(\.liveSessions).last { $0.mark == conversation.mark && $0.isHeard }
    }

    func judgeClients() {
        guard world.violations.isEmpty else { return }
        let all = clients.flatMap(\.conversations)
        for conversation in all {
            world.expect(conversation.openReceipts == 0, "a request of \(conversation.mark) was never answered")
            for call in conversation.calls { call.judge(ledger.calls[call.name]) }
        }
        judgeUnread()
        // A relay finds out within its probes' time that what it was to bring is lost.
        let listening = all.filter(\.isListening)
        for _ in 0..<4 where !listening.allSatisfy(\.hearsAll) {
            for conversation in listening { heardSession(of: conversation)?.say(isHealed: true) }
            pass(.seconds(15), step: 50) { listening.allSatisfy(\.hearsAll) }
        }
        for conversation in all {
            conversation.stream?.judge(ledger.stream(conversation.mark).written, isWhole: conversation.isListening)
        }
        for conversation in listening where !conversation.hearsAll {
            world.violated("\(conversation.mark)'s stream is deaf: \(conversation.stream?.text ?? "-")")
        }
        world.expect(clients.allSatisfy { !$0.isBeginning }, "a client waits for its session for ever")
    }

    /// Servers were told of each question of a call that the gateway cannot read, unless the call or the way was lost.
    private func judgeUnread() {
        guard scenario.isReliable, !scenario.hasTightBounds else { return }
        let live = Set(clients.flatMap(\.conversations).filter(\.isLive).map(\.mark))
        for (question, asked) in ledger.unread.sorted(by: { $0.key < $1.key }) where live.contains(asked.mark) {
            world.expect(world.now - asked.since < .seconds(5), "\(question) cannot be read, and nobody said so")
        }
    }

    /// Where everything stands, for whoever looks into a failure.
    func noteNodes() {
        for node in nodes {
            for worker in node.workers {
                world.note(
                    "node \(node.place), loop \(worker.index): \(worker.metrics.exchanges) exchanges, "
                        + "\(worker.metrics.detached) detached, \(worker.desk?.callCount ?? 0) relayed calls, "
                        + "\(worker.desk?.hostedCount ?? 0) served for others, \(worker.streams.count) streams")
            }
            for exchange in node.openExchanges {
                world.note(
                    "node \(node.place): an exchange to \(exchange.instance?.name ?? "a host"), "
                        + "is in an event stream: \(exchange.isRelaying), stalled: \(exchange.stalledSince != nil), "
                        + "next number \(exchange.stream?.ring.next ?? 0)")
            }
        }
    }

    /// What has ended is unknown at every node.
    func probeEnds() {
        for conversation in clients.flatMap(\.conversations) where !conversation.isLive {
            let lives = instances.contains { $0.session(marked: conversation.mark) != nil }
            guard conversation.mustBeUnknown || mayBeGone(conversation.mark) && !lives else { continue }
            for node in nodes { conversation.haunt(at: node, mustFail: true) }
        }
    }

    // MARK: When all clients have gone

    func judgeRest() {
        guard world.violations.isEmpty else { return }
        for conversation in clients.flatMap(\.conversations) {
            world.expect(conversation.openReceipts == 0, "a request of \(conversation.mark) was never answered")
        }
        for node in nodes {
            world.expect(
                node.workers.allSatisfy { $0.members.count == nodes.count - 1 },
                "node \(node.place) knows \(node.workers.map(\.members.count)) others")
            for worker in node.workers { judge(worker, "node \(node.place), loop \(worker.index)") }
            for instance in node.gateway.parts.upstreams[0].instances {
                let active = instance.active.load(ordering: .relaxed)
                world.expect(active == 0, "node \(node.place): \(active) exchanges with \(instance.name) run on")
            }
            if scenario.idlesAtEnd {
                let count = node.gateway.sessions.count
                world.expect(count == 0, "node \(node.place) holds \(count) idle sessions")
            }
        }
        let expected = nodes.count * 2
        let subscriptions = backend.routes.withLock { $0.all.count }
        world.expect(subscriptions == expected, "\(subscriptions) subscriptions, where \(expected) are used")
        let begun = instances.reduce(0) { $0 + $1.begun }
        let records = backend.records.withLock { $0.count }
        world.expect(records <= begun, "\(records) records of \(begun) sessions")
    }

    /// Nothing is left that will go by itself.
    var isAtRest: Bool {
        nodes.allSatisfy { node in
            node.workers.allSatisfy { worker in
                worker.members.count == nodes.count - 1 && leftovers(of: worker).allSatisfy { $0.count == 0 }
            }
        }
    }

    private func leftovers(of worker: Worker) -> [(what: String, count: Int)] {
        [
            ("exchanges", worker.metrics.exchanges), ("detached exchanges", worker.metrics.detached),
            ("GET streams", worker.metrics.streams), ("relayed calls", worker.desk?.callCount ?? 0),
            ("calls served for others", worker.desk?.hostedCount ?? 0), ("questions", worker.questions.count),
            ("streams", worker.streams.count), ("bytes of streams", worker.streams.completeBytes),
            ("bytes of requests", worker.requestBytes), ("bytes held of answers", worker.heldBudget.bytes),
            ("exchanges that wait for room", worker.heldBudget.waitingCount),
            ("owners of detached exchanges", worker.detached.count),
            ("exchanges on which was asked", worker.askers.count),
        ]
    }

    private func judge(_ worker: Worker, _ name: String) {
        for conversation in clients.flatMap(\.conversations) {
            let token = Array(conversation.token.utf8)
            guard let session = token.withUnsafeBytes({ worker.tokens.find($0) }) else { continue }
            for (what, count) in [
                ("calls", session.calls.load(ordering: .relaxed)),
                ("streams", session.streams.load(ordering: .relaxed)),
                ("held streams", session.heldStream.load(ordering: .relaxed) == 0 ? 0 : 1),
            ] {
                world.expect(count == 0, "\(name): \(conversation.mark) is left with \(count) \(what)")
            }
        }
        for (what, count) in leftovers(of: worker) {
            world.expect(count == 0, "\(name) is left with \(count) \(what)")
        }
    }
}
