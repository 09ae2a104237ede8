// A listening socket whose connections are spread over event loops. It knows HTTP/1.1 and a service per loop, and
// nothing of MCP. TLS goes in front of `HTTP1Connection` in the same pipeline when it comes.
public import GatewayCore
public import NIOCore
internal import NIOPosix

/// A bound listener.
public final class HTTPListener: Sendable {
    /// What a client connection keeps for reading; it grows while a large body is in flight. NIO does not let go of it
    /// while the connection is idle.
    private static let receiveBuffer = AdaptiveRecvByteBufferAllocator(
        minimum: 1024, initial: 2048, maximum: HTTP1Connection.receivedBytesMax)

    private let ledger: DoorLedger
    private let loops: [Loop]
    private let channel: any Channel

    /// The listener's part on one event loop. Confined to it.
    private final class Loop: @unchecked Sendable {
        let loop: any EventLoop
        let table: ConnectionTable
        let service: any RequestService

        init(_ loop: any EventLoop, _ table: ConnectionTable, _ service: any RequestService) {
            self.loop = loop
            self.table = table
            self.service = service
        }
    }

    private init(_ ledger: DoorLedger, loops: [Loop], channel: any Channel) {
        self.ledger = ledger
        self.loops = loops
        self.channel = channel
    }

    /// Binds and begins to accept.
    /// - Parameter makeService: called once on each event loop.
    /// - Returns: the listener; fails when the address cannot be bound, or a service cannot be made.
    public static func bind(
        host: String, port: Int, group: any EventLoopGroup, options: ListenerOptions,
        makeService: @escaping @Sendable (any EventLoop) throws -> any RequestService
    ) -> EventLoopFuture<HTTPListener> {
        let ledger = DoorLedger(options)
        let parts = Array(group.makeIterator()).map { loop in
            loop.submit {
                let table = ConnectionTable(ledger, loop: loop)
                table.start(on: loop)
                ledger.join(LoopMember(loop, table))
                return Loop(loop, table, try makeService(loop))
            }
        }
        return EventLoopFuture.whenAllSucceed(parts, on: group.any()).flatMap { loops in
            bootstrap(group, ledger, loops).bind(host: host, port: port)
                .map { HTTPListener(ledger, loops: loops, channel: $0) }
        }
    }

    private static func bootstrap(
        _ group: any EventLoopGroup, _ ledger: DoorLedger, _ loops: [Loop]
    ) -> ServerBootstrap {
        let queuedBytesMax = ledger.options.queuedBytesMax
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptGate(ledger))
                }
            }
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: receiveBuffer)
            .childChannelOption(
                .writeBufferWaterMark,
                value: ChannelOptions.Types.WriteBufferWaterMark(
                    low: queuedBytesMax / 4, high: queuedBytesMax)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let part = loops.first(where: { $0.loop === channel.eventLoop }) else { return }
                    try channel.pipeline.syncOperations.addHandler(
                        HTTP1Connection(table: part.table, service: part.service))
                }
            }
    }

    /// The port that was bound: the free one that was found when 0 was asked for.
    public var port: Int { channel.localAddress?.port ?? 0 }

    /// What it holds, and whom it has turned away or cut off. May be asked from anywhere.
    public var counts: DoorCounts { ledger.counts }

    /// Every answer from now on ends its connection; idle connections end at once.
    public func drain() {
        for part in loops { part.loop.execute { part.table.drain() } }
    }

    /// Accepts no more. What is open goes on. Completes when the address is free; may be called twice.
    public func stopAccepting() -> EventLoopFuture<Void> {
        channel.close(promise: nil)
        return channel.closeFuture
    }

    /// Closes every connection once what was written to it is sent.
    public func closeWhenWritten() {
        for part in loops { part.loop.execute { part.table.closeWhenWritten() } }
    }

    /// Open connections on all event loops.
    public func connectionCount() -> EventLoopFuture<Int> {
        let counts = loops.map { part in part.loop.submit { part.table.count } }
        return EventLoopFuture.whenAllSucceed(counts, on: channel.eventLoop).map { $0.reduce(0, +) }
    }
}
