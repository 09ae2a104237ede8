// The memory transport as the contract suite sees it.
import Logging
import MemoryTransport
import NIOCore
import NIOPosix
import Synchronization
import TransportAPI
import TransportConformance

enum MemorySubject {
    static let gaps = [
        KnownGap(.busStrangerIsNotHeard, because: "members share one process, so there is no stranger and no secret"),
    ]

    static func make(faults: FaultPlan? = nil, patience: TimeAmount = .seconds(5)) -> ConformanceSubject {
        ConformanceSubject(name: "memory", gaps: gaps, patience: patience) { count in
            try await cluster(count, faults)
        }
    }

    private static func cluster(_ count: Int, _ faults: FaultPlan?) async throws -> ConformanceCluster {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let clock = TestClock()
        var limits = MemoryLimits()
        limits.streamEntries = 100
        limits.streamBytes = 1024 * 1024
        let backend = MemoryBackend(clock: { clock.now }, limits: limits, faults: faults)
        let join: @Sendable (String) async throws -> ConformanceMember = { name in
            guard let id = MemberID(name: name, incarnation: .random(in: .min ... .max)) else {
                throw ConformanceFailure("\(name) is no name for a member")
            }
            let context = TransportContext(member: id, group: group, logger: Logger(label: name))
            let transport = MemoryTransport(context: context, backend: backend)
            try await transport.start(on: group.next()).get()
            return ConformanceMember(id: id, transport: transport)
        }
        var members: [ConformanceMember] = []
        for index in 0..<count { members.append(try await join("node-\(index)")) }
        let joined = members
        let late = Mutex<[ConformanceMember]>([])
        var cluster = ConformanceCluster(members: members, loops: Array(group.makeIterator())) {
            for member in joined + late.withLock(\.self) { try? await member.transport.close(on: group.next()).get() }
            try? await group.shutdownGracefully()
        }
        cluster.breakConnections = { backend.interrupt() }
        cluster.loseData = { backend.forget() }
        cluster.crash = { backend.crash(joined[$0].id) }
        cluster.rejoin = { index in
            let member = try await join(joined[index].id.name)
            late.withLock { $0.append(member) }
            return member
        }
        cluster.advance = { clock.advance($0) }
        cluster.retention = LogRetention(entries: limits.streamEntries, bytes: limits.streamBytes)
        return cluster
    }
}

/// Time that passes when a test says so.
final class TestClock: Sendable {
    private let nanoseconds = Atomic<UInt64>(1_000_000_000)

    var now: NIODeadline { .uptimeNanoseconds(nanoseconds.load(ordering: .relaxed)) }

    func advance(_ time: TimeAmount) {
        nanoseconds.add(UInt64(max(0, time.nanoseconds)), ordering: .relaxed)
    }
}
