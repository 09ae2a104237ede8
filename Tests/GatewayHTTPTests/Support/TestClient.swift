// A client of one connection over an embedded channel, with a socket whose sending side a test can hold up.

import HTTPWire
import NIOCore
import NIOEmbedded

@testable import GatewayHTTP

final class TestClient {
    /// Stands where the socket would: holds back flushes on demand, and knows a half-closed state, which the embedded
    /// channel does not.
    final class HeldSocket: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var isHeld = false
        var closesOnFlush = false
        /// Called once, before the next flush does anything.
        var beforeFlush: (() -> Void)?
        private(set) var isOutputClosed = false
        private(set) var reads = 0
        private(set) var flushes = 0

        func read(context: ChannelHandlerContext) {
            reads += 1
            context.read()
        }

        func flush(context: ChannelHandlerContext) {
            flushes += 1
            let before = beforeFlush
            beforeFlush = nil
            before?()
            if closesOnFlush { return context.close(promise: nil) }
            if !isHeld { context.flush() }
        }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            guard mode == .output else { return context.close(mode: mode, promise: promise) }
            isOutputClosed = true
            promise?.succeed()
        }
    }

    let channel: EmbeddedChannel
    let socket = HeldSocket()
    let service: ScriptedService
    let table: ConnectionTable
    let connection: HTTP1Connection

    init(
        service: ScriptedService = ScriptedService(), table: ConnectionTable? = nil,
        loop: EmbeddedEventLoop = EmbeddedEventLoop(), options: (inout ListenerOptions) -> Void = { _ in }
    ) throws {
        channel = EmbeddedChannel(loop: loop)
        var own = ListenerOptions()
        options(&own)
        self.service = service
        let table = table ?? ConnectionTable(DoorLedger(own))
        self.table = table
        connection = HTTP1Connection(table: table, service: service)
        try channel.pipeline.syncOperations.addHandlers([socket, connection])
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.7", port: 1234)).wait()
    }

    deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

    var served: [ScriptedService.Served] { service.served }

    // MARK: The client's side

    /// What one read of the socket brings.
    func send(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

    /// Everything that has come back since the last call.
    func receive() throws -> String {
        var text = ""
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text
    }

    func setWritable(_ isWritable: Bool) {
        channel.isWritable = isWritable
        channel.pipeline.fireChannelWritabilityChanged()
    }

    /// Bytes that were written and that the client has not taken.
    var queuedBytes: Int { (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

    func leave() throws {
        try channel.close().wait()
        channel.embeddedEventLoop.run()
    }

    func pass(_ amount: TimeAmount) { connection.tick(now: .now() + amount) }

    var isOpen: Bool { channel.isActive }

    // MARK: Texts

    static func get(_ path: String = "/", _ lines: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(lines)\r\n"
    }

    static func post(_ body: String, _ lines: String = "", path: String = "/") -> String {
        "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\(lines)\r\n\(body)"
    }

    static func ok(_ body: String, _ lines: String = "") -> String {
        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(lines)\r\n\(body)"
    }
}
