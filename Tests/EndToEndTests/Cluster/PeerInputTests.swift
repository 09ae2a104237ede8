// What reaches a node's cluster port and is not from a member: garbage, other secrets, members' own words repeated. It
// is refused, the node says so, and its members and their sessions do not notice.
import Foundation
import TestSupport
import Testing

extension Cluster {
    @Suite(.timeLimit(.minutes(5)))
    struct PeerInputTests {
        private static let garbage: [(name: String, bytes: [UInt8])] = [
            ("nothing", []), ("a line", Array("hello\r\n".utf8)), ("zeros", [UInt8](repeating: 0, count: 4096)),
            ("ones", [UInt8](repeating: 0xFF, count: 4096)),
            ("GET", Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)),
            ("GET of the metrics", Array("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)),
            (
                "POST of MCP",
                HTTPAnswer.request(Endpoint(port: 1), "POST", Peer.usual, body: Array(Peer.initialize().utf8))
            ),
            ("a head without end", Array("POST /a HTTP/1.1\r\nX: ".utf8) + [UInt8](repeating: 0x61, count: 1 << 20)),
            ("an upgrade", Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: patchbay\r\n\r\n".utf8)),
            ("a large length", [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0] + [UInt8](repeating: 0x41, count: 64)),
            ("a TLS hello", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01] + [UInt8](repeating: 7, count: 512)),
            ("megabytes", [UInt8](repeating: 0x42, count: 8 << 20)),
        ]

        @Test func garbageIsRefused() async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(.paired, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            let before = try nodes.other.residentBytes()
            // All of one kind, and connections that say nothing at all.
            let silent = try (1...50).map { _ in try RawConnection(to: nodes.clusterPorts[1]) }
            for (name, bytes) in Self.garbage {
                for _ in 1...5 {
                    let connection = try RawConnection(to: nodes.clusterPorts[1])
                    await connection.send(bytes)
                    connection.finishSending()
                    try await Self.seesEnd(connection, name)
                }
                #expect(try await peer.at(nodes.other).post(Scene.ping).status == 200, "after \(name)")
                try nodes.mustBeAlive()
            }
            var random = SystemRandomNumberGenerator()
            for _ in 1...100 {
                let bytes = (0..<Int.random(in: 1...512, using: &random)).map { _ in UInt8.random(in: 0...255) }
                let connection = try RawConnection(to: nodes.clusterPorts[1])
                await connection.send(bytes)
                connection.finishSending()
                try await Self.seesEnd(connection, "\(bytes)")
            }
            let growth = try nodes.other.residentBytes() - before
            #expect(growth < 64 << 20, "the node grew by \(growth >> 20) MiB")
            try await Self.works(peer, nodes, fleet)
            #expect(silent.count == 50)
        }

        /// The other side closes, however it likes; what it says before is its affair.
        private static func seesEnd(_ connection: RawConnection, _ what: String) async throws {
            var received = 0
            while let bytes = try? await connection.receive(within: .seconds(20)), !bytes.isEmpty {
                received += bytes.count
                if received > 64 << 10 { throw Overdue(description: "\(what) was answered with \(received) bytes") }
            }
        }

        /// A call that begins at one node and is resumed at the other, and a question in between.
        private static func works(_ peer: Peer, _ nodes: Deployment, _ fleet: Fleet) async throws {
            let label = label("works")
            var track = Track(peer, Track.count(label, 4, hold: 2))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 2)
            track.cut()
            try await peer.at(nodes.other).release(label)
            try await track.connect(at: nodes.other)
            try await track.finish()
            #expect(track.isWhole(label, 4), "\(track.payloads)")
            #expect(try executions(label, of: fleet) == 1)
        }

