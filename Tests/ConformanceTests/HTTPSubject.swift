// The `http` cluster transport as the contract suite sees it.
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TransportAPI
import TransportConformance

@testable import HTTPTransport

enum HTTPSubject {
    static let gaps = [
        KnownGap.port(.log, because: "streams are kept by the process that holds them, and die with it"),
    ]

    static func make() -> ConformanceSubject {
        ConformanceSubject(name: "http", gaps: gaps, patience: .seconds(10)) { try await Bench(members: $0).cluster() }
    }

    /// Nodes that know each other, and those that came later.
    private final class Bench: Sendable {
        private let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        private let callers = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        private let nodes = Mutex<[(id: MemberID, cluster: HTTPCluster)]>([])
        private let members: Int

        init(members: Int) { self.members = members }

        private func start(_ name: String, incarnation: UInt64? = nil, secret: String = "shared") async throws
            -> ConformanceMember
        {
            guard let id = MemberID(name: name, incarnation: incarnation ?? .random(in: .min ... .max)) else {
                throw ConformanceFailure("\(name) is no name for a member")
            }
            let addresses = nodes.withLock { $0 }.compactMap(\.cluster.boundPort)
                .map { PeerAddress(host: "127.0.0.1", port: $0) }
            var options = HTTPClusterOptions(
                role: .node, listen: PeerAddress(host: "127.0.0.1", port: 0), peers: .addresses(addresses),
                secrets: [Array(repeating: UInt8(secret.utf8.count), count: 32)])
            // A break by which nothing was lost is not told otherwise.
            options.returnWithin = .zero
            let logger = Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
            let cluster = HTTPCluster(
                context: TransportContext(member: id, group: group, logger: logger), options: options)
            nodes.withLock { $0.append((id, cluster)) }
            try await cluster.start(on: group.next()).get()
            return ConformanceMember(id: id, transport: cluster)
        }

        /// Everybody gets everybody's address, also his own.
        private func connect() async throws {
            let clusters = nodes.withLock { $0 }.map(\.cluster)
            let addresses = clusters.compactMap(\.boundPort).map { PeerAddress(host: "127.0.0.1", port: $0) }
            for settled in clusters.map({ $0.setPeers(.addresses(addresses)) }) { try await settled.get() }
        }

        func cluster() async throws -> ConformanceCluster {
            var joined: [ConformanceMember] = []
            for index in 0..<members { joined.append(try await start("node-\(index)")) }
            try await connect()
            var cluster = ConformanceCluster(members: joined, loops: Array(callers.makeIterator())) {
                for (_, cluster) in self.nodes.withLock({ $0 }) {
                    try? await cluster.close(on: self.group.next()).get()
                }
                try? await self.group.shutdownGracefully()
                try? await self.callers.shutdownGracefully()
            }
            let present = joined
            cluster.breakConnections = { for member in present { try await self.node(member.id)?.breakLinks() } }
            cluster.crash = { try await self.crash(present[$0].id) }
            cluster.loseData = {
                for member in present { try await self.node(member.id)?.forgetRecords() }
            }
            cluster.rejoin = { index in
                let member = try await self.start(present[index].id.name)
                try await self.connect()
                return member
            }
            cluster.makeStranger = { id in
                let stranger = try await self.start(id.name, incarnation: id.incarnation, secret: "another")
                try await self.connect()
                return stranger
            }
            return cluster
        }

        private func node(_ id: MemberID) -> HTTPCluster? { nodes.withLock { $0.first { $0.id == id }?.cluster } }

        private func crash(_ id: MemberID) async throws {
            try await node(id)?.crash()
            nodes.withLock { $0.removeAll { $0.id == id } }
        }
    }
}

extension HTTPCluster {
    fileprivate func breakLinks() async throws {
        try await loop.submit { for link in self.network.links.values { link.end(.disconnected) } }.get()
    }

    fileprivate func forgetRecords() async throws {
        let directory = peerDirectory
        try await loop.submit { for key in directory.store.keys { directory.store.remove(key) } }.get()
    }

    /// Ends everything without a goodbye, as a killed process does.
    fileprivate func crash() async throws {
        try await life.withLock { $0.listener }?.close().get()
        try await loop.submit {
            self.network.isClosing = true
            self.network.roster.close()
            self.network.ticks?.cancel()
            for link in self.network.links.values { link.end(.closing) }
        }.get()
        _ = try? await close(on: loop).get()
    }
}
