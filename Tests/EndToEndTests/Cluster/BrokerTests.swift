// What a broker adds, and what its loss costs: streams outlive their hosts, sessions outlive the broker's absence, and
// everything goes on when it is back. Over each broker that this build has a transport for.
import Foundation
import TestSupport
import Testing

extension Cluster {
    @Suite(.timeLimit(.minutes(5)))
    struct BrokerTests {
        @Test(arguments: Topology.brokered)
        func finishedCallOutlivesItsHost(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: [fleet.servers[0]])
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("outlived")
            var track = Track(peer, Track.count(label, 5, hold: 2))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 2)
            let logged = try await nodes.logged()
            track.cut()
            try await peer.at(nodes.other).release(label)
            try await finished(label, of: fleet)
            // Three messages and the result.
            try await nodes.isLogged(track, more: 4, since: logged)
            try await nodes.host.process.kill9()

            let start = ContinuousClock.now
            try await track.connect(at: nodes.other)
            try await track.finish()
            print("a call of a dead host was resumed to its result in \(ContinuousClock.now - start)")
            #expect(track.isWhole(label, 5), "\(track.payloads)")
            #expect(try executions(label, of: fleet) == 1, "the tool ran again")
        }

        /// What was sent before the kill comes first, then the one error.
        @Test(arguments: Topology.brokered)
        func runningCallsEventsOutliveItsHost(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: [fleet.servers[0]])
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("halved")
            var track = Track(peer, Track.count(label, 5, hold: 3))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 1)
            let logged = try await nodes.logged()
            track.cut()
            try await until("the third message") {
                try fleet.executions(label).contains { $0.hasSuffix(" held") }
            }
            try await nodes.isLogged(track, more: 2, since: logged)
            try await nodes.host.process.kill9()
            try await track.connect(at: nodes.other)
            try await track.finish()
            #expect(track.numbers(label) == [1, 2, 3] && track.isOutcomeUnknown, "\(track.payloads)")
        }

        /// While its client is away, a stream may grow beyond what its host keeps.
        @Test(arguments: Topology.brokered)
        func logTakesMoreThanTheHost(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("long")
            var track = Track(peer, Track.count(label, 1_000, hold: 2))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 2)
            track.cut()
            try await peer.at(nodes.other).release(label)
            try await finished(label, of: fleet)
            try await track.connect(at: nodes.other)
            try await track.finish()
            #expect(track.isWhole(label, 1_000), "\(track.payloads.suffix(3))")
        }

        /// Nodes that reach their servers themselves need the broker for what crosses nodes only.
        @Test(arguments: BrokerKind.allCases)
        func nodesGoOnWithoutTheBroker(_ kind: BrokerKind) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(kind.direct, before: fleet.servers)
            var peers: [Peer] = []
            for node in nodes.nodes { peers.append(try await Peer.open(node.endpoint())) }
            try nodes.broker.kill()
            for (place, peer) in peers.enumerated() {
                let start = ContinuousClock.now
                for node in nodes.nodes { _ = try await peer.at(node).call("counter") }
                #expect(try await Peer.open(nodes.nodes[place].endpoint()).call("counter") == "1")
                let time = ContinuousClock.now - start
                #expect(time < .seconds(5), "without the broker a node took \(time)")
            }
            try nodes.broker.start()
            try await nodes.areJoined()
            for peer in peers { #expect(try await peer.at(nodes.first).call("counter") == "4") }
        }

        /// What runs at an attachment goes on there, and comes when the broker is back.
        @Test(arguments: BrokerKind.allCases)
        func callSurvivesTheBrokersRestart(_ kind: BrokerKind) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(kind.attached, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            #expect(try await peer.call("counter") == "1")
            let label = label("kept")
            var track = Track(peer, Track.count(label, 6, hold: 2))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 2)
            try nodes.broker.kill()
            // What was sent in the moment of the kill may have arrived or not; after that nothing is sent.
            try await until("the refusal of a new session") {
                let answer = try await Peer(endpoint: nodes.first.endpoint()).post(Peer.initialize())
                #expect([503, 504].contains(answer.status), "\(answer.status) \(answer.text)")
                return answer.status == 503
            }
            try nodes.broker.start()
            _ = try await recovers("a session after the broker's restart") {
                try await peer.at(nodes.other).post(Peer.call("counter"))
            }
            try await peer.at(nodes.other).release(label)
            await track.drain()
            if !track.isWhole(label, 6) {
                try await track.connect(at: nodes.other)
                try await track.finish()
            }
            #expect(track.isWhole(label, 6), "\(track.payloads)")
            #expect(try executions(label, of: fleet) == 1, "the tool ran again")
        }

        /// SIGSTOP: no connection breaks and nothing is answered, for longer than a silent node counts as alive.
        @Test(arguments: BrokerKind.allCases)
        func pausedBrokerLosesNoSession(_ kind: BrokerKind) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(kind.attached, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            #expect(try await peer.call("counter") == "1")
            let broker = try nodes.broker
            broker.pause()
            defer { broker.resume() }
            let end = ContinuousClock.now + .seconds(8)
            while ContinuousClock.now < end {
                let answer = try await Peer(endpoint: nodes.other.endpoint()).post(Peer.initialize())
                #expect([200, 503, 504].contains(answer.status), "\(answer.status) \(answer.text)")
                try await Task.sleep(for: .milliseconds(200))
            }
            broker.resume()
            for node in nodes.nodes {
                _ = try await recovers("a session after the broker's pause") {
                    try await peer.at(node).post(Peer.call("counter"))
                }
            }
        }

        /// One node hears nothing of the broker, nor of the others; it goes on, and so do they.
        @Test(arguments: BrokerKind.allCases)
        func cutOffNodeGoesOnAndComesBack(_ kind: BrokerKind) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(
                kind.direct, [Publication(servers: fleet.servers)], Deployment.Plan(isWired: true))
            let peer = try await Peer.open(nodes.first.endpoint())
            let gone = try await Peer.open(nodes.other.endpoint())
            #expect(try await gone.at(nodes.first).call("counter") == "1")
            let label = label("severed")
            var track = Track(peer, Track.count(label, 20, hold: 5))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 3)
            track.cut()
            try await nodes.wires[0].stall()
            for node in nodes.nodes {
                #expect(try await peer.at(node).post(Scene.ping).status == 200)
                #expect(try await Peer.open(node.endpoint()).call("counter") == "1")
            }
            #expect(try await gone.at(nodes.other).send("DELETE").status == 200)
            try await peer.at(nodes.first).release(label)
            try await finished(label, of: fleet)
            try await nodes.wires[0].go()
            try await nodes.areJoined()
            try await track.connect(at: nodes.other)
            try await track.finish()
            #expect(track.isWhole(label, 20), "\(track.payloads.suffix(3))")
            #expect(try executions(label, of: fleet) == 1, "the tool ran again")
            try await until("the end of a session, of which the node could not hear") {
                try await gone.at(nodes.first).post(Scene.ping).status == 404
            }
        }

        @Test(arguments: BrokerKind.allCases)
        func brokerThatIsNotThereIsTold(_ kind: BrokerKind) async throws {
            let port = try FreePort.take()
            let file = try Gateway.configuration(
                ["{name: main, transport: \(kind)}"], Meeting.member("n", kind.member(at: port)))
            let node = try ManagedProcess("the gateway", Installation.gateway(), ["serve", "--config", file])
            #expect(try await node.end() == .exit(69))
            let lines = node.errors.lines.joined(separator: "\n")
            #expect(lines.contains("127.0.0.1:\(port)"), "\(lines)")
        }
    }
}
