// Strangers flood the port for links over real sockets while members link.
import NIOCore
import NIOPosix
import Synchronization
import Testing
import TransportAPI

@testable import HTTPTransport

@Suite("Flooded port for links", .serialized, .timeLimit(.minutes(1)))
struct PeerFloodTests {
    /// Connections to one port, made one after the other as fast as that goes.
    private final class Flood: Sendable {
        /// Connections that are open at once. The oldest is closed for a new one.
        private static let openMax = 400

        private let count = Mutex(0)

        /// Connections so far.
        var made: Int { count.withLock { $0 } }

        /// Runs `body` under a flood, which ends however `body` does.
        /// - Parameters:
        ///   - source: the address that the connections come from.
        ///   - words: what each says at once.
        static func run(
            _ bench: PeerBench, to port: Int, from source: String, saying words: String = "",
            _ body: (Flood) async throws -> Void
        ) async throws {
            let flood = Flood()
            let bootstrap = ClientBootstrap(group: bench.receivers)
                .bind(to: try SocketAddress(ipAddress: source, port: 0))
            let task = Task { await flood.go(bootstrap, port, words) }
            do {
                try await body(flood)
            } catch {
                task.cancel()
                await task.value
                throw error
            }
            task.cancel()
            await task.value
        }

        private func go(_ bootstrap: ClientBootstrap, _ port: Int, _ words: String) async {
            var open: [any Channel] = []
            while !Task.isCancelled {
                let connected = bootstrap.connect(host: "127.0.0.1", port: port)
                guard let channel = try? await connected.get() else { continue }
                if !words.isEmpty { channel.writeAndFlush(ByteBuffer(string: words), promise: nil) }
                open.append(channel)
                if open.count > Self.openMax { open.removeFirst().close(promise: nil) }
                count.withLock { $0 += 1 }
            }
            for channel in open { try? await channel.close().get() }
        }
    }

    /// Two nodes link while the first one's port is flooded, over a way that takes its time.
    private func expectLink(
        _ bench: PeerBench, from source: String, delay: TimeAmount, saying words: (PeerAddress) -> String = { _ in "" }
    ) async throws {
        let first = try await bench.start("first", PeerBench.options())
        let relay = try await PeerRelay.start(to: first.address.port, on: bench.group)
        relay.state.withLock { $0.delay = delay }
        try await Flood.run(bench, to: first.address.port, from: source, saying: words(first.address)) { flood in
            try await eventually("the room is full") { flood.made > 300 }
            var options = PeerBench.options(peers: [PeerAddress(host: "127.0.0.1", port: relay.port)])
            options.startWithin = .milliseconds(1)
            let second = try await bench.start("second", options)
            try await first.cluster.setPeers(.addresses([second.address])).get()
            try await eventually("both are linked") {
                let counts = (try await first.nodes(), try await second.nodes())
                return counts == (2, 2)
            }
            try await eventually("envelopes flow") { (try? second.bus.publish(.numbered(1), to: first.inbox)) != nil }
            try first.bus.publish(.numbered(1), to: second.inbox)
        }
        try await relay.close()
    }

    @Test("Silence from another address keeps no far node out")
    func silent() async throws {
        try await PeerBench.run { try await expectLink($0, from: "127.0.0.2", delay: .milliseconds(60)) }
    }

    @Test("Nor do strangers that ask for a link and then say nothing")
    func halfway() async throws {
        try await PeerBench.run { bench in
            try await expectLink(bench, from: "127.0.0.2", delay: .milliseconds(60)) { PeerHeads.request(to: $0) }
        }
    }

    @Test("Silence from the node's own address does not either")
    func sameAddress() async throws {
        try await PeerBench.run { try await expectLink($0, from: "127.0.0.1", delay: .zero) }
    }

    @Test("A connection that said what was awaited outlives a flood from its own address")
    func speaker() async throws {
        try await PeerBench.run { bench in
            let node = try await bench.start("node", PeerBench.options())
            let words = Mutex(ByteBuffer())
            let channel = try await ClientBootstrap(group: bench.receivers)
                .channelInitializer { channel in
                    channel.pipeline.addHandler(Ear { bytes in words.withLock { _ = $0.writeImmutableBuffer(bytes) } })
                }
                .connect(host: "127.0.0.1", port: node.address.port).get()
            try await channel.writeAndFlush(ByteBuffer(string: PeerHeads.request(to: node.address))).get()
            try await eventually("it may say hello") { words.withLock { $0.readableBytes } > 0 }
            let member = try #require(MemberID(name: "beside", incarnation: 77))
            let secret = PeerSecret(PeerBench.secret)
            let nonce = [UInt8](repeating: 1, count: PeerHello.nonceCount)
            let hello = PeerHello(role: .attachment, member: member, nonce: nonce, secrets: [secret.id]).encode()
            var bytes = ByteBuffer(integer: UInt32(hello.readableBytes))
            bytes.writeImmutableBuffer(hello)
            try await Flood.run(bench, to: node.address.port, from: "127.0.0.1") { flood in
                try await eventually("many came behind it") { flood.made > 600 }
                #expect(channel.isActive)
                try await channel.writeAndFlush(bytes).get()
                try await eventually("it is answered") {
                    words.withLock { $0.readableBytes } > PeerHeads.accepted.utf8.count + hello.readableBytes
                }
            }
        }
    }

    private final class Ear: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let hear: @Sendable (ByteBuffer) -> Void

        init(_ hear: @escaping @Sendable (ByteBuffer) -> Void) { self.hear = hear }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { hear(unwrapInboundIn(data)) }
    }

    @Test("The port takes connections again after a flood, and keeps nothing of it")
    func afterwards() async throws {
        try await PeerBench.run { bench in
            var options = PeerBench.options()
            options.handshakeTimeout = .milliseconds(200)
            let node = try await bench.start("node", options)
            let network = node.cluster.network
            func newcomers() async throws -> Int {
                try await node.cluster.loop.submit { network.newcomers.count }.get()
            }
            try await Flood.run(bench, to: node.address.port, from: "127.0.0.2") { flood in
                try await eventually("many came") { flood.made > 1000 }
                #expect(try await newcomers() <= options.handshakesPerAddressMax)
            }
            try await eventually("all are gone") { try await newcomers() == 0 }
            let other = try await bench.start("other", PeerBench.options(.attachment, peers: [node.address]))
            try await eventually("a peer gets in") { (try? other.bus.publish(.numbered(1), to: node.inbox)) != nil }
        }
    }
}
