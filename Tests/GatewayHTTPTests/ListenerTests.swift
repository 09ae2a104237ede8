// The listener over real sockets: what an embedded channel cannot show, partial writes and closing behind them.

import GatewayCore
import HTTPWire
import NIOCore
import NIOPosix
import Testing

@testable import GatewayHTTP

@Suite struct ListenerTests {
    /// Answers each request with so many bytes as its path says; "/hold" is not answered.
    private final class SizedService: RequestService {
        var held: [any ResponseSink] = []

        func admit(_ head: RequestHead, _ block: ByteBuffer) -> Admission { .accept(bodyBytesMax: 1 << 20) }

        func serve(_ request: Request, to sink: any ResponseSink) -> (any ClientObserver)? {
            let path = request.block.withUnsafeReadableBytes {
                String(decoding: request.head.path.bytes(in: $0).dropFirst(), as: UTF8.self)
            }
            guard let count = Int(path) else {
                held.append(sink)
                return nil
            }
            sink.begin(status: 200, lines: ByteBuffer(), length: count)
            sink.write(ByteBuffer(repeating: 0x78, count: count))
            sink.end()
            return nil
        }
    }

    /// Collects what arrives until the connection ends; reads only when it is told to.
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var received = 0
        var head = ByteBuffer()
        var isReading: Bool
        let ended: EventLoopPromise<Int>

        init(_ loop: any EventLoop, isReading: Bool) {
            self.isReading = isReading
            ended = loop.makePromise()
        }

        func channelActive(context: ChannelHandlerContext) { if isReading { context.read() } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            if head.readableBytes < 200 { head.writeImmutableBuffer(bytes) }
            received += bytes.readableBytes
        }

        func channelReadComplete(context: ChannelHandlerContext) { if isReading { context.read() } }

        func handlerRemoved(context: ChannelHandlerContext) { ended.succeed(received) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private struct Connection {
        let channel: any Channel
        let collector: NIOLoopBound<Collector>

        func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

        func startReading() async throws {
            let (channel, collector) = (channel, collector)
            try await channel.eventLoop.submit {
                collector.value.isReading = true
                channel.read()
            }.get()
        }

        /// The bytes that have come so far.
        func received() async throws -> Int {
            let collector = collector
            return try await channel.eventLoop.submit { collector.value.received }.get()
        }

        /// The bytes that came until the end.
        func end() async throws -> Int {
            let collector = collector
            return try await channel.eventLoop.flatSubmit { collector.value.ended.futureResult }.get()
        }
    }

    private func connect(_ port: Int, isReading: Bool = true) async throws -> Connection {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let made = loop.submit { NIOLoopBound(Collector(loop, isReading: isReading), eventLoop: loop) }
        let collector = try await made.get()
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.autoRead, value: false)
            .channelOption(.socketOption(.so_rcvbuf), value: 4096)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(collector.value)
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return Connection(channel: channel, collector: collector)
    }

