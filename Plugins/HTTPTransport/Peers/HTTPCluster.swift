// A cluster without a broker: every node has a link to every other, and attachments have one to each node. This is the
// part that others see; the work is done by `PeerNetwork`, `PeerBus` and `PeerDirectory`.
internal import Logging
public import NIOCore
internal import NIOPosix
internal import Synchronization
public import TransportAPI

/// Joins nodes and attachments by links of their own: HTTP/1.1 connections that are upgraded to sealed frames.
///
/// Beyond the contract: `everyone` and topics of an attachment reach the nodes that it is linked with and no other
/// attachment. ``directory`` says `unknown` where it cannot know. There is no log: streams are kept by their host.
public final class HTTPCluster: ClusterTransport {
    private let options: HTTPClusterOptions
    private let peerBus: PeerBus
    let peerDirectory: PeerDirectory
    let network: PeerNetwork
    let loop: any EventLoop
    let life = Mutex(Life())

    /// Connections that the system keeps until they are accepted. Beyond, it drops the beginning of a connection, and a
    /// peer that is dropped comes again after a second only.
    private static let backlog: CInt = 1024
    /// Connections accepted in one turn of the loop.
    private static let acceptedPerTurn: UInt = 16

    struct Life {
        var listener: (any Channel)?
        var closed: EventLoopFuture<Void>?
    }

    /// - Parameter context: all links live on one loop of its group.
    public init(context: TransportContext, options: HTTPClusterOptions) {
        self.options = options
        loop = context.group.next()
        peerBus = PeerBus(own: context.member, options: options)
        network = PeerNetwork(
            own: context.member, options: options, loop: loop, bus: peerBus, logger: context.logger)
        peerDirectory = PeerDirectory(network: network)
        network.directory = peerDirectory
    }

    public var bus: (any MessageBus)? { peerBus }
    public var directory: (any SessionDirectory)? { peerDirectory }
    public var log: (any StreamLog)? { nil }

    /// The port that a node listens on, once it has started; nil for attachments.
    public var boundPort: Int? { life.withLock { $0.listener?.localAddress?.port } }

    /// Binds and dials. Completes when each peer was tried and those that were found have linked back, after
    /// ``HTTPClusterOptions/startWithin`` at the latest.
    public func start(on loop: any EventLoop) -> EventLoopFuture<Void> {
        if let problem = options.problem { return loop.makeFailedFuture(HTTPClusterError(problem)) }
        return bind().flatMap { self.follow(self.options.peers, isStart: true) }.hop(to: loop)
    }

    /// Takes another list of peers while running. Links to peers that are in neither list stay until they end.
    /// - Returns: completed as ``start(on:)``.
    @discardableResult
    public func setPeers(_ peers: PeerSource) -> EventLoopFuture<Void> { follow(peers, isStart: false) }

    private func follow(_ peers: PeerSource, isStart: Bool) -> EventLoopFuture<Void> {
        loop.flatSubmit { [network, peerDirectory] in
            if isStart {
                network.start()
                peerDirectory.start()
            }
            network.roster.follow(peers)
            return network.whenSettled()
        }
    }

    private func bind() -> EventLoopFuture<Void> {
        guard options.role == .node else { return loop.makeSucceededVoidFuture() }
        let listen = options.listen
        let network = self.network
        // TLS goes in front of `PeerLink` here and in `PeerDialer`; frames are sealed in any case.
        return ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.maxMessagesPerRead, value: Self.acceptedPerTurn)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let link = network.accept(from: channel.remoteAddress) else {
                        return channel.close(promise: nil)
                    }
                    try channel.pipeline.syncOperations.addHandler(link)
                }
            }
            .bind(host: listen.host, port: listen.port)
            .flatMapErrorThrowing { error in
                throw HTTPClusterError("cannot listen for peers on \(listen) (cluster.listen): \(error)")
            }
            .map { channel in self.life.withLock { $0.listener = channel } }
    }

    /// Takes no more links, hands its records over, says goodbye and ends all links, within
    /// ``HTTPClusterOptions/closeWithin``. May be called twice, and after a failed start.
    public func close(on loop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = self.loop.makePromise(of: Void.self)
        let (earlier, listener) = life.withLock { life -> (EventLoopFuture<Void>?, (any Channel)?) in
            defer { life.closed = life.closed ?? promise.futureResult }
            return (life.closed, life.listener)
        }
        if let earlier {
            promise.succeed()
            return earlier.hop(to: loop)
        }
        self.loop.flatSubmit { self.finish(listener) }.cascade(to: promise)
        return promise.futureResult.hop(to: loop)
    }

    private func finish(_ listener: (any Channel)?) -> EventLoopFuture<Void> {
        let end = NIODeadline.now() + options.closeWithin
        let last = TimeAmount.nanoseconds(options.closeWithin.nanoseconds / 4)
        peerBus.close()
        peerDirectory.refuseCalls()
        network.beginClosing()
        let unbound = listener?.close() ?? loop.makeSucceededVoidFuture()
        return unbound.flatMapError { _ in self.loop.makeSucceededVoidFuture() }
            .flatMap { self.peerDirectory.handOver(until: end - last) }
            .flatMap { self.network.sayGoodbye(within: max(.zero, end - .now())) }
    }
}

/// Why a cluster could not start.
public struct HTTPClusterError: Error, CustomStringConvertible {
    /// What could not be done, and why.
    public let description: String

    init(_ description: String) { self.description = description }
}
