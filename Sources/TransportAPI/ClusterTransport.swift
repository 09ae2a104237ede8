// What a cluster transport hands over: the ports that it really has. A missing one is nil, which is decided at
// start-up.
public import Logging
public import NIOCore

/// A transport that joins members to a cluster.
///
/// Life: made without side effects; ``start(on:)`` binds, connects and completes when the ports work (peers that are
/// down do not hold it up); the ports are used; ``close(on:)`` says goodbye and ends everything, and works after a
/// failed start too. Its ports are the same objects all along.
public protocol ClusterTransport: AnyObject, Sendable {
    /// Nil: this transport joins nobody.
    var bus: (any MessageBus)? { get }
    /// Nil: sessions cannot move, and end with what holds them.
    var directory: (any SessionDirectory)? { get }
    /// Nil: streams are kept by the process that holds them, and die with it.
    var log: (any StreamLog)? { get }

    /// Fails with an error whose description says what could not be bound or opened, and why.
    func start(on loop: any EventLoop) -> EventLoopFuture<Void>
    /// Completes when everybody who can be told was told and nothing of the transport runs any more.
    func close(on loop: any EventLoop) -> EventLoopFuture<Void>
}

/// What every cluster transport is given.
public struct TransportContext: Sendable {
    /// Who this process is.
    public var member: MemberID
    /// Where the transport's own connections live.
    public var group: any EventLoopGroup
    public var logger: Logger

    public init(member: MemberID, group: any EventLoopGroup, logger: Logger) {
        self.member = member
        self.group = group
        self.logger = logger
    }
}
