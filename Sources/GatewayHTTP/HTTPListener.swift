// A listening socket whose connections are spread over event loops. It knows HTTP/1.1 and a service per loop, and
// nothing of MCP. TLS goes in front of `HTTP1Connection` in the same pipeline when it comes.
public import GatewayCore
public import NIOCore
internal import NIOPosix

/// A bound listener.
public final class HTTPListener: Sendable {
    /// What a client connection keeps for reading; it grows while a large body is in flight.
    private static let receiveBuffer = AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: 65536)

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

    private init(loops: [Loop], channel: any Channel) {
        self.loops = loops
        self.channel = channel
    }

    /// Binds and begins to accept.
    /// - Parameter makeService: called once on each event loop.
    /// - Throws: when the address cannot be bound, or a service cannot be made.
    public static func bind(
        host: String, port: Int, group: any EventLoopGroup, options: ListenerOptions,
        makeService: @escaping @Sendable (any EventLoop) throws -> any RequestService
    ) async throws -> HTTPListener {
        var loops: [Loop] = []
        let all = Array(group.makeIterator())
        for loop in all {
            loops.append(
                try await loop.submit {
                    let table = ConnectionTable(options: options, connectionsMax: options.connectionsMax / all.count)
                    table.start(on: loop)
                    return Loop(loop, table, try makeService(loop))
                }.get())
        }
        let parts = loops
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: receiveBuffer)
            .childChannelOption(
                .writeBufferWaterMark,
                value: ChannelOptions.Types.WriteBufferWaterMark(
                low: options.queuedBytesMax / 4, high: options.queuedBytesMax))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let part = parts.first(where: { $0.loop === channel.eventLoop }) else { return }
                    try channel.pipeline.syncOperations.addHandler(
                        HTTP1Connection(table: part.table, service: part.service))
                }
            }
            .bind(host: host, port: port).get()
        return HTTPListener(loops: loops, channel: channel)
    }

    /// The port that was bound: the free one that was found when 0 was asked for.
    public var port: Int { channel.localAddress?.port ?? 0 }

    /// Every answer from now on ends its connection; idle connections end at once.
    public func drain() {
        for part in loops { part.loop.execute { part.table.drain() } }
    }

    /// Accepts no more. What is open goes on.
    public func stopAccepting() async { try? await channel.close().get() }

    /// Closes every connection once what was written to it is sent, within the linger time.
    public func closeWhenWritten() async {
        for part in loops { try? await part.loop.submit { part.table.closeWhenWritten() }.get() }
        let end = ContinuousClock.now + .seconds(2)
        while await connectionCount() > 0, ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Open connections on all event loops.
    public func connectionCount() async -> Int {
        var count = 0
        for part in loops { count += (try? await part.loop.submit { part.table.count }.get()) ?? 0 }
        return count
    }
}
