// What all event loops of a node share: the upstreams, the sessions, the drain. It holds no socket; listeners ask it
// for the worker of their loop.
public import Logging
public import NIOCore
public import SealedBox
internal import Synchronization
public import TransportAPI
internal import TransportKit

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
        /// Header lines, each with its line end, that tell what stands in front which node has begun a session. They go
        /// with answers that begin one, and are a hint: any node serves any request.
        public var affinityLines: [UInt8] = []
        /// Who this process is.
        public var member: MemberID
        public var logger: Logger
        /// The bus of the node's event loops and of its cluster. Nil: every event loop is on its own (tests).
        public var cluster: ClusterParts?
        public var clock = NodeClock.system
        /// Numbers that nobody can guess: ids and seeds come from them.
        public var random: @Sendable () -> UInt64 = { SecureRandom.uint64() }
        /// Gets batches of access lines, each with its line end; nil writes none.
        public var accessLog: (@Sendable (String) -> Void)?

        public init(
            upstreams: [UpstreamGroup], keys: [SealingKey], access: AccessPolicy, member: MemberID, logger: Logger
        ) {
            self.upstreams = upstreams
            self.keys = keys
            self.access = access
            self.member = member
            self.logger = logger
        }
    }

    let parts: Parts
    let routes: RouteTable
    let sessions: SessionTable
    var clock: NodeClock { parts.clock }
    let tags = TagTable()
    let answered = AnsweredQuestions()
    private let leaving = Atomic<Bool>(false)
    private let drainState = Atomic<Bool>(false)
    private let workers: Mutex<[Worker]> = Mutex([])
    private let workerCount = Atomic<Int>(0)
    private let gapCount = Atomic<UInt32>(0)
    private let hearing = Atomic<UInt32>(.max)
    private let door = Mutex<ClusterDoor?>(nil)

    public init(_ parts: Parts) {
        self.parts = parts
        routes = RouteTable(parts.upstreams)
        sessions = SessionTable(sessionsMax: parts.limits.sessions, incarnation: parts.random())
    }

    /// The part of the node that lives on `loop`. Call once per loop, on that loop.
    public func makeWorker(on loop: any EventLoop) throws -> Worker {
        let index = workerCount.add(1, ordering: .relaxed).oldValue
        let worker = try Worker(gateway: self, loop: loop, index: UInt8(clamping: index))
        // In the order of their indices, whichever loop comes first: what is sent to a loop goes by its place here.
        workers.withLock { all in all.insert(worker, at: all.firstIndex { $0.index > worker.index } ?? all.endIndex) }
        worker.start(isFirst: index == 0)
        return worker
    }

    public var isDraining: Bool { drainState.load(ordering: .relaxed) }

    /// True if some instance is proven to work and no drain has begun.
    public var isReady: Bool {
        !isLeaving && hasProvenInstance
    }

    var hasProvenInstance: Bool { parts.upstreams.contains { $0.instances.contains { $0.isProven } } }

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

    /// How often messages of other members may have been lost. What a session was before is read anew before it is
    /// used after each.
    var gaps: UInt32 { gapCount.load(ordering: .relaxed) }

    /// How long a stream's host may be out of reach while it counts as present. Then its streams are given up.
    var hostPatience: TimeAmount { (parts.cluster?.timing.goneAfter ?? .seconds(5)) * 2 }

    /// Since when this node hears the others, in seconds on its clock. Whoever lives is heard within a heartbeat.
    var heardSince: UInt32 { hearing.load(ordering: .relaxed) }

    /// The bus is broken, and nobody is heard.
    var isDeaf: Bool { heardSince == .max }

    func noteHearing() { hearing.store(clock.seconds(clock.now), ordering: .relaxed) }

    func noteDeafness() { hearing.store(.max, ordering: .relaxed) }

    func countGap() { gapCount.add(1, ordering: .relaxed) }

    /// Begins to hear the other members and the node's own event loops. Call it once every worker is made; completes on
    /// `loop` when what is sent to this node arrives.
    public func join(on loop: any EventLoop) -> EventLoopFuture<Void> {
        guard let cluster = parts.cluster, let first = allWorkers.first else { return loop.makeSucceededVoidFuture() }
        return first.loop.flatSubmit {
            let door = ClusterDoor(gateway: self, cluster: cluster, loop: first.loop)
            self.door.withLock { $0 = door }
            first.door = door
            return door.open().map { self.noteHearing() }
        }.hop(to: loop)
    }
}
