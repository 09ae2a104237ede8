// A TCP relay between two members: records, alters, stalls and cuts what goes through it.
import NIOCore
import NIOPosix
import Synchronization

final class PeerRelay: Sendable {
    /// Which way bytes go: from the dialler, or back.
    enum Way: Sendable { case out, back }

    struct State: Sendable {
        /// Accepts and forwards.
        var isPassing = true
        /// Forwards nothing, but keeps connections.
        var isStalled = false
        /// How long everything is on its way, in each direction.
        var delay = TimeAmount.zero
        /// Changes the byte at this offset of a connection's way.
        var alters: (way: Way, offset: Int)?
        /// Sends nothing behind this offset of the way out, and ends the connection.
        var cutsAfter: Int?
        var connections = 0
        /// What went through the first connection.
        var recorded: [Way: ByteBuffer] = [:]
    }

    let state = Mutex(State())
    private let pairs = Mutex<[any Channel]>([])
    private let listener: any Channel

    var port: Int { listener.localAddress?.port ?? 0 }

    private init(listener: any Channel) { self.listener = listener }

    static func start(to port: Int, on group: any EventLoopGroup) async throws -> PeerRelay {
        let box = Mutex<PeerRelay?>(nil)
        let holder = Holder(box)
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { front in holder.relay?.accept(front, to: port) ?? front.close() }
            .bind(host: "127.0.0.1", port: 0).get()
        let relay = PeerRelay(listener: listener)
        holder.box.withLock { $0 = relay }
        return relay
    }

    private final class Holder: Sendable {
        let box: Mutex<PeerRelay?>
        init(_ box: consuming Mutex<PeerRelay?>) { self.box = box }
        var relay: PeerRelay? { box.withLock { $0 } }
    }

    private func accept(_ front: any Channel, to port: Int) -> EventLoopFuture<Void> {
        let (isPassing, number) = state.withLock { state -> (Bool, Int) in
            if state.isPassing { state.connections += 1 }
            return (state.isPassing, state.connections)
        }
        guard isPassing else { return front.close() }
        return front.eventLoop.makeCompletedFuture {
            let pump = Pump(self, .out, nil, number)
            try front.pipeline.syncOperations.addHandler(pump)
            let bound = NIOLoopBound(pump, eventLoop: front.eventLoop)
            ClientBootstrap(group: front.eventLoop)
                .channelInitializer { rear in
                    rear.eventLoop.makeCompletedFuture {
                        try rear.pipeline.syncOperations.addHandler(Pump(self, .back, front, number))
                    }
                }
                .connect(host: "127.0.0.1", port: port).whenComplete { result in
                    guard case .success(let rear) = result else { return front.close(promise: nil) }
                    self.pairs.withLock { $0 += [front, rear] }
                    bound.value.connected(rear)
                }
        }
    }

    /// Ends all connections. New ones are taken or not as `isPassing` says.
    func cut() async throws {
        let all = pairs.withLock { pairs in
            defer { pairs = [] }
            return pairs
        }
        for channel in all { try? await channel.close().get() }
    }

    /// Stops or goes on forwarding.
    func setStalled(_ isStalled: Bool) async throws {
        state.withLock { $0.isStalled = isStalled }
        for channel in pairs.withLock({ $0 }) {
            try? await channel.setOption(.autoRead, value: !isStalled).get()
            if !isStalled { channel.read() }
        }
    }

    func close() async throws {
        state.withLock { $0.isPassing = false }
        try await cut()
        try? await listener.close().get()
    }

    private final class Pump: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let relay: PeerRelay
        private let way: Way
        private var other: (any Channel)?
        private var early = ByteBuffer()
        private let number: Int
        private var offset = 0

        init(_ relay: PeerRelay, _ way: Way, _ other: (any Channel)?, _ number: Int) {
            self.relay = relay
            self.way = way
            self.other = other
            self.number = number
        }

        func connected(_ other: any Channel) {
            self.other = other
            other.writeAndFlush(early, promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            let count = bytes.readableBytes
            let cut = relay.state.withLock { state -> Int? in
                if number == 1 { state.recorded[way, default: ByteBuffer()].writeImmutableBuffer(bytes) }
                if let alters = state.alters, alters.way == way, (offset..<(offset + count)).contains(alters.offset) {
                    let place = bytes.readerIndex + alters.offset - offset
                    bytes.setInteger((bytes.getInteger(at: place, as: UInt8.self) ?? 0) ^ 0x01, at: place)
                }
                guard let cut = state.cutsAfter, way == .out, offset + count > cut else { return nil }
                return max(0, cut - offset)
            }
            offset += count
            if let cut, let rest = bytes.readSlice(length: cut) {
                let (own, other) = (context.channel, other)
                other?.writeAndFlush(rest).whenComplete { _ in
                    other?.close(promise: nil)
                    own.close(promise: nil)
                }
            } else {
                forward(&bytes, after: relay.state.withLock { $0.delay }, context)
            }
        }

        private func forward(_ bytes: inout ByteBuffer, after delay: TimeAmount, _ context: ChannelHandlerContext) {
            if delay > .zero {
                var late = bytes
                context.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.forward(&late) }
            } else {
                forward(&bytes)
            }
        }

        private func forward(_ bytes: inout ByteBuffer) {
            if let other {
                other.writeAndFlush(bytes, promise: nil)
            } else {
                early.writeBuffer(&bytes)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { other?.close(promise: nil) }
    }
}
