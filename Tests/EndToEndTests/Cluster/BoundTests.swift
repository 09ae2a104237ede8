// The log of streams is full, or the key has changed: what is lost is told, what is live goes on.
import Foundation
import Testing

extension Cluster {
    @Suite(.timeLimit(.minutes(5)))
    struct BoundTests {
        /// Nothing more can be kept: live streams do not suffer, and who resumes gets everything or the explicit error.
        /// Not with attachments, whose bounds are the defaults.
        @Test(arguments: [Topology.single, .paired])
        func fullLogIsToldAndHurtsNoLiveStream(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(
                topology, before: fleet.servers, "limits: {replay_total: 1MiB}")
            let label = label("full")
            let live = try await Peer.open(nodes.first.endpoint())
            var watched = Track(live, Track.count("\(label)-live", 40, hold: 1, padding: 10_000))
            try await watched.connect(at: nodes.first)
            try await watched.read(upTo: 1)
            var away: [Track] = []
            for number in 1...12 {
                let peer = try await Peer.open(nodes.first.endpoint())
                var track = Track(peer, Track.count("\(label)-\(number)", 5, hold: 1, padding: 80_000))
                try await track.connect(at: nodes.first)
                try await track.read(upTo: 1)
                track.cut()
                try await peer.release("\(label)-\(number)")
                try await finished("\(label)-\(number)", of: fleet)
                away.append(track)
            }
            try await live.release("\(label)-live")
            try await watched.finish()
            #expect(watched.isWhole("\(label)-live", 40), "\(watched.events.count) messages on the live stream")
            var whole = 0
            for number in away.indices {
                var track = away[number]
                try await track.connect(at: nodes.other)
                try await track.finish()
                let isWhole = track.isWhole("\(label)-\(number + 1)", 5)
                whole += isWhole ? 1 : 0
                #expect(isWhole || track.isOutcomeUnknown, "neither whole nor told: \(track.events.count)")
                #expect(try executions("\(label)-\(number + 1)", of: fleet) == 1)
            }
            print("\(whole) of \(away.count) streams were kept")
            #expect(whole < away.count, "the log was not full, so this tests nothing")
            #expect(try await live.call("counter") == "1")
        }

        /// Old and new key while rotating: all ids are good. The new one alone: ids of the old one are as unknown ones.
        @Test func idsOfAnEarlierKey() async throws {
            let fleet = try await Fleet.stateful.value
            let (old, new) = (Deployment.secret, "the-next-secret-of-the-tests-which-is-longer")
            let nodes = try await Deployment.start(.paired, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            #expect(try await peer.call("counter") == "1")
            var track = Track(peer, Track.count(label("key"), 2))
            try await track.connect(at: nodes.first)
            try await track.finish()
            for node in nodes.nodes { try await node.process.kill9() }

            let both = [
                try await nodes.restarted(0, secrets: [new, old]), try await nodes.restarted(1, secrets: [new, old]),
            ]
            try await Deployment.areJoined(both)
            #expect(try await peer.at(both[0]).call("counter") == "2")
            #expect(try await peer.at(both[1]).call("counter") == "3")
            let young = try await Peer.open(both[0].endpoint())
            for node in both { try await node.process.kill9() }

            let last = [try await nodes.restarted(0, secrets: [new]), try await nodes.restarted(1, secrets: [new])]
            try await Deployment.areJoined(last)
            for node in last {
                for (verb, body) in [("POST", Optional(Scene.ping)), ("GET", nil), ("DELETE", nil)] {
                    var headers = peer.headers
                    if verb == "GET", let id = track.lastID { headers.append(("Last-Event-ID", id)) }
                    let bytes = body.map { Array($0.utf8) }
                    let answer = try await HTTPAnswer.to(node.endpoint(), verb, headers, body: bytes)
                    #expect(answer.status == 404, "\(verb) with an id of the earlier key: \(answer.text)")
                }
                // An event id of the earlier key in a session of the new one.
                var headers = young.headers
                if let id = track.lastID { headers.append(("Last-Event-ID", id)) }
                #expect(try await HTTPAnswer.to(node.endpoint(), "GET", headers).status == 400)
            }
            #expect(try await young.at(last[0]).call("counter") == "1")
        }
    }
}
