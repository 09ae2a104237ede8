// An instance over real sockets that answers with exactly the bytes a test gives it.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
import NIOCore
import NIOPosix
import Synchronization

final class InstanceServer: Sendable {
    /// What to do with a complete request.
    enum Reply: Sendable {
        case bytes(String)
        /// The pieces, each flushed on its own.
        case pieces([String])
        case bytesThenClose(String)
        /// Closes with a reset.
        case reset
        /// Says nothing.
        case silence
    }

    /// One complete request: on which connection, and what.
    struct Asked: Sendable {
        var connection: Int
        var text: String
    }

    private let state = Mutex(State())
    private let channel: any Channel
    let port: Int

    private struct State {
        var asked: [Asked] = []
        var connections: [Int: any Channel] = [:]
        var connectionCount = 0
    }

    private init(_ channel: any Channel) {
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    /// - Parameters:
    ///   - answersHeads: reply as soon as a request's head is there, whatever of its body has arrived.
    ///   - readsLate: read nothing of a connection until ``readOn(_:)``.
    static func start(
        on loop: any EventLoop, answersHeads: Bool = false, readsLate: Bool = false,
        _ reply: @escaping @Sendable (Int, String) -> Reply
    ) async throws -> InstanceServer {
        let shared = Holder()
        let channel = try await ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: !readsLate)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Conversation(shared, answersHeads: answersHeads, reply))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = InstanceServer(channel)
        shared.server.withLock { $0 = server }
        return server
    }

    fileprivate final class Holder: Sendable { let server = Mutex<InstanceServer?>(nil) }

    /// Requests so far, in order.
    var asked: [Asked] { state.withLock { $0.asked } }

    /// Connections that were ever accepted.
    var connectionCount: Int { state.withLock { $0.connectionCount } }

    /// Connections that are open.
    var openCount: Int { state.withLock { $0.connections.count } }

    /// Sends bytes that nobody asked for.
    func say(_ text: String, on connection: Int) async throws {
        let channel = state.withLock { $0.connections[connection] }
        try await channel?.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// Begins to read what was left unread.
    func readOn(_ connection: Int) async throws {
        let channel = state.withLock { $0.connections[connection] }
        try await channel?.setOption(.autoRead, value: true).get()
    }

    func close(_ connection: Int) async throws {
        let channel = state.withLock { $0.connections[connection] }
        try await channel?.close().get()
    }

    /// Resets every connection, and returns when that is done. For the thread of another loop, which must not wait for
    /// a future: it looks again and again.
    func resetAll() {
        for connection in state.withLock({ Array($0.connections.values) }) {
            Self.makeReset(connection)
            connection.close(promise: nil)
        }
        while openCount > 0 { sched_yield() }
    }

    /// From now on the channel's close is a reset.
    fileprivate static func makeReset(_ channel: any Channel) {
        _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }

    func stop() async throws {
        let open = state.withLock { Array($0.connections.values) }
        for connection in open { connection.close(promise: nil) }
        try await channel.close().get()
    }

    fileprivate func opened(_ channel: any Channel) -> Int {
        state.withLock {
            $0.connectionCount += 1
            $0.connections[$0.connectionCount] = channel
            return $0.connectionCount
        }
    }

    fileprivate func closed(_ number: Int) { state.withLock { $0.connections[number] = nil } }

    fileprivate func note(_ number: Int, _ text: String) -> Int {
        state.withLock {
            $0.asked.append(Asked(connection: number, text: text))
            return $0.asked.count
        }
    }

    private final class Conversation: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let shared: Holder
        private let answersHeads: Bool
        private let reply: @Sendable (Int, String) -> Reply
        private var number = 0
        private var text = ""

        init(_ shared: Holder, answersHeads: Bool, _ reply: @escaping @Sendable (Int, String) -> Reply) {
            self.shared = shared
            self.answersHeads = answersHeads
            self.reply = reply
        }

        private var server: InstanceServer? { shared.server.withLock { $0 } }

        func channelActive(context: ChannelHandlerContext) { number = server?.opened(context.channel) ?? 0 }

        func channelInactive(context: ChannelHandlerContext) { server?.closed(number) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            while let request = takeRequest() {
                let count = server?.note(number, request) ?? 0
                answer(reply(count, request), context)
            }
        }

        /// A request with its whole body, as its `Content-Length` says.
        private func takeRequest() -> String? {
            guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
            let head = text[..<end.upperBound]
            let length = head.lowercased().firstMatch(of: /content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
            let body = text[end.upperBound...].utf8
            guard body.count >= length || answersHeads else { return nil }
            let request = String(head) + String(decoding: body.prefix(length), as: UTF8.self)
            text = String(decoding: body.dropFirst(length), as: UTF8.self)
            return request
        }

        private func answer(_ reply: Reply, _ context: ChannelHandlerContext) {
            switch reply {
            case .bytes(let text): context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
            case .pieces(let pieces):
                for piece in pieces { context.writeAndFlush(NIOAny(ByteBuffer(string: piece)), promise: nil) }
            case .bytesThenClose(let text):
                context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
                context.close(promise: nil)
            case .reset:
                InstanceServer.makeReset(context.channel)
                context.close(promise: nil)
            case .silence: break
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
