// A cluster whose members meet at a Redis server: the part that others see.
#if Redis
internal import Logging
public import NIOCore
internal import Synchronization
public import TransportAPI

/// Joins nodes and attachments through one Redis server: Pub/Sub, hashes and streams.
///
/// Everything of it runs on one event loop of the context's group.
public final class RedisCluster: ClusterTransport {
    private let options: RedisOptions
    private let redisBus: RedisBus
    private let store: RedisStore
    private let redisDirectory: RedisDirectory
    private let redisLog: RedisLog
    private let closed = Mutex<EventLoopFuture<Void>?>(nil)

    /// - Parameter context: its member's incarnation must be random for each start.
    public init(context: TransportContext, options: RedisOptions) {
        self.options = options
        let loop = context.group.next()
        redisBus = RedisBus(context: context, options: options, on: loop)
        store = RedisStore(context: context, options: options, on: loop)
        redisDirectory = RedisDirectory(store)
        redisLog = RedisLog(store)
        logger = context.logger
    }

    private let logger: Logger

    public var bus: (any MessageBus)? { redisBus }
    public var directory: (any SessionDirectory)? { redisDirectory }
    public var log: (any StreamLog)? { redisLog }

    /// Connects, and looks whether the server can keep records and logs. Fails after ``RedisOptions/startWithin`` when
    /// the server was not reached, with what was tried and why, and when it may lose what it acknowledges or lacks
    /// something, with what to do.
    public func start(on loop: any EventLoop) -> EventLoopFuture<Void> {
        if let problem = options.problem { return loop.makeFailedFuture(RedisClusterError(problem)) }
        let dial: RedisDial
        do {
            dial = try RedisDial(options: options)
        } catch {
            return loop.makeFailedFuture(RedisClusterError("TLS towards the Redis server cannot be set up: \(error)"))
        }
        let promise = loop.makePromise(of: Void.self)
        redisBus.start(dial, logger) { problem in
            if let problem {
                promise.fail(RedisClusterError("cannot join the cluster at the Redis server: \(problem)"))
            } else {
                promise.succeed()
            }
        }
        return promise.futureResult.flatMap { [store, options] in
            store.start(dial).hop(to: loop).flatMapErrorThrowing { error in
                let text = (error as? TransportError)?.message ?? "\(error)"
                throw RedisClusterError("cannot keep records and logs at the Redis server \(options.place): \(text)")
            }
        }
    }

    /// Sends what waits and ends everything, within ``RedisOptions/closeWithin``. May be called twice, and after a
    /// failed start.
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
        redisBus.close { left.succeed() }
        left.futureResult.and(store.close().hop(to: loop)).map { _ in }.cascade(to: promise)
        return promise.futureResult
    }

    /// Breaks the connections without a goodbye and dials no more, as a killed process does. For tests.
    func crash() {
        redisBus.crash()
        store.crash()
    }
}

/// Why a cluster could not start.
public struct RedisClusterError: Error, CustomStringConvertible {
    /// What could not be done, and why.
    public let description: String

    init(_ description: String) { self.description = description }
}
#endif
