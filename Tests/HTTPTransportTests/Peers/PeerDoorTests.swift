// The port for links as strangers and operators find it, and links to oneself and over two addresses.
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing
import TransportAPI

@testable import HTTPTransport

@Suite("Port for links", .timeLimit(.minutes(1)))
struct PeerDoorTests {
    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let text = Mutex("")
        let isClosed = Mutex(false)

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            text.withLock { $0 += String(buffer: bytes) }
        }

        func channelInactive(context: ChannelHandlerContext) { isClosed.withLock { $0 = true } }
    }

    private func connect(_ bench: PeerBench, _ peer: Peer) async throws -> (any Channel, Collector) {
        let collector = Collector()
        let channel = try await ClientBootstrap(group: bench.group)
            .channelInitializer { $0.pipeline.addHandler(collector) }
            .connect(host: "127.0.0.1", port: peer.address.port).get()
        return (channel, collector)
    }

    private func answer(_ bench: PeerBench, _ peer: Peer, _ request: String) async throws -> String {
        let (channel, collector) = try await connect(bench, peer)
        try await channel.writeAndFlush(ByteBuffer(string: request)).get()
        try await eventually("the connection is closed") { collector.isClosed.withLock { $0 } }
        return collector.text.withLock { $0 }
    }

    @Test("Whoever asks for something else is told what this port is")
    func otherRequests() async throws {
        let upgrade = "Connection: Upgrade\r\nUpgrade: patchbay-peer\r\n"
        let requests = [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404),
            ("GET /patchbay/peer/2 HTTP/1.1\r\nHost: x\r\n\(upgrade)\r\n", 404),
            ("GET /patchbay/peer/1?a HTTP/1.1\r\nHost: x\r\n\(upgrade)\r\n", 404),
            ("POST /patchbay/peer/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\(upgrade)\r\n", 405),
            ("GET /patchbay/peer/1 HTTP/1.1\r\nHost: x\r\n\r\n", 426),
            ("GET /patchbay/peer/1 HTTP/1.1\r\nHost: x\r\nUpgrade: patchbay-peer\r\n\r\n", 426),
            ("GET /patchbay/peer/1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 426),
            ("GET /patchbay/peer/1 HTTP/1.0\r\nHost: x\r\n\(upgrade)\r\n", 400),
            ("GET /patchbay/peer/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\(upgrade)\r\nabc", 400),
            ("GET /patchbay/peer/1 HTTP/1.1\n\n", 400),
            ("GET /\(String(repeating: "a", count: 5000)) HTTP/1.1\r\nHost: x\r\n\r\n", 431),
            ("\u{16}\u{3}\u{1}\r\n\r\n", 400),
        ]
        try await PeerBench.run { bench in
            let node = try await bench.start("node", PeerBench.options())
            for (request, status) in requests {
                let text = try await answer(bench, node, request)
                #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(request.prefix(60)): \(text.prefix(40))")
                #expect(text.contains("links between Patchbay nodes"), "\(request.prefix(60))")
            }
            // One line for one address in a while, whatever it asks.
            #expect((1..<requests.count).contains(bench.lines.count("no peer:")))
        }
    }

    @Test("Who says nothing is dropped, and who waits holds up nobody")
    func slowDiallers() async throws {
        try await PeerBench.run { bench in
            var options = PeerBench.options()
            options.handshakeTimeout = .milliseconds(300)
            options.handshakesMax = 4
            let node = try await bench.start("node", options)
            var silent: [Collector] = []
            for index in 0..<8 {
                let (channel, collector) = try await connect(bench, node)
                let part = [
                    "", "GET /patch", PeerHeads.request(to: node.address),
                    PeerHeads.request(to: node.address) + "\0\0\0",
                ][index % 4]
                try? await channel.writeAndFlush(ByteBuffer(string: part)).get()
                silent.append(collector)
            }
            try await eventually("all are dropped") { silent.allSatisfy { $0.isClosed.withLock { $0 } } }
            let other = try await bench.start("other", PeerBench.options(.attachment, peers: [node.address]))
            try await eventually("there is room again") {
                (try? other.bus.publish(.numbered(1), to: node.inbox)) != nil
            }
        }
    }

    @Test("However many say nothing, a peer gets in")
    func crowd() async throws {
        try await PeerBench.run { bench in
            var options = PeerBench.options()
            options.handshakeTimeout = .seconds(30)
            options.handshakesMax = 4
            let node = try await bench.start("node", options)
            var silent: [Collector] = []
            for _ in 0..<12 { silent.append(try await connect(bench, node).1) }
            let other = try await bench.start("other", PeerBench.options(.attachment, peers: [node.address]))
            try other.bus.publish(.numbered(1), to: node.inbox)
            try await eventually("the oldest went") { silent.count { $0.isClosed.withLock { $0 } } >= 8 }
        }
    }

    @Test("A wrong secret is said on both sides, once, with the peer's address")
    func wrongSecret() async throws {
        try await PeerBench.run { bench in
            let node = try await bench.start("node", PeerBench.options())
            var options = PeerBench.options(.attachment, peers: [node.address])
            options.secrets = [Array("another secret of 32 letters....".utf8)]
            let stranger = try await bench.start("stranger", options)
            try await eventually("both say so") { bench.lines.count("wrong secret") >= 2 }
            // It is tried again and again, without further lines.
            try await eventually("it is tried again") { try await stranger.nodes() == 0 }
            try await Task.sleep(for: .milliseconds(300))
            let said = bench.lines.all.filter { $0.hasPrefix("warning") && $0.contains("wrong secret") }
            #expect(said.count == 2, "\(said)")
            #expect(said.contains { $0.contains("address=\(node.address)") })
            #expect(said.contains { $0.contains("address=127.0.0.1 ") })
            #expect(try await node.nodes() == 1)
        }
    }

    @Test("One's own address is recognised, and a second address of a peer makes no second link")
    func itself() async throws {
        try await PeerBench.run { bench in
            let peers = try await bench.mesh(2)
            #expect(try await peers[0].nodes() == 2)
            for peer in peers {
                let other = peers[peer.id == peers[0].id ? 1 : 0]
                let names = PeerSource.addresses([
                    peer.address, other.address, PeerAddress(host: "localhost", port: other.address.port),
                ])
                try await peer.cluster.setPeers(names).get()
            }
            let network = peers[0].cluster.network
            let links = try await peers[0].cluster.loop.submit { network.links.values.filter(\.isOpen).count }.get()
            #expect(links == 2)
            #expect(bench.lines.count("warning") == 0, "\(bench.lines.all.filter { $0.hasPrefix("warning") })")
        }
    }

    @Test("A name is resolved to all its addresses")
    func name() async throws {
        try await PeerBench.run { bench in
            let node = try await bench.start("node", PeerBench.options())
            var options = PeerBench.options(.attachment)
            options.peers = .dns(name: "localhost", port: node.address.port)
            let attachment = try await bench.start("beside", options)
            try attachment.bus.publish(.numbered(1), to: node.inbox)
            options.peers = .dns(name: "no-such-name.invalid", port: 1)
            _ = try await bench.start("lost", options)
            try await eventually("the operator is told") { bench.lines.count("no-such-name.invalid") >= 1 }
        }
    }

    @Test("A port that is taken is an error that says so; closing works then too, and twice")
    func takenPort() async throws {
        try await PeerBench.run { bench in
            let node = try await bench.start("node", PeerBench.options())
            var options = PeerBench.options()
            options.listen = node.address
            let late = try bench.make("late", options)
            let error = await #expect(throws: HTTPClusterError.self) {
                try await late.cluster.start(on: bench.group.next()).get()
            }
            #expect(error?.description.contains("\(node.address)") == true)
            try await late.close()
            try await late.close()
        }
    }

    @Test("Impossible settings are refused at the start")
    func impossible() async throws {
        try await PeerBench.run { bench in
            for change: (inout HTTPClusterOptions) -> Void in [
                { $0.secrets = [] }, { $0.secrets = [[]] }, { $0.goneAfter = $0.heartbeat },
                { $0.frameBytesMax = 1000 }, { $0.queueBytesMax = 1000 }, { $0.copyTimeout = .seconds(5) },
            ] {
                var options = PeerBench.options()
                change(&options)
                let peer = try bench.make("node", options)
                await #expect(throws: HTTPClusterError.self) {
                    try await peer.cluster.start(on: bench.group.next()).get()
                }
            }
        }
    }

    @Test("Peers that are down do not hold up the start, and are linked when they come")
    func laterPeer() async throws {
        try await PeerBench.run { bench in
            let free = PeerAddress(host: "127.0.0.1", port: try FreePort.take())
            // A start that is held up does not end within the test's time.
            var patient = PeerBench.options(peers: [free])
            patient.startWithin = .minutes(5)
            let second = try await bench.start("second", patient)
            var options = PeerBench.options(peers: [second.address])
            options.listen = free
            let back = try await bench.start("first", options)
            try second.bus.publish(.numbered(1), to: back.inbox)
            try back.bus.publish(.numbered(1), to: second.inbox)
        }
    }
}
