// Members of one cluster on loopback sockets, made and taken down by a test, and what they log.
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import TransportAPI

@testable import HTTPTransport

/// Log lines of all members, as `message key=value …`.
final class LogLines: Sendable {
    private let state = Mutex<[String]>([])

    var all: [String] { state.withLock { $0 } }

    func add(_ line: String) { state.withLock { $0.append(line) } }

    func count(_ part: String) -> Int { all.count { $0.contains(part) } }

    func logger() -> Logger {
        var logger = Logger(label: "test") { _ in Handler(lines: self) }
        logger.logLevel = .debug
        return logger
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
            lines.add("\(event.level) \(event.message)\(fields)")
        }
    }
}

/// A member and what it is known by.
struct Peer: Sendable {
    let id: MemberID
    let cluster: HTTPCluster

    var bus: any MessageBus { cluster.bus ?? NoBus() }
    var inbox: Subject { .inbox(id) }
    var address: PeerAddress { PeerAddress(host: "127.0.0.1", port: cluster.boundPort ?? 0) }
}

/// Stands where a bus is missing, so that the test fails and does not trap.
private final class NoBus: MessageBus {
    let envelopeBytesMax = 0
    func publish(_ envelope: Envelope, to subject: Subject) throws(TransportError) {
        throw TransportError(.closed, .notDelivered, "no bus")
    }
    func subscribe(
        to subject: Subject, capacity: SubscriptionCapacity, on loop: any EventLoop, _ receiver: any EnvelopeReceiver
    ) -> EventLoopFuture<any Subscription> { loop.makeFailedFuture(TransportError(.closed, .notDelivered, "no bus")) }
}

final class PeerBench: Sendable {
    static let secret = Array("a secret of thirty-two letters..".utf8)

    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    /// Where the tests' receivers live.
    let receivers = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let lines = LogLines()
    private let clusters = Mutex<[HTTPCluster]>([])

    /// Runs `body` and takes everything down again.
    static func run(_ body: (PeerBench) async throws -> Void) async throws {
        let bench = PeerBench()
        do {
            try await body(bench)
        } catch {
            for line in bench.lines.all.suffix(30) { print(line) }
            try await bench.stop()
            throw error
        }
        try await bench.stop()
    }

    private func stop() async throws {
        for cluster in clusters.withLock({ $0 }) { try await cluster.close(on: group.next()).get() }
        try await group.shutdownGracefully()
        try await receivers.shutdownGracefully()
    }

    /// Quick timings, and nothing that a loaded machine would trip over.
    static func options(_ role: PeerRole = .node, peers: [PeerAddress] = []) -> HTTPClusterOptions {
        var options = HTTPClusterOptions(
            role: role, listen: PeerAddress(host: "127.0.0.1", port: 0), peers: .addresses(peers), secrets: [secret])
        options.heartbeat = .milliseconds(200)
        options.suspectAfter = .seconds(3)
        options.goneAfter = .seconds(5)
        options.redialFirst = .milliseconds(20)
        options.redialMax = .milliseconds(200)
        return options
    }

    func make(
        _ name: String, incarnation: UInt64? = nil, _ options: HTTPClusterOptions
    ) throws -> Peer {
        let id = try #require(MemberID(name: name, incarnation: incarnation ?? .random(in: 1 ... .max)))
        let cluster = HTTPCluster(
            context: TransportContext(member: id, group: group, logger: lines.logger()), options: options)
        clusters.withLock { $0.append(cluster) }
        return Peer(id: id, cluster: cluster)
    }

    func start(_ name: String, incarnation: UInt64? = nil, _ options: HTTPClusterOptions) async throws -> Peer {
        let peer = try make(name, incarnation: incarnation, options)
        try await peer.cluster.start(on: group.next()).get()
        return peer
    }

    /// Nodes that all have links to each other.
    func mesh(_ count: Int, _ change: (inout HTTPClusterOptions) -> Void = { _ in }) async throws -> [Peer] {
        var options = Self.options()
        change(&options)
        var peers: [Peer] = []
        for index in 0..<count { peers.append(try await start("node-\(index)", options)) }
        try await connect(peers)
        return peers
    }

    /// Gives each of them the addresses of all, its own too.
    func connect(_ peers: [Peer]) async throws {
        let addresses = peers.map(\.address)
        let all = peers.map { $0.cluster.setPeers(.addresses(addresses)) }
        for one in all { try await one.get() }
    }

    func listen(
        _ peer: Peer, _ subject: Subject, capacity: SubscriptionCapacity = .init()
    ) async throws -> PeerListenerProbe {
        let probe = PeerListenerProbe()
        let subscription = try await peer.bus.subscribe(
            to: subject, capacity: capacity, on: receivers.next(), probe).get()
        probe.hold(subscription)
        return probe
    }
}

/// Waits until `condition` holds, ten seconds at most.
func eventually(
    _ what: Comment, _ limit: Duration = .seconds(10), location: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        try #require(ContinuousClock.now < end, what, sourceLocation: location)
        try await Task.sleep(for: .milliseconds(2))
    }
}
