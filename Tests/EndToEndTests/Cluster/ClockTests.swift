// Wall clocks that differ between nodes, or jump: no session, stream or question is lost, and nothing lasts longer.
import Foundation
import TestSupport
import Testing

extension Cluster {
    @Suite(.timeLimit(.minutes(5)))
    struct ClockTests {
        /// Ahead and behind, by more than any time limit but the age of sessions.
        @Test(arguments: [Topology.single, .paired], [7_200, -7_200])
        func jumpsInMidCallLoseNothing(_ topology: Topology, _ seconds: Int) async throws {
            let fleet = try await Fleet.stateful.value
            let clock = try await ShiftedClock()
            let nodes: Deployment
            if topology == .single {
                let file = try Gateway.configuration([Publication(servers: fleet.servers).upstream()])
                let node = try await Gateway(["serve", "--config", file], environment: clock.environment)
                nodes = Deployment.of(node)
            } else {
                nodes = try await Deployment.start(
                    topology, [Publication(servers: fleet.servers)],
                    Deployment.Plan(environment: clock.environment))
            }
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("clock")
            var track = Track(peer, Track.count(label, 5, hold: 2))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 2)
            let (call, question) = try await peer.question(id: 8)
            var listening = try await peer.listening(at: nodes.first)
            track.cut()

            try clock.jump(to: seconds)
            #expect(try await peer.at(nodes.other).call("counter") == "1")
            try await peer.at(nodes.other).release(label)
            try await track.connect(at: nodes.other)
            try await track.finish()
            #expect(track.isWhole(label, 5), "\(track.payloads)")
            try await peer.at(nodes.other).answer(question)
            #expect(try await call.whole().toolText == "accept w")
            _ = try await peer.call("announce", #"{"label":"later"}"#)
            while listening.numbers("later").isEmpty {
                guard try await listening.next() != nil else { throw Overdue(description: "the GET stream ended") }
            }
            #expect(try await Peer.open(nodes.other.endpoint()).call("counter") == "1")
            try nodes.mustBeAlive()
        }

        /// Two nodes whose clocks are hours apart from their start on.
        @Test func nodesMayDisagreeAboutTheTime() async throws {
            let fleet = try await Fleet.stateful.value
            let ahead = try await ShiftedClock(by: 10_000)
            let ports = [try FreePort.take(), try FreePort.take()]
            var nodes: [Gateway] = []
            for (place, environment) in [nil, ahead.environment].enumerated() {
                let file = try Gateway.configuration(
                    [Publication(servers: fleet.servers).upstream()],
                    try Meeting.member(ports[place], peers: [ports[1 - place]]))
                nodes.append(try await Gateway(["serve", "--config", file], environment: environment))
            }
            try await Deployment.areJoined(nodes)
            for (here, there) in [(nodes[0], nodes[1]), (nodes[1], nodes[0])] {
                let peer = try await Peer.open(here.endpoint())
                let label = label("apart")
                var track = Track(peer, Track.count(label, 5, hold: 2))
                try await track.connect(at: here)
                try await track.read(upTo: 2)
                track.cut()
                try await track.connect(at: there)
                try await peer.at(there).release(label)
                try await track.finish()
                #expect(track.isWhole(label, 5), "\(track.payloads)")
                let (call, question) = try await peer.question(id: 8)
                try await peer.at(there).answer(question)
                #expect(try await call.whole().toolText == "accept w")
            }
        }
    }
}
