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
            }
        }
    }

    private func check(_ exchange: Exchange, _ limits: Limits) {
        if let ring = exchange.stream?.ring {
            world.expect(ring.count <= limits.replayEvents, "a ring holds \(ring.count) events")
            world.expect(ring.count == 1 || ring.bytes <= limits.replayBytes, "a ring holds \(ring.bytes) bytes")
        }
        guard let session = exchange.plan.session else { return }
        let calls = session.calls.load(ordering: .relaxed)
        world.expect(calls >= 0 && calls <= limits.callsPerSession, "a session runs \(calls) calls")
        world.expect(session.streams.load(ordering: .relaxed) >= 0, "a session has less than no stream")
        let asked = exchange.worker.questions.count(of: session.id)
        world.expect(asked <= limits.questionsPerSession, "a session has \(asked) open questions")
    }

    // MARK: When the faults are over

    func judgeClients() {
        guard world.violations.isEmpty else { return }
        let all = clients.flatMap(\.conversations)
        var last: [(Conversation, Int)] = []
        for conversation in all {
            world.expect(conversation.openReceipts == 0, "a request of \(conversation.mark) was never answered")
            for call in conversation.calls { call.judge(ledger.calls[call.name]) }
            guard conversation.isLive, let stream = conversation.stream, stream.isWanted else { continue }
            world.expect(stream.isOpen, "\(conversation.mark) gets no stream any more")
            let session = instances.flatMap(\.liveSessions).last {
                $0.mark == conversation.mark && $0.lastWritten != nil
            }
            session?.say()
            if let place = session?.lastWritten { last.append((conversation, place)) }
        }
        pass(.seconds(2), step: 50)
        for (conversation, place) in last where conversation.isLive {
            world.expect(
                conversation.stream?.hasHeard(place) == true,
                "\(conversation.mark)'s stream is deaf to \(place): \(conversation.stream?.text ?? "-")")
        }
        for conversation in all {
            conversation.stream?.judge(
                ledger.stream(conversation.mark).written,
                isWhole: conversation.isLive && conversation.stream?.isOpen == true)
        }
        world.expect(clients.allSatisfy { !$0.isBeginning }, "a client waits for its session for ever")
        for node in nodes {
            world.expect(
                node.workers.allSatisfy { $0.members.count == nodes.count - 1 },
                "node \(node.place) knows \(node.workers.map(\.members.count)) others")
        }
    }

    /// What has ended is unknown at every node.
    func probeEnds() {
        for conversation in clients.flatMap(\.conversations) where !conversation.isLive {
            guard conversation.wasDeleted || mayBeGone(conversation.mark) else { continue }
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

    private func judge(_ worker: Worker, _ name: String) {
        for (what, count) in [
            ("exchanges", worker.metrics.exchanges), ("detached exchanges", worker.metrics.detached),
            ("GET streams", worker.metrics.streams), ("relayed calls", worker.desk?.callCount ?? 0),
            ("calls served for others", worker.desk?.hostedCount ?? 0), ("questions", worker.questions.count),
            ("streams", worker.streams.count), ("bytes of streams", worker.streams.completeBytes),
        ] {
            world.expect(count == 0, "\(name) is left with \(count) \(what)")
        }
    }
}
