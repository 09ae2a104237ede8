// The kept part of the `nats` transport as the contract suite sees it: directory and log on a real server.
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import TransportAPI
import TransportConformance

@testable import NATSTransport

enum JetStreamSubject {
    static func make() -> ConformanceSubject {
        ConformanceSubject(name: "nats", patience: .seconds(10)) { try await Bench(members: $0).cluster() }
    }

    /// A transport with two ports and no bus.
    private final class Kept: ClusterTransport {
        let store: JetStreamStore
        private let ports: (NATSDirectory, NATSLog)
        private let closed = Mutex<EventLoopFuture<Void>?>(nil)

        init(_ options: NATSOptions, _ logger: Logger) {
            store = JetStreamStore(options: options, logger: logger)
            ports = (NATSDirectory(store), NATSLog(store))
        }

        var bus: (any MessageBus)? { nil }
        var directory: (any SessionDirectory)? { ports.0 }
        var log: (any StreamLog)? { ports.1 }

        func start(on loop: any EventLoop) -> EventLoopFuture<Void> { store.start(on: loop) }

        func close(on loop: any EventLoop) -> EventLoopFuture<Void> {
            closed.withLock { closed in
                let end = closed ?? store.close(on: loop)
                closed = end
                return end.hop(to: loop)
            }
        }
    }

    private final class Bench: Sendable {
        private let server: NATSServer
        private let callers = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        private let members: Int

        init(members: Int) throws {
            self.members = members
            server = try NATSServer()
        }

        func cluster() async throws -> ConformanceCluster {
            var options = NATSOptions(urls: [server.url], secrets: [Array(repeating: 7, count: 32)])
            options.logEntriesMax = 200
            options.logEntryBytesMax = 1024 * 1024
            var joined: [ConformanceMember] = []
            for index in 0..<members {
                let id = MemberID.unnamed(UInt64(index) + 1)
                let kept = Kept(options, Logger(label: "kept") { _ in SwiftLogNoOpLogHandler() })
                try await kept.start(on: callers.next()).get()
                joined.append(ConformanceMember(id: id, transport: kept))
            }
            let present = joined
            let loop = callers.next()
            var cluster = ConformanceCluster(members: joined, loops: Array(callers.makeIterator())) {
                for member in present { try? await member.transport.close(on: loop).get() }
                self.server.kill()
                try? await self.callers.shutdownGracefully()
            }
            cluster.retention = LogRetention(entries: options.logEntriesMax, bytes: options.logEntryBytesMax)
            cluster.crash = { try await present[$0].transport.close(on: loop).get() }
            cluster.loseData = {
                self.server.kill()
                try self.server.eraseStore()
                try self.server.start()
                // The suite takes an error for an answer, so the members are to be connected again.
                for member in present { try await Self.reachable(member, on: loop) }
            }
            return cluster
        }

        private static func reachable(_ member: ConformanceMember, on loop: any EventLoop) async throws {
            guard let directory = member.transport.directory else { return }
            for _ in 0..<500 {
                let answer = try? await loop.flatSubmit { directory.incarnation(on: loop) }.get()
                if answer != nil { return }
                try await Task.sleep(for: .milliseconds(10))
            }
            throw ConformanceFailure("the server is not back after five seconds")
        }
    }
}
