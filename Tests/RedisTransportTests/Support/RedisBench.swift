// Members that meet at a real redis-server of their own, for tests that hurt the server or ask who may come in.
#if Redis
import Dispatch
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import TransportAPI

@testable import RedisTransport

/// One server and its members, which `run` closes at the end.
final class RedisBench: Sendable {
    let server: RedisServer
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    private let clusters = Mutex<[RedisCluster]>([])

    init(_ change: (inout RedisServer.Settings) -> Void = { _ in }) throws {
        var settings = RedisServer.Settings()
        change(&settings)
        // No test cuts the power, and a busy disk holds up the calls of all servers.
        if settings.persistence == .everySecond { settings.lines = "appendfsync no\n" + settings.lines }
        server = try RedisServer(settings)
    }

    /// Starts a server, runs `body`, and closes everything, whatever comes.
    static func run(
        _ change: (inout RedisServer.Settings) -> Void = { _ in }, _ body: (RedisBench) async throws -> Void
    ) async throws {
        let bench = try RedisBench(change)
        do {
            try await body(bench)
        } catch {
            await bench.close()
            throw error
        }
        await bench.close()
    }

    func options(_ change: (inout RedisOptions) -> Void = { _ in }) -> RedisOptions {
        var options = RedisOptions(host: "127.0.0.1", port: server.port, secrets: [Array(repeating: 3, count: 32)])
        (options.reconnectFirst, options.reconnectMax) = (.milliseconds(10), .milliseconds(50))
        // Generous, for a busy machine: what is about a time chooses its own.
        (options.startWithin, options.connectTimeout) = (.seconds(30), .seconds(10))
        (options.replyTimeout, options.callTimeout) = (.seconds(20), .seconds(10))
        (options.subscribeTimeout, options.contactTimeout) = (.seconds(10), .seconds(10))
        change(&options)
        return options
    }

    /// A member that has not been started.
    /// - Parameter group: where its connections live.
    func make(
        _ name: String = "node", on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        _ change: (inout RedisOptions) -> Void = { _ in }
    ) throws -> RedisMember {
        guard let id = MemberID(name: name, incarnation: .random(in: .min ... .max)) else {
            throw ToolFailure("\(name) is no name for a member")
        }
        let logger = Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
        let context = TransportContext(member: id, group: group, logger: logger)
        let cluster = RedisCluster(context: context, options: options(change))
        clusters.withLock { $0.append(cluster) }
        guard let bus = cluster.bus, let directory = cluster.directory, let log = cluster.log else {
            throw ToolFailure("a port is missing")
        }
        return RedisMember(id: id, cluster: cluster, loop: loop, bus: bus, directory: directory, log: log)
    }

    func join(
        _ name: String = "node", on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        _ change: (inout RedisOptions) -> Void = { _ in }
    ) async throws -> RedisMember {
        let member = try make(name, on: group, change)
        try await member.cluster.start(on: loop).get()
        return member
    }

    /// The text with which the start fails; nil if it does not.
    func startFailure(_ change: (inout RedisOptions) -> Void = { _ in }) async throws -> String? {
        let member = try make("refused", change)
        var text: String?
        do { try await member.cluster.start(on: loop).get() } catch { text = "\(error)" }
        try await member.cluster.close(on: loop).get()
        return text
    }

    private func close() async {
        server.resume()
        for cluster in clusters.withLock({ $0 }) { try? await cluster.close(on: loop).get() }
        server.kill()
    }

    /// Keeps a loop from everything until `body` is over.
    func hold(_ loop: any EventLoop, while body: () async throws -> Void) async throws {
        let over = DispatchSemaphore(value: 0)
        loop.execute { over.wait() }
        defer { over.signal() }
        try await body()
    }

    struct Overdue: Error, CustomStringConvertible {
        let description: String
    }

    /// Waits for something that must happen.
    func eventually(
        _ what: String, within limit: TimeAmount = .seconds(15), _ condition: () async throws -> Bool
    ) async throws {
        let end = NIODeadline.now() + limit
        while try await !condition() {
            if NIODeadline.now() > end { throw Overdue(description: "waited in vain: \(what)") }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Speaks on a subject until somebody who subscribes anew whenever its subscription ends has heard it.
    func converse(_ speaker: RedisMember, _ hearer: RedisMember, on subject: Subject) async throws {
        var listener: RedisListener?
        try await eventually("\(speaker.id.name) is heard by \(hearer.id.name)") {
            if listener?.errors.isEmpty != true { listener = try? await hearer.listen(to: subject) }
            try? speaker.say("hello", to: subject)
            return listener?.bodies.isEmpty == false
        }
    }
}
#endif