        /// Each byte of what members say is authenticated: one changed bit ends the connection and nothing worse.
        @Test func garbledMessagesAreNoticed() async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(
                .paired, [Publication(servers: fleet.servers)], Deployment.Plan(isWired: true))
            let peer = try await Peer.open(nodes.first.endpoint())
            for round in 1...4 {
                let label = label("garbled-\(round)")
                var track = Track(peer, Track.count(label, 8, hold: 2))
                try await track.connect(at: nodes.first)
                try await track.read(upTo: 2)
                track.cut()
                try await nodes.wires[round % 2].garble()
                try await peer.release(label)
                // What was garbled may be just the messages of this resume: then it is cut, and comes again.
                try await until("the whole call") {
                    do {
                        try await track.connect(at: nodes.other)
                        try await track.finish()
                    } catch {
                        track.cut()
                        return false
                    }
                    return track.messages.last?["result"] != .null
                }
                #expect(track.isWhole(label, 8), "\(track.payloads)")
                #expect(try executions(label, of: fleet) == 1)
            }
            try nodes.mustBeAlive()
            try await Self.works(peer, nodes, fleet)
        }

        /// Everything that one node has ever said to the other is said again by somebody else.
        @Test func replayedMessagesDoNothing() async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(
                .paired, [Publication(servers: fleet.servers)], Deployment.Plan(isWired: true))
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("replayed")
            var track = Track(peer, Peer.call("elicit", #"{"label":"\#(label)"}"#, id: 7))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 1)
            track.cut()
            try await track.connect(at: nodes.other)
            try await peer.at(nodes.other).answer(track.messages[0]["id"])
            try await track.finish()
            #expect(track.events.count == 2, "\(track.payloads)")
            for node in nodes.nodes { #expect(try await peer.at(node).post(Peer.call("counter")).status == 200) }
            let gone = try await Peer.open(nodes.first.endpoint())
            #expect(try await gone.at(nodes.other).send("DELETE").status == 200)

            for wire in nodes.wires {
                let (connections, answered) = try await wire.replay()
                print("\(connections) connections were repeated; the node answered with \(answered) bytes")
                #expect(connections > 0, "nothing went over this wire")
            }
            #expect(try await peer.call("counter") == "3")
            #expect(try await gone.post(Scene.ping).status == 404)
            #expect(try executions(label, of: fleet) == 1)
            #expect(try fleet.executions(label).count { $0.hasSuffix(" accept") } == 1)
            try nodes.mustBeAlive()
            try await Self.works(peer, nodes, fleet)
        }

        @Test func nodeWithAnotherSecretStaysOutside() async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(.paired, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            let other = "another-secret-of-the-right-length-and-more"
            let file = try Gateway.configuration(
                [Publication(servers: fleet.servers).upstream()],
                try Meeting.member(try FreePort.take(), peers: nodes.clusterPorts, [other]))
            let stranger = try await Gateway(["serve", "--config", file])
            _ = try await stranger.process.line("a word about the secret", of: \.errors) { $0.contains("secret") }
            try await until("a word about the secret at the nodes") {
                nodes.nodes.contains { node in node.process.errors.lines.contains { $0.contains("secret") } }
            }
            #expect(try await peer.at(stranger).post(Scene.ping).status == 404)
            let theirs = try await Peer.open(stranger.endpoint())
            for node in nodes.nodes { #expect(try await theirs.at(node).post(Scene.ping).status == 404) }
            #expect(!stranger.process.errors.text.contains(other) && !nodes.logs.contains(Deployment.secret))
            // It says so now and then, not all the time.
            #expect(nodes.first.process.errors.count < 200, "\(nodes.first.process.errors.tail())")
            try await Self.works(peer, nodes, fleet)
        }

        @Test func attachmentWithAnotherSecretBringsNothing() async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(.attached, before: [fleet.servers[0]])
            let stranger = try Attachment(
                fleet.servers[1], to: "main", over: .peers(nodes.clusterPorts),
                secret: "another-secret-of-the-right-length-and-more")
            _ = try await stranger.process.line("a word about the secret", of: \.errors) { $0.contains("secret") }
            for node in nodes.nodes {
                #expect(try await node.metric("patchbay_instance_up") == 1)
                for _ in 1...5 {
                    #expect(try await Peer.open(node.endpoint()).call("whoami") == fleet.servers[0].name)
                }
            }
        }
    }
}
