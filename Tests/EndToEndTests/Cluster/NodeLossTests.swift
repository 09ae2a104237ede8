// kill -9 of one of two nodes that reach the servers themselves: sessions live on at the other at once; what only the
// dead node held is told, once, and nothing is run twice.
import Foundation
import Testing

extension Cluster {
    @Suite(.timeLimit(.minutes(5)))
    struct NodeLossTests {
        @Test(arguments: Topology.with(.paired))
        func sessionsWorkAtOnceAtTheOtherNode(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            var peers: [Peer] = []
            for _ in 1...20 { peers.append(try await Peer.open(nodes.first.endpoint())) }
            for peer in peers { #expect(try await peer.call("counter") == "1") }
            let deleted = peers.removeLast()
            #expect(try await deleted.send("DELETE").status == 200)
            try await nodes.first.process.kill9()

            for (place, peer) in peers.enumerated() {
                let there = peer.at(nodes.other)
                let answer = try await recovers("session \(place) of a killed node") {
                    try await there.post(Peer.call("counter"))
                }
                #expect(answer.toolText == "2", "the session lost its server: \(answer.text)")
            }
            #expect(try await deleted.at(nodes.other).post(Scene.ping).status == 404, "what has ended stays ended")
            #expect(try await peers[0].at(nodes.other).send("DELETE").status == 200)
            #expect(try await peers[0].at(nodes.other).post(Scene.ping).status == 404)
            #expect(try await Peer.open(nodes.other.endpoint()).call("counter") == "1")
        }

        /// With a client that is cut by the kill, and with one that had left before.
        @Test(arguments: Topology.with(.paired), [false, true])
        func runningCallEndsWithOneError(_ topology: Topology, isAway: Bool) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("held")
            var track = Track(peer, Track.count(label, 5, hold: 2))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 2)
            if isAway { track.cut() }
            try await nodes.first.process.kill9()
            if !isAway { await track.drain() }
            #expect(track.events.count == 2, "\(track.payloads)")

            let start = ContinuousClock.now
            try await track.connect(at: nodes.other)
            try await track.finish()
            print("the outcome of a call of a killed node was told after \(ContinuousClock.now - start)")
            #expect(track.events.count == 3 && track.isOutcomeUnknown, "\(track.payloads)")
            // Who asks again hears the same again.
            var again = track
            try await again.connect(at: nodes.other)
            try await again.finish()
            #expect(again.events.count <= 4, "\(again.payloads)")
            try await peer.at(nodes.other).release(label)
            try await finished(label, of: fleet)
            #expect(try executions(label, of: fleet) == 1, "the tool ran again")
        }

