// The `nats` cluster transport as the contract suite sees it: a real server of its own for each case.
#if NATS
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import TransportAPI
import TransportConformance

@testable import NATSTransport

enum NATSSubject {
    static func make() -> ConformanceSubject {
        ConformanceSubject(name: "nats", patience: .seconds(15)) { try await Bench(members: $0).cluster() }
    }

    private final class Bench: Sendable {
        private let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        private let callers = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        private let server: NATSServer
        private let started = Mutex<[NATSCluster]>([])
        private let members: Int
        /// Of one log, small enough to be gone beyond.
        private static let retention = LogRetention(entries: 200, bytes: 1024 * 1024)

        init(members: Int) throws {
            self.members = members
            server = try NATSServer()
        }

        private func start(_ name: String, incarnation: UInt64? = nil, secret: UInt8 = 1) async throws
            -> ConformanceMember
        {
            guard let id = MemberID(name: name, incarnation: incarnation ?? .random(in: .min ... .max)) else {
                throw ConformanceFailure("\(name) is no name for a member")
            }
            var options = NATSOptions(urls: [server.url], secrets: [Array(repeating: secret, count: 32)])
            options.reconnectMax = .milliseconds(200)
            options.logEntriesMax = Self.retention.entries
            options.logEntryBytesMax = Self.retention.bytes
            let logger = Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
            let cluster = NATSCluster(
                context: TransportContext(member: id, group: group, logger: logger), options: options)
            started.withLock { $0.append(cluster) }
            try await cluster.start(on: group.next()).get()
            return ConformanceMember(id: id, transport: cluster)
        }

        func cluster() async throws -> ConformanceCluster {
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
            cluster.crash = { index in
                // The server sees a connection that ends; nothing that waited is sent.
                (present[index].transport as? NATSCluster)?.crash()
            }
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
}

#endif
