// A cluster whose members meet at a NATS server: the part that others see.
#if NATS
internal import Logging
public import NIOCore
internal import Synchronization
public import TransportAPI

/// Joins nodes and attachments through a NATS server with JetStream.
///
/// Beyond the contract: in a cluster of NATS servers a subscription is active at once at the server that it was made
/// at, and at the others when that has told them; what is missed meanwhile is noticed by its number.
public final class NATSCluster: ClusterTransport {
    private let options: NATSOptions
    let natsBus: NATSBus
    /// Nil without directory and log.
    let store: JetStreamStore?
    private let natsDirectory: NATSDirectory?
    private let natsLog: NATSLog?
    private let closed = Mutex<EventLoopFuture<Void>?>(nil)

    /// - Parameter context: its member's incarnation must be random for each start.
    public init(context: TransportContext, options: NATSOptions) {
        self.options = options
        natsBus = NATSBus(context: context, options: options)
        let store = options.hasStore ? JetStreamStore(options: options, logger: context.logger) : nil
        self.store = store
        natsDirectory = store.map { NATSDirectory($0) }
        natsLog = store.map { NATSLog($0) }
    }

    public var bus: (any MessageBus)? { natsBus }
    public var directory: (any SessionDirectory)? { natsDirectory }
    public var log: (any StreamLog)? { natsLog }

    /// Connects, and looks whether the server can keep records and logs. Fails after ``NATSOptions/startWithin`` when
    /// no server was reached, with what was tried and why, and when something is missing at the server, with what to
    /// do.
    public func start(on loop: any EventLoop) -> EventLoopFuture<Void> {
        if let problem = options.problem { return loop.makeFailedFuture(NATSClusterError(problem)) }
        let promise = loop.makePromise(of: Void.self)
        natsBus.start { problem in
            if let problem {
                promise.fail(NATSClusterError("cannot join the cluster at the NATS server: \(problem)"))
            } else {
                promise.succeed()
            }
        }
        return promise.futureResult.flatMap { [store] in
            guard let store else { return loop.makeSucceededVoidFuture() }
            return store.start(on: loop).flatMapErrorThrowing { error in
                let text = (error as? TransportError)?.message ?? "\(error)"
                throw NATSClusterError("cannot keep records and logs at the NATS server: \(text)")
            }
        }
    }

    /// Sends what waits, says goodbye and ends everything, within ``NATSOptions/closeWithin``. May be called twice, and
    /// after a failed start.
    public func close(on loop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        let earlier = closed.withLock { closed -> EventLoopFuture<Void>? in
            defer { closed = closed ?? promise.futureResult }
            return closed
        }
        if let earlier {
            promise.succeed()
            return earlier.hop(to: loop)
        }
        let left = loop.makePromise(of: Void.self)
        natsBus.close(on: loop) { left.succeed() }
        let kept = store?.close(on: loop) ?? loop.makeSucceededVoidFuture()
        left.futureResult.and(kept).map { _ in }.cascade(to: promise)
        return promise.futureResult
    }

    /// Breaks the connection without a goodbye and dials no more, as a killed process does. For tests.
    func crash() {
        natsBus.connection.close()
        store?.crash()
    }
}

/// Why a cluster could not start.
public struct NATSClusterError: Error, CustomStringConvertible {
    /// What could not be done, and why.
    public let description: String

    init(_ description: String) { self.description = description }
}

#endif
