// No silent gap: whatever happens to links, a subscriber hears everything that was accepted, or is told that it may not
// have.
import NIOCore
import Testing
import TransportAPI

@testable import HTTPTransport

@Suite("Gaps on the bus", .timeLimit(.minutes(1)))
struct PeerGapTests {
    /// A node, and an attachment that publishes to it through a relay.
    private func throughRelay(
        _ bench: PeerBench, _ change: (inout HTTPClusterOptions) -> Void = { _ in },
        _ body: (Peer, Peer, PeerRelay) async throws -> Void
    ) async throws {
        var options = PeerBench.options()
        change(&options)
        let node = try await bench.start("node", options)
        let relay = try await PeerRelay.start(to: node.address.port, on: bench.group)
        options.role = .attachment
        options.peers = .addresses([PeerAddress(host: "127.0.0.1", port: relay.port)])
        let sender = try await bench.start("sender", options)
        try await body(node, sender, relay)
        try await relay.close()
    }

    private func publishes(_ sender: Peer, _ node: Peer, _ number: Int) -> Bool {
        (try? sender.bus.publish(.numbered(number), to: node.inbox)) != nil
    }

    @Test("A link that is cut in a burst: what was heard has no hole, or the gap was told before it")
    func cutInABurst() async throws {
        for round in 0..<12 {
            try await PeerBench.run { bench in
                try await throughRelay(bench) { node, sender, relay in
                    let inbox = try await bench.listen(node, node.inbox)
                    let everyone = try await bench.listen(node, .everyone)
                    // Somewhere in the middle of a frame.
                    relay.state.withLock { $0.cutsAfter = 3000 + round * 1777 }
                    var accepted: [Int] = []
                    for number in 0..<300 {
                        if publishes(sender, node, number) { accepted.append(number) }
                        try? sender.bus.publish(.numbered(number, size: 50), to: .everyone)
                    }
                    try await eventually("round \(round): a gap is told") {
                        inbox.seen.gaps == [sender.id] && everyone.seen.gaps == [sender.id]
                    }
                    let numbers = inbox.seen.numbers
                    #expect(numbers == Array(accepted.prefix(numbers.count)), "round \(round)")
                    #expect(numbers.count < accepted.count, "round \(round)")
                    relay.state.withLock { $0.cutsAfter = nil }
                    try await eventually("round \(round): it works again") {
                        _ = publishes(sender, node, 999)
                        return inbox.seen.numbers.contains(999)
                    }
                    #expect(inbox.seen.errors.isEmpty, "round \(round)")
                }
            }
        }
    }

    @Test("A link that breaks while nothing is under way is mended without a word to subscribers")
    func quietBreak() async throws {
        try await PeerBench.run { bench in
            try await throughRelay(bench, { $0.returnWithin = .seconds(8) }) { node, sender, relay in
                let inbox = try await bench.listen(node, node.inbox)
                let everyone = try await bench.listen(node, .everyone)
                for number in 0..<5 {
                    try await eventually("number \(number) is accepted") { publishes(sender, node, number) }
                    try sender.bus.publish(.numbered(number), to: .everyone)
                    try await eventually("number \(number) arrives") {
                        inbox.seen.numbers.count == number + 1 && everyone.seen.numbers.count == number + 1
                    }
                    try await relay.cut()
                    try await eventually("the break is seen") { bench.lines.count("a link broke") >= 2 * (number + 1) }
                }
                #expect(inbox.seen.errors.isEmpty && inbox.seen.gaps.isEmpty)
                #expect(everyone.seen.errors.isEmpty && everyone.seen.gaps.isEmpty)
                #expect(relay.state.withLock { $0.connections } >= 5)
            }
        }
    }

