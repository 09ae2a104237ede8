// The links between nodes stall, break and come back, or a node stands still: every stream ends up whole or with its
// one explicit error, and the nodes go on without each other meanwhile.
import Foundation
import Testing

extension Cluster {
    @Suite(.timeLimit(.minutes(5)))
    struct LinkFaultTests {
        private static func wired(_ topology: Topology, _ fleet: Fleet) async throws -> Deployment {
            try await .start(topology, [Publication(servers: fleet.servers)], Deployment.Plan(isWired: true))
        }

        /// Sessions, calls and GET streams of a node that cannot reach the other.
        private static func worksAlone(_ node: Gateway, _ peer: Peer) async throws {
            let start = ContinuousClock.now
            let here = peer.at(node)
            #expect(try await here.post(Scene.ping).status == 200)
            #expect(try await Peer.open(node.endpoint()).call("counter") == "1")
            let label = label("alone")
            var track = Track(here, Track.count(label, 3))
            try await track.connect(at: node)
            try await track.finish()
            #expect(track.isWhole(label, 3), "\(track.payloads)")
            let time = ContinuousClock.now - start
            #expect(time < .seconds(5), "without its peer the node took \(time)")
        }

        /// A peer that stops reading, for longer than a peer may be silent. Its client reads a stream that the other
        /// node hosts, and finds another way.
        @Test func stalledLinkLosesNothing() async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Self.wired(.paired, fleet)
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("stalled")
            var track = Track(peer, Track.count(label, 100, hold: 10))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 5)
            track.cut()
            try await track.connect(at: nodes.other)
            try await track.read(upTo: 10)
            for wire in nodes.wires { try await wire.stall() }
            try await peer.release(label)
            try await finished(label, of: fleet)
            try await Self.worksAlone(nodes.first, peer)
            try await Self.worksAlone(nodes.other, peer)

            var direct = track
            try await direct.connect(at: nodes.first)
            try await direct.finish()
            #expect(direct.isWhole(label, 100), "\(direct.payloads.suffix(3))")
            for wire in nodes.wires { try await wire.go() }
            await track.drain()
            #expect(track.numbers(label) == Array(1...track.numbers(label).count), "\(track.payloads.suffix(3))")
            try await nodes.areJoined()
            try await track.connect(at: nodes.other)
            try await track.finish()
            #expect(track.isWhole(label, 100), "\(track.payloads.suffix(3))")
            #expect(try executions(label, of: fleet) == 1)
        }

        @Test func brokenLinksLoseNothing() async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Self.wired(.paired, fleet)
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("broken")
            var track = Track(peer, Track.count(label, 200, pause: 0.02))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 5)
            track.cut()
            for round in 1...4 {
                var refusal = ""
                try await until("the stream at the other node; \(refusal)\n\(nodes.logs)") {
                    do { try await track.connect(at: nodes.other) } catch {
                        refusal = "\(error)"
                        return false
                    }
                    return true
                }
                try await track.read(upTo: track.events.count + 5)
                let wire = nodes.wires[round % 2]
                try await wire.cut()
                try await Self.worksAlone(nodes.other, peer)
                try await wire.go()
                await track.drain()
                if track.messages.last?["result"] != .null { break }
            }
            try await nodes.areJoined()
            if track.messages.last?["result"] == .null {
                try await track.connect(at: nodes.other)
                try await track.finish()
            }
            #expect(track.isWhole(label, 200), "\(track.payloads.suffix(3))")
            #expect(try executions(label, of: fleet) == 1)
        }

        /// With attachments nothing works without the links; what ran there is whole when they are back.
        @Test func brokenLinksToAttachmentsLoseNothing() async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Self.wired(.attached, fleet)
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("unhooked")
            var track = Track(peer, Track.count(label, 100, hold: 10))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 5)
            for wire in nodes.wires { try await wire.cut() }
            let refused = try await Peer(endpoint: nodes.first.endpoint()).post(Peer.initialize())
            #expect([200, 503].contains(refused.status), "\(refused.status) \(refused.text)")
            for wire in nodes.wires { try await wire.go() }
            _ = try await recovers("a session after the links were cut") {
                try await peer.at(nodes.other).post(Peer.call("counter"))
            }
            try await peer.at(nodes.other).release(label)
            await track.drain()
            if !track.isWhole(label, 100) {
                try await track.connect(at: nodes.other)
                try await track.finish()
            }
            #expect(track.isWhole(label, 100), "\(track.payloads.suffix(3))")
            #expect(try executions(label, of: fleet) == 1)
        }

        /// Every connection between the members is reset and made anew. Calls that have nothing under way in that
        /// moment do not notice: their clients keep their connections.
        @Test(arguments: Topology.with(.attached))
        func resetLinksEndNoQuietCall(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Self.wired(topology, fleet)
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("reset")
            var track = Track(peer, Track.count(label, 9, hold: 3))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 3)
            for wire in nodes.wires {
                try await wire.cut()
                try await wire.go()
            }
            try await nodes.areJoined()
            _ = try await recovers("a call of its session") {
                try await peer.at(nodes.other).post(Peer.call("counter"))
            }
            try await peer.at(nodes.other).release(label)
            await track.drain()
            #expect(track.isWhole(label, 9), "\(track.payloads)")
            #expect(try executions(label, of: fleet) == 1)
        }

        /// SIGSTOP: no connection breaks, nothing is answered. For longer than a silent node counts as alive.
        @Test(arguments: Topology.with(.paired) + Topology.matrix(.attached))
        func pausedNodeHoldsNobodyUp(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            let peer = try await Peer.open(nodes.other.endpoint())
            #expect(try await peer.call("counter") == "1")
            let label = label("paused")
            var track = Track(peer, Track.count(label, 6, hold: 2))
            try await track.connect(at: nodes.other)
            try await track.read(upTo: 2)
            nodes.other.process.send(SIGSTOP)
            defer { nodes.other.process.send(SIGCONT) }
            let end = ContinuousClock.now + .seconds(8)
            var turns = 1
            while ContinuousClock.now < end {
                let start = ContinuousClock.now
                turns += 1
                #expect(try await peer.at(nodes.first).call("counter") == "\(turns)")
                let time = ContinuousClock.now - start
                #expect(time < .seconds(3), "a call took \(time) while the other node stood still")
                try await Task.sleep(for: .milliseconds(100))
            }
            nodes.other.process.send(SIGCONT)
            try await peer.at(nodes.first).release(label)
            await track.drain()
            try await nodes.areJoined()
            if !track.isWhole(label, 6), !track.isOutcomeUnknown {
                try await track.connect(at: nodes.first)
                try await track.finish()
            }
            #expect(track.isWhole(label, 6), "its node did not die, so nothing is unknown: \(track.payloads)")
            #expect(try executions(label, of: fleet) == 1)
            #expect(try await peer.call("counter") == "\(turns + 1)", "the session works at the node that stood still")
        }
    }
}
