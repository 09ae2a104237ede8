// How a connection comes into being: TCP, then TLS where the URL says so, then the request that waited for it. Until
// the request is written every failure is provably *not delivered*.
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import NIOTLS
internal import TransportAPI

extension UpstreamConnection {
    /// What a quiet connection keeps for reading; it grows while a large body is in flight.
    private static let receiveBuffer = AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: 65536)

    func connect(_ request: ExchangeRequest, for receiver: any ExchangeReceiver) {
        self.receiver = receiver
        state = .connecting(head: framed(request), body: request.body)
        let bound = NIOLoopBound(self, eventLoop: lane.loop)
        let tls = pool.instance.isTLS ? lane.upstream.tls : nil
        let name = lane.upstream.serverName ?? pool.instance.host
        let bootstrap = ClientBootstrap(group: lane.loop)
            .connectTimeout(lane.upstream.options.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.autoRead, value: false)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: Self.receiveBuffer)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        // An address literal is verified by the certificate's addresses and is never sent as SNI.
                        let literal = (try? SocketAddress(ipAddress: name, port: 0)) != nil
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: literal ? nil : name))
                    }
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
        let connected = pool.address.map { bootstrap.connect(to: $0) }
            ?? bootstrap.connect(host: pool.instance.host, port: pool.instance.port)
        connected.assumeIsolated().whenFailure { error in bound.value.connectFailed(error) }
        guard tls != nil else { return }
        lane.loop.assumeIsolated().scheduleTask(in: lane.upstream.options.connectTimeout) { [weak self] in
            self?.handshakeTimedOut()
        }
    }

    private func connectFailed(_ error: any Error) {
        let isTimeout = (error as? ChannelError).map { if case .connectTimeout = $0 { true } else { false } } ?? false
        fail(
            TransportError(
                isTimeout ? .timedOut : Self.code(error), .notDelivered,
                "No connection to \(pool.instance.authority): \(error)"))
        close()
    }

    private static func code(_ error: any Error) -> TransportError.Code {
        if let all = error as? NIOConnectionError, !all.connectionErrors.isEmpty {
            return all.connectionErrors.allSatisfy { code($0.error) == .refused } ? .refused : .unreachable
        }
        switch (error as? IOError)?.errnoCode {
        case ECONNREFUSED: return .refused
        // This machine is out of files, ports or memory: that is no verdict on the instance.
        case EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EAGAIN: return .overloaded
        default: return .unreachable
        }
    }

    private func handshakeTimedOut() {
        guard case .connecting = state else { return }
        fail(TransportError(.timedOut, .notDelivered, "No TLS handshake with \(pool.instance.authority) in time."))
        close()
    }

    func handlerAdded(context: ChannelHandlerContext) { if !isConnected { self.context = context } }

    func handlerRemoved(context: ChannelHandlerContext) { if self.context === context { self.context = nil } }

    func channelActive(context: ChannelHandlerContext) {
        // A name may have several addresses with an attempt each: the first to connect is the connection.
        guard !isConnected, !isClosed else { return context.close(promise: nil) }
        isConnected = true
        self.context = context
        context.read()
        if !pool.instance.isTLS { sendWaiting(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event { sendWaiting(context) }
    }

    private func sendWaiting(_ context: ChannelHandlerContext) {
        switch state {
        case .connecting(let head, let body): send(head, body, context)
        case .closed: context.close(promise: nil)
        default: break
        }
    }
}
