// Members that meet at a real server of their own, as the contract suite sees them: the same for every broker.
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import TransportAPI
import TransportConformance

final class BrokerBench: Sendable {
    /// Of one log, small enough to be gone beyond. A cluster is to be made with these bounds.
    static let retention = LogRetention(entries: 200, bytes: 1024 * 1024)

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    private let callers = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    private let server: any ChildServer
    private let make: @Sendable (TransportContext, _ secret: [UInt8]) -> any ClusterTransport
    private let crash: @Sendable (any ClusterTransport) -> Void
    private let started = Mutex<[any ClusterTransport]>([])

    /// - Parameters:
    ///   - make: a cluster that meets at the server.
    ///   - crash: ends it as a killed process does: the server sees connections that end; nothing that waits is sent.
    init(
        _ server: any ChildServer,
        make: @escaping @Sendable (TransportContext, _ secret: [UInt8]) -> any ClusterTransport,
        crash: @escaping @Sendable (any ClusterTransport) -> Void
    ) {
        self.server = server
        self.make = make
        self.crash = crash
    }

    private func start(_ name: String, incarnation: UInt64? = nil, secret: UInt8 = 1) async throws
        -> ConformanceMember
    {
        guard let id = MemberID(name: name, incarnation: incarnation ?? .random(in: .min ... .max)) else {
            throw ConformanceFailure("\(name) is no name for a member")
        }
        let logger = Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
        let context = TransportContext(member: id, group: group, logger: logger)
        let cluster = make(context, Array(repeating: secret, count: 32))
        started.withLock { $0.append(cluster) }
        try await cluster.start(on: group.next()).get()
        return ConformanceMember(id: id, transport: cluster)
    }

    func cluster(_ members: Int) async throws -> ConformanceCluster {
        var joined: [ConformanceMember] = []
        for index in 0..<members { joined.append(try await start("node-\(index)")) }
        var cluster = ConformanceCluster(members: joined, loops: Array(callers.makeIterator())) {
            for cluster in self.started.withLock({ $0 }) { try? await cluster.close(on: self.group.next()).get() }
            self.server.kill()
            try? await self.group.shutdownGracefully()
            try? await self.callers.shutdownGracefully()
        }
        let present = joined
        cluster.breakConnections = {
            self.server.kill()
            try self.server.start()
        }
        cluster.crash = { self.crash(present[$0].transport) }
        cluster.rejoin = { try await self.start(present[$0].id.name) }
        cluster.makeStranger = { try await self.start($0.name, incarnation: $0.incarnation, secret: 2) }
        cluster.retention = Self.retention
        cluster.loseData = {
            self.server.kill()
            try self.server.eraseStore()
            try self.server.start()
            // The suite takes an error for an answer, so the members are to be connected again.
            for member in present { try await self.reach(member) }
        }
        return cluster
    }

    /// Waits until the member's directory answers.
    private func reach(_ member: ConformanceMember) async throws {
        let loop = callers.next()
        guard let directory = member.transport.directory else { return }
        for _ in 0..<500 {
            if (try? await loop.flatSubmit { directory.incarnation(on: loop) }.get()) != nil { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw ConformanceFailure("the server is not back after five seconds")
    }
}
