// What all event loops of a node share: the upstreams, the sessions, the drain. It holds no socket; listeners ask it
// for the worker of their loop.
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif
public import Logging
public import NIOCore
public import SealedBox
internal import Synchronization

/// One gateway node.
public final class Gateway: Sendable {
    /// What a node is made of.
    public struct Parts: Sendable {
        public var upstreams: [UpstreamGroup]
        public var keys: [SealingKey]
        public var limits = Limits()
        public var waits = Waits()
        public var access: AccessPolicy
        /// The header whose digest is the principal, lower case; nil makes everyone anonymous.
        public var principalHeader: [UInt8]?
        public var nodeDigest: UInt64
        public var logger: Logger
        /// Gets batches of access lines, each with its line end; nil writes none.
        public var accessLog: (@Sendable (String) -> Void)?

        public init(
            upstreams: [UpstreamGroup], keys: [SealingKey], access: AccessPolicy, nodeDigest: UInt64, logger: Logger
        ) {
            self.upstreams = upstreams
            self.keys = keys
            self.access = access
            self.nodeDigest = nodeDigest
            self.logger = logger
        }
    }

    let parts: Parts
    let routes: RouteTable
    let sessions: SessionTable
    let clock: NodeClock
    let tags = TagTable()
    private let leaving = Atomic<Bool>(false)
    private let drainState = Atomic<Bool>(false)
    private let workers: Mutex<[Worker]> = Mutex([])

    public init(_ parts: Parts) {
        self.parts = parts
        routes = RouteTable(parts.upstreams)
        sessions = SessionTable(sessionsMax: parts.limits.sessions)
        clock = NodeClock()
    }

    /// The part of the node that lives on `loop`. Call once per loop, on that loop.
    public func makeWorker(on loop: any EventLoop) throws -> Worker {
        let worker = try Worker(gateway: self, loop: loop)
        let isFirst = workers.withLock { all in
            all.append(worker)
            return all.count == 1
        }
        worker.start(isFirst: isFirst)
        return worker
    }

    public var isDraining: Bool { drainState.load(ordering: .relaxed) }

    /// True if some instance is proven to work and no drain has begun.
    public var isReady: Bool {
        !isLeaving && parts.upstreams.contains { $0.instances.contains { $0.isProven } }
    }

    /// The node has said that it will go.
    public var isLeaving: Bool { leaving.load(ordering: .relaxed) }

    /// Not ready any more, so that balancers stop sending; everything is still served.
    public func announceDrain() { leaving.store(true, ordering: .relaxed) }

    /// No new sessions from now on; what lives and runs goes on.
    public func beginDrain() {
        announceDrain()
        drainState.store(true, ordering: .relaxed)
    }

    var allWorkers: [Worker] { workers.withLock { $0 } }
}

/// Seconds since the node's start, and since 1970.
struct NodeClock: Sendable {
    private let start = NIODeadline.now()

    /// Monotonic; begins at 1 so that 0 can mean never.
    func seconds(_ now: NIODeadline = .now()) -> UInt32 {
        UInt32(clamping: (now - start).nanoseconds / 1_000_000_000 + 1)
    }

    /// Wall clock, for what must be understood by another process or after a restart.
    static func unixSeconds() -> UInt32 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt32(clamping: time.tv_sec)
    }
}
