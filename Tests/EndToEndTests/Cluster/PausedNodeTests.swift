// A node stands still for longer than it counts as alive, and then goes on as if nothing had been. What it still has in
// hand may neither run a call twice nor bring a client something old. Over every way in which nodes meet.
import Foundation
import Testing

extension Cluster {
    @Suite(.timeLimit(.minutes(5)))
    struct PausedNodeTests {
        /// What the node has in hand when it stops, each with a client of its own.
        private struct Held {
            /// A call whose client reads it at the first node.
            var moved: (track: Track, label: String)
            /// A call whose client stays.
            var loyal: (track: Track, label: String)
            /// A GET stream.
            var listening: Track
            /// A session that is deleted while the node does not hear of it.
            let ended: Peer

            init(_ nodes: Deployment) async throws {
                moved = try await Self.call("moved", at: nodes.other)
                moved.track.cut()
                try await moved.track.connect(at: nodes.first)
                loyal = try await Self.call("loyal", at: nodes.other)
                listening = try await Peer.open(nodes.other.endpoint()).listening(at: nodes.other)
                ended = try await Peer.open(nodes.other.endpoint())
            }

            private static func call(_ name: String, at node: Gateway) async throws -> (track: Track, label: String) {
                let label = label(name)
                var track = Track(try await Peer.open(node.endpoint()), Track.count(label, 6, hold: 2))
                try await track.connect(at: node)
                try await track.read(upTo: 2)
                return (track, label)
            }
        }

        @Test(arguments: Topology.allCases.filter { $0 != .single })
        func nodeThatStoodStillDoesNoHarm(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            var held = try await Held(nodes)
            var newer = Track(held.listening.peer, nil)
            let late = try await (Peer.open(nodes.other.endpoint()), Peer.open(nodes.other.endpoint()))
            let (waiting, abandoned) = (LoadedCall(), LoadedCall())
            var ending: CallLoad.Ending?
            let book = try await CallLoad.during(.sessions, fleet, at: nodes.nodes) { load in
                try await load.goesOn(100)
                try await Self.standsStill(nodes) {
                    // The kernel takes these calls for it. One client waits for the answer.
                    async let end = waiting.ending(in: late.0, at: [nodes.other], from: 0)
                    try await Self.abandons(abandoned.body, late.1)
                    #expect(try await held.ended.at(nodes.first).send("DELETE").status == 200)
                    for (track, label) in [held.moved, held.loyal] {
                        try await track.peer.at(nodes.first).release(label)
                        try await finished(label, of: fleet)
                    }
                    // Where the node itself holds the server's GET stream, the server refuses a second one.
                    try? await newer.connect(at: nodes.first)
                    nodes.other.process.send(SIGCONT)
                    ending = await end
                }
                try await load.goesOn(100)
            }
            print("\(topology) with a node that stood still: \(book)")
            #expect(book.offences == [], "\(book.offences)")
            try await nodes.areJoined()
            let lateOnes = try CallBook([waiting.label: try #require(ending), abandoned.label: .cut("")], fleet)
            print("calls that came meanwhile, of which one was abandoned: \(lateOnes)")
            #expect(lateOnes.offences == [], "\(lateOnes.offences)")
            try await Self.endsOnce(held.moved, nodes, fleet)
            try await Self.endsOnce(held.loyal, nodes, fleet)
            try await until("the end of a session, of which the node could not hear") {
                let answer = try await held.ended.at(nodes.other).post(Scene.ping)
                #expect(answer.status != 200, "what has ended came back: \(answer.text)")
                return answer.status == 404
            }
            try await Self.comesOnce(&held.listening, &newer, nodes)
        }

        /// Stops the last node until the first one has given it up; `meanwhile` lets it go on.
        private static func standsStill(_ nodes: Deployment, _ meanwhile: () async throws -> Void) async throws {
            let members = try await nodes.first.metric("patchbay_members") ?? 0
            nodes.other.process.send(SIGSTOP)
            defer { nodes.other.process.send(SIGCONT) }
            try await until("the node's absence") { try await nodes.first.metric("patchbay_members") ?? 0 < members }
            try await meanwhile()
            try await until("the node's return\n\(nodes.logs)") {
                try await nodes.first.metric("patchbay_members") == members
            }
        }

        /// Sends a request and goes away before there is an answer.
        private static func abandons(_ body: String, _ peer: Peer) async throws {
            let connection = try RawConnection(to: peer.endpoint.port)
            await connection.send(
                HTTPAnswer.request(peer.endpoint, "POST", peer.headers, body: Array(body.utf8)))
            connection.abandon()
        }

        /// Whole, or cut off by the one error; whatever comes, it comes once and in order.
        private static func endsOnce(
            _ call: (track: Track, label: String), _ nodes: Deployment, _ fleet: Fleet
        ) async throws {
            var (track, label) = call
            await track.drain()
            if !track.isWhole(label, 6), !track.isOutcomeUnknown {
                try await track.connect(at: nodes.first)
                try await track.finish()
            }
            let numbers = track.numbers(label)
            #expect(numbers == Array(Array(1...6).prefix(numbers.count)), "\(track.payloads)")
            #expect(track.isWhole(label, 6) || track.isOutcomeUnknown, "\(track.payloads)")
            #expect(try executions(label, of: fleet) == 1, "the tool ran again")
            print("\(label): \(numbers.count) of 6 messages, then \(track.payloads.last ?? "")")
        }

        /// The newer of two GET streams of a session hears the server, the older one ends, and nothing comes on both.
        private static func comesOnce(_ older: inout Track, _ newer: inout Track, _ nodes: Deployment) async throws {
            if newer.lastID == nil { try await newer.connect(at: nodes.first) }
            let peer = older.peer.at(nodes.first)
            let label = label("after")
            let sending = Task {
                for _ in 0... {
                    _ = try await peer.call("announce", #"{"label":"\#(label)"}"#)
                    try await Task.sleep(for: .milliseconds(200))
                }
            }
            defer { sending.cancel() }
            while newer.numbers(label).isEmpty {
                guard try await newer.next() != nil else { throw Overdue(description: "it ended: \(newer.payloads)") }
            }
            do {
                try await older.finish()
            } catch {
                #expect("\(error)".contains("closed"), "the older stream goes on: \(error)")
            }
            #expect(older.numbers(label) == [], "\(older.payloads)")
        }
    }
}