    private func withListener(
        loops: Int = 1, _ options: (inout ListenerOptions) -> Void = { _ in },
        _ body: (HTTPListener) async throws -> Void
    ) async throws {
        var own = ListenerOptions()
        options(&own)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        let listener = try await HTTPListener.bind(host: "127.0.0.1", port: 0, group: group, options: own) { _ in
            SizedService()
        }.get()
        do {
            try await body(listener)
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
        try await listener.stopAccepting().get()
        try await group.shutdownGracefully()
    }

    @Test func servesOnAFreePort() async throws {
        try await withListener(loops: 2) { listener in
            #expect(listener.port > 0)
            for _ in 0..<4 {
                let connection = try await connect(listener.port)
                try await connection.send(TestClient.get("/5", "Connection: close\r\n"))
                #expect(try await connection.end() == TestClient.ok("xxxxx", "Connection: close\r\n").utf8.count)
            }
        }
    }

    @Test func sendsALargeAnswerWholeBeforeItCloses() async throws {
        // Far above every buffer on the way, to a client that does not read until it is queued. The linger time
        // counts only from when the answer is out, or when nothing of it is taken any more.
        try await withListener({ $0.lingerTimeout = .seconds(1) }) { listener in
            let count = 20_000_000
            let connection = try await connect(listener.port, isReading: false)
            try await connection.send(TestClient.get("/\(count)", "Connection: close\r\n"))
            try await connection.startReading()
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\nConnection: close\r\n\r\n"
            #expect(try await connection.end() == count + head.utf8.count)
        }
    }

    @Test func sendsWhatWasQueuedBeforeADrain() async throws {
        try await withListener { listener in
            let count = 5_000_000
            let connection = try await connect(listener.port, isReading: false)
            try await connection.send(TestClient.get("/\(count)"))
            // The answer is queued once the listener has seen the request.
            while try await listener.connectionCount().get() < 1 {}
            listener.drain()
            try await connection.startReading()
            let received = try await connection.end()
            #expect(received == 0 || received > count)
        }
    }

    @Test func endsIdleConnectionsInADrain() async throws {
        try await withListener { listener in
            let idle = try await connect(listener.port)
            try await idle.send(TestClient.get("/3"))
            let answer = TestClient.ok("xxx").utf8.count
            while try await idle.received() < answer {}
            let busy = try await connect(listener.port)
            try await busy.send(TestClient.get("/hold"))
            while try await listener.connectionCount().get() < 2 {}
            listener.drain()
            #expect(try await idle.end() == answer)
            listener.closeWhenWritten()
            #expect(try await busy.end() == 0)
            while try await listener.connectionCount().get() > 0 {}
        }
    }

    @Test func takesAClientThatHalfClosesForGone() async throws {
        try await withListener { listener in
            let connection = try await connect(listener.port)
            try await connection.send(TestClient.get("/hold"))
            try await connection.channel.close(mode: .output).get()
            #expect(try await connection.end() == 0)
            while try await listener.connectionCount().get() > 0 {}
        }
    }

    @Test func takesAClientThatHalfClosesForGoneBehindReadAheadToo() async throws {
        // Something is read ahead, so nothing more is asked for; that the client ends its side is noticed all the same.
        try await withListener { listener in
            let connection = try await connect(listener.port)
            try await connection.send(TestClient.get("/hold") + TestClient.get("/1"))
            // So little that its end is not held up behind it by the system's buffers.
            try await connection.send(String(repeating: TestClient.get("/1"), count: 50))
            try await connection.channel.close(mode: .output).get()
            #expect(try await connection.end() == 0)
            while try await listener.connectionCount().get() > 0 {}
        }
    }

    @Test func closesWhoIsTooManyAtOnceAndServesWhoIsNot() async throws {
        try await withListener(loops: 2, { $0.connectionsMax = 3 }) { listener in
            var served: [Connection] = []
            for _ in 0..<3 {
                let connection = try await connect(listener.port)
                try await connection.send(TestClient.get("/3"))
                while try await connection.received() == 0 {}
                served.append(connection)
            }
            for _ in 0..<100 {
                let tooMany = try await connect(listener.port)
                // Its client ends nothing by itself.
                let received = try await tooMany.end()
                #expect(received > 0)
            }
            #expect(listener.counts[.full] == 100)
            #expect(listener.counts.connections == 3)
            for connection in served {
                let before = try await connection.received()
                try await connection.send(TestClient.get("/3"))
                while try await connection.received() == before {}
            }
        }
    }

    @Test func acceptsNoMoreWhenItHasStopped() async throws {
        try await withListener { listener in
            let port = listener.port
            try await listener.stopAccepting().get()
            try await listener.stopAccepting().get()
            await #expect(throws: (any Error).self) { try await connect(port) }
        }
    }

    @Test func saysThatAnAddressIsTaken() async throws {
        try await withListener { listener in
            let group = MultiThreadedEventLoopGroup.singleton
            await #expect(throws: (any Error).self) {
                try await HTTPListener.bind(
                    host: "127.0.0.1", port: listener.port, group: group, options: ListenerOptions()
                ) { _ in SizedService() }.get()
            }
        }
    }
}
