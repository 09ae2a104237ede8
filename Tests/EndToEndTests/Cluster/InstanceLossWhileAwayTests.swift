// An instance dies while the client of its call is away: the resume says, once, that nobody knows how the call ended.
import Foundation
import Testing

extension Cluster {
    @Suite(.timeLimit(.minutes(5)))
    struct InstanceLossWhileAwayTests {
        @Test(arguments: Topology.allCases, [[], ["--event-store"]])
        func resumeTellsTheOutcome(_ topology: Topology, _ options: [String]) async throws {
            let tally = Scratch.path("away.tally")
            let server = try await TestServer.start("away", options + ["--tally", tally])
            let nodes = try await Deployment.start(topology, before: [server])
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("away")
            var track = Track(peer, Track.count(label, 5, hold: 2))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 2)
            track.cut()
            try await server.process.kill9()

            try await track.connect(at: nodes.other)
            try await track.finish()
            #expect(track.events.count == 3 && track.isOutcomeUnknown, "\(track.payloads)")
            var again = track
            try await again.connect(at: nodes.first)
            try await again.finish()
            #expect(again.events.count <= 4, "the outcome was told again and again: \(again.payloads)")
            #expect(try Fleet.executions(label, in: tally).filter { $0.hasSuffix(" \(label)") }.count == 1)
        }

        /// The instance comes back while the client is still away: its calls are gone all the same.
        @Test(arguments: Topology.allCases)
        func restartedInstanceDoesNotKnowTheCall(_ topology: Topology) async throws {
            let tally = Scratch.path("back.tally")
            let server = try await TestServer.start("back", ["--tally", tally])
            let nodes = try await Deployment.start(topology, before: [server])
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("back")
            var track = Track(peer, Track.count(label, 5, hold: 2))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 2)
            track.cut()
            try await server.process.kill9()
            let again = try await server.restarted()
            try await track.connect(at: nodes.other)
            try await track.finish()
            #expect(track.events.count == 3 && track.isOutcomeUnknown, "\(track.payloads)")
            #expect(try Fleet.executions(label, in: tally).filter { $0.hasSuffix(" \(label)") }.count == 1)
            try again.process.mustBeAlive()
        }
    }
}
