// The transport that needs nothing: members of one process share a `MemoryBackend`. It is the transport of a lone node,
// the fake for tests, and the reference for who writes another one.
public import NIOCore
public import TransportAPI

/// One member's way to the others of its process.
///
/// Nothing is copied on the way of an envelope, and a burst of deliveries is one hop to the subscriber's loop. Calls of
/// directory and log have come out when they return, unless a ``FaultPlan`` says otherwise. With `EmbeddedEventLoop`
/// everything has to happen on its one thread.
public final class MemoryTransport: ClusterTransport {
    private let backend: MemoryBackend
    private let member: MemoryMember
    private let memoryBus: MemoryBus
    private let memoryDirectory: MemoryDirectory
    private let memoryLog: MemoryLog

    /// A member named by `context`, or alone if it is given no backend.
    public convenience init(context: TransportContext, backend: MemoryBackend = MemoryBackend()) {
        self.init(member: context.member, backend: backend)
    }

    public init(member id: MemberID, backend: MemoryBackend = MemoryBackend()) {
        self.backend = backend
        member = MemoryMember(id)
        memoryBus = MemoryBus(member: member, backend: backend)
        memoryDirectory = MemoryDirectory(member: member, backend: backend)
        memoryLog = MemoryLog(member: member, backend: backend)
    }

    public var bus: (any MessageBus)? { memoryBus }
    public var directory: (any SessionDirectory)? { memoryDirectory }
    public var log: (any StreamLog)? { memoryLog }

    /// Joins the backend. Fails when this member has joined before, or ``MemoryLimits/members`` is reached.
    public func start(on loop: any EventLoop) -> EventLoopFuture<Void> {
        do {
            try backend.join(member)
            return loop.makeSucceededVoidFuture()
        } catch {
            return loop.makeFailedFuture(error)
        }
    }

    /// Leaves. Subscriptions that are left end with `.closed`; records and streams stay in the backend.
    public func close(on loop: any EventLoop) -> EventLoopFuture<Void> {
        let ends = backend.leave(member).map { $0.close() }
        return EventLoopFuture.andAllComplete(ends, on: loop)
    }
}