        @Test(arguments: Topology.matrix(.paired))
        func getStreamGoesOnAtTheOtherNode(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            var track = try await peer.listening(at: nodes.first)
            try await nodes.first.process.kill9()
            await track.drain()

            try await track.connect(at: nodes.other)
            let there = peer.at(nodes.other)
            let label = label("after")
            // What was sent in between is lost, so the client is told to read again what may have changed.
            let kinds = ["tools", "prompts", "resources"].map { "notifications/\($0)/list_changed" }
            while !kinds.allSatisfy({ kind in track.messages.contains { $0["method"].string == kind } }) {
                guard try await track.next() != nil else { throw Overdue(description: "it ended: \(track.payloads)") }
            }
            // The server refuses a second GET stream until it has noticed the end of the first.
            let sending = Task {
                for _ in 0... {
                    _ = try await there.call("announce", #"{"label":"\#(label)"}"#)
                    try await Task.sleep(for: .milliseconds(200))
                }
            }
            defer { sending.cancel() }
            while track.numbers(label).isEmpty {
                guard try await track.next() != nil else { throw Overdue(description: "it ended: \(track.payloads)") }
            }
        }

        @Test(arguments: Topology.with(.paired))
        func questionOfAKilledNodeIsAnsweredAtTheOther(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("asked")
            var track = Track(peer, Peer.call("elicit", #"{"label":"\#(label)"}"#, id: 7))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 1)
            try await nodes.first.process.kill9()
            let there = peer.at(nodes.other)
            _ = try await recovers("a session with a question") { try await there.post(Peer.call("counter")) }
            try await there.answer(track.messages[0]["id"])
            try await until("the answer at the tool") {
                try fleet.executions(label).contains { $0.hasSuffix(" accept") }
            }
            try await track.connect(at: nodes.other)
            try await track.finish()
            #expect(track.isOutcomeUnknown, "\(track.payloads)")
            #expect(try executions(label, of: fleet) == 1)
        }

        @Test(arguments: Topology.matrix(.paired))
        func restartedNodeJoinsAgain(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            let here = try await Peer.open(nodes.first.endpoint())
            let there = try await Peer.open(nodes.other.endpoint())
            for peer in [here, there] { #expect(try await peer.call("counter") == "1") }
            try await nodes.first.process.kill9()
            #expect(try await there.call("counter") == "2")

            let again = try await nodes.restarted(0)
            try await Deployment.areJoined([again, nodes.other])
            for peer in [here, there] {
                let answer = try await recovers("a session at the restarted node") {
                    try await peer.at(again).post(Peer.call("counter"))
                }
                #expect(answer.toolText == (peer.session == here.session ? "2" : "3"), "\(answer.text)")
            }
            // A stream of the first life is not one of the second.
            var track = Track(try await Peer.open(again.endpoint()), Track.count(label("second"), 3))
            try await track.connect(at: again)
            try await track.finish()
            #expect(track.events.count == 4)
        }

        /// A node that has just started does not know the others yet. It must find out before it says what is lost.
        @Test(arguments: Topology.matrix(.paired))
        func startingNodeFindsTheHostOfAStream(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("early")
            var track = Track(peer, Track.count(label, 5, hold: 2))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 2)
            track.cut()
            try await nodes.other.process.kill9()
            let started = try await nodes.restarted(1)
            try await track.connect(at: started)
            try await peer.release(label)
            try await track.finish()
            #expect(track.isWhole(label, 5), "\(track.payloads)")
            #expect(try executions(label, of: fleet) == 1)
        }

        /// Many sessions in full flow, both nodes used; afterwards every client knows how its call ended.
        @Test(arguments: Topology.matrix(.paired))
        func manyCallsInFlow(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            let running = LineLog()
            let ends = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...20 {
                    group.addTask { try await Self.callThroughAKill(number, nodes, fleet, running) }
                }
                try await until("20 running calls") { running.count == 20 }
                try await nodes.first.process.kill9()
                return try await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            print("\(ends.filter { $0 }.count) of \(ends.count) calls are known to have ended well")
        }

        /// - Parameter running: gets a line when the call is in flow.
        /// - Returns: true for a result, false for the error that says that nobody knows.
        private static func callThroughAKill(
            _ number: Int, _ nodes: Deployment, _ fleet: Fleet, _ running: LineLog
        ) async throws -> Bool {
            let label = label("flow-\(number)")
            let peer = try await Peer.open(nodes.first.endpoint())
            var track = Track(peer, Track.count(label, 60, pause: 0.03))
            try await track.connect(at: number.isMultiple(of: 2) ? nodes.first : nodes.other)
            try await track.read(upTo: 2)
            running.append("\(label)\n".utf8)
            await track.drain()
            if !track.isWhole(label, 60) {
                try await track.connect(at: nodes.other)
                try await track.finish()
            }
            let isWhole = track.isWhole(label, 60)
            #expect(isWhole || track.isOutcomeUnknown, "\(track.payloads.suffix(3))")
            #expect(track.numbers(label) == Array(1...60).prefix(track.numbers(label).count).map { $0 })
            try await finished(label, of: fleet)
            #expect(try executions(label, of: fleet) == 1, "the tool ran again")
            return isWhole
        }
    }
}
