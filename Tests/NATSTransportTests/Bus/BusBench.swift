// Members that meet at a real server, with their buses only, for tests that hurt the server or ask who may come in.
#if NATS
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import TransportAPI

@testable import NATSTransport

/// One server and its members. Close it at the end.
final class BusBench: Sendable {
    let server: NATSServer
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    private let members = Mutex<[NATSCluster]>([])

    init(_ settings: NATSServer.Settings = NATSServer.Settings()) throws { server = try NATSServer(settings) }

    struct Member {
        let id: MemberID
        let cluster: NATSCluster
        let bus: NATSBus
    }

    /// A member that has not been started.
    func make(_ id: MemberID = .unnamed(.random(in: .min ... .max)), _ change: (inout NATSOptions) -> Void = { _ in })
        -> Member
    {
        var options = NATSOptions(urls: [server.url], secrets: [Array(repeating: 3, count: 32)])
        options.hasStore = false
        options.reconnectMax = .milliseconds(200)
        change(&options)
        let logger = Logger(label: "bus") { _ in SwiftLogNoOpLogHandler() }
        let context = TransportContext(member: id, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        let cluster = NATSCluster(context: context, options: options)
        members.withLock { $0.append(cluster) }
        return Member(id: id, cluster: cluster, bus: cluster.natsBus)
    }

    func join(_ change: (inout NATSOptions) -> Void = { _ in }) async throws -> Member {
        let member = make(.unnamed(.random(in: .min ... .max)), change)
        try await member.cluster.start(on: loop).get()
        return member
    }

    /// The text with which the start fails; nil if it does not.
    func startFailure(_ change: (inout NATSOptions) -> Void) async throws -> String? {
        let member = make(.unnamed(1), change)
        var text: String?
        do { try await member.cluster.start(on: loop).get() } catch { text = "\(error)" }
        try await member.cluster.close(on: loop).get()
        return text
    }

    func listen(_ member: Member, to subject: Subject) async throws -> BusListener {
        let listener = BusListener()
        let capacity = SubscriptionCapacity(envelopes: 1_000_000, bytes: 1 << 30)
        _ = try await member.bus.subscribe(to: subject, capacity: capacity, on: loop, listener).get()
        return listener
    }

    /// Runs `body` and closes everything, whatever comes.
    func run(_ body: (BusBench) async throws -> Void) async throws {
        do {
            try await body(self)
        } catch {
            await close()
            throw error
        }
        await close()
    }

    private func close() async {
        server.resume()
        for cluster in members.withLock({ $0 }) { try? await cluster.close(on: loop).get() }
        server.kill()
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
}

/// Writes down what it hears.
final class BusListener: EnvelopeReceiver {
    private let state = Mutex<(bodies: [ByteBuffer], errors: [TransportError])>(([], []))

    var bodies: [ByteBuffer] { state.withLock { $0.bodies } }
    var texts: [String] { bodies.map { String(buffer: $0) } }
    var errors: [TransportError] { state.withLock { $0.errors } }

    func received(_ envelope: Envelope, from sender: MemberID) { state.withLock { $0.bodies.append(envelope.body) } }
    func receivedAll() {}
    func missed(_ error: TransportError, from member: MemberID) { state.withLock { $0.errors.append(error) } }

    func subscriptionEnded(_ error: TransportError) { state.withLock { $0.errors.append(error) } }
}

extension NATSBus {
    func say(_ text: String, to subject: Subject) throws(TransportError) {
        try publish(Envelope(header: ByteBuffer(), body: ByteBuffer(string: text)), to: subject)
    }
}

#endif