    @Test("Of a member that does not come back all are told who may have missed it, and hear the others on")
    func neverReturns() async throws {
        try await PeerBench.run { bench in
            try await throughRelay(bench, { $0.returnWithin = .milliseconds(200) }) { node, sender, relay in
                let probes = [
                    try await bench.listen(node, node.inbox), try await bench.listen(node, .everyone),
                    try await bench.listen(node, .topic("t")),
                ]
                relay.state.withLock { $0.isPassing = false }
                try await relay.cut()
                for probe in probes {
                    try await eventually("the gap is told") { probe.seen.gaps == [sender.id] }
                }
                try node.bus.publish(.numbered(7), to: .everyone)
                try await eventually("others are heard") { probes[1].seen.numbers == [7] }
                for probe in probes { #expect(probe.seen.errors.isEmpty) }
            }
        }
    }

    @Test("A member that says goodbye interrupts nobody, and its successor is another member")
    func goodbye() async throws {
        try await PeerBench.run { bench in
            let peers = try await bench.mesh(3) { $0.returnWithin = .milliseconds(50) }
            let inbox = try await bench.listen(peers[0], peers[0].inbox)
            let everyone = try await bench.listen(peers[0], .everyone)
            try peers[2].bus.publish(.numbered(1), to: .everyone)
            try peers[2].bus.publish(.numbered(2), to: peers[0].inbox)
            try await peers[2].cluster.close(on: bench.group.next()).get()
            try await eventually("the last words arrive") {
                inbox.seen.numbers == [2] && everyone.seen.numbers == [1]
            }
            let error = #expect(throws: TransportError.self) {
                try peers[0].bus.publish(.numbered(1), to: peers[2].inbox)
            }
            #expect(error?.code == .unreachable)
            let successor = try await bench.start("node-2", PeerBench.options())
            try await bench.connect([peers[0], peers[1], successor])
            try successor.bus.publish(.numbered(3), to: peers[0].inbox)
            try await eventually("the successor is heard") { inbox.seen.numbers == [2, 3] }
            #expect(inbox.seen.senders == [peers[2].id, successor.id])
            #expect(inbox.seen.errors.isEmpty && inbox.seen.gaps.isEmpty)
            #expect(everyone.seen.errors.isEmpty && everyone.seen.gaps.isEmpty)
        }
    }

    @Test("Who is met late and has published before is a gap for topics, and not for inboxes")
    func metLate() async throws {
        try await PeerBench.run { bench in
            let early = try await bench.start("early", PeerBench.options())
            let late = try await bench.start("late", PeerBench.options())
            let everyone = try await bench.listen(late, .everyone)
            let inbox = try await bench.listen(late, late.inbox)
            try early.bus.publish(.numbered(1), to: .everyone)
            try await bench.connect([early, late])
            try await eventually("a gap is told") { everyone.seen.gaps == [early.id] }
            try early.bus.publish(.numbered(2), to: late.inbox)
            try await eventually("the inbox works") { inbox.seen.numbers == [2] }
            #expect(inbox.seen.errors.isEmpty && inbox.seen.gaps.isEmpty)
        }
    }

    @Test("A silent peer is suspected, then gone; its subscribers are told")
    func silence() async throws {
        try await PeerBench.run { bench in
            try await throughRelay(bench, {
                $0.heartbeat = .milliseconds(50)
                $0.suspectAfter = .milliseconds(300)
                $0.goneAfter = .milliseconds(700)
            }) { node, sender, relay in
                let inbox = try await bench.listen(node, node.inbox)
                relay.state.withLock { $0.isPassing = false }
                try await relay.setStalled(true)
                try await eventually("it is suspected") { bench.lines.count("nothing is heard from a peer") >= 1 }
                try await eventually("the gap is told") { inbox.seen.gaps == [sender.id] }
                #expect(bench.lines.count("for gone_after") >= 1)
                try await eventually("it is not reachable") { !publishes(sender, node, 1) }
                try await relay.cut()
                try await relay.setStalled(false)
                relay.state.withLock { $0.isPassing = true }
                try await eventually("it comes back") {
                    _ = publishes(sender, node, 5)
                    return inbox.seen.numbers.contains(5)
                }
            }
        }
    }
}
