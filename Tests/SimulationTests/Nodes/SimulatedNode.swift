// A real gateway on embedded event loops: one start of one node. Killed, it is never heard of again; its successor is
// another one of these.

import HTTPWire
import Logging
import MemoryTransport
import NIOCore
import NIOEmbedded
import SealedBox
import TransportAPI

@testable import GatewayCore

final class SimulatedNode {
    let world: World
    let place: Int
    let member: MemberID
    let gateway: Gateway
    let loops: [EmbeddedEventLoop]
    private(set) var workers: [Worker] = []
    private let upstream: FakeUpstream
    private let transport: MemoryTransport
    private var connections: [ClientConnection] = []
    private(set) var isUp = true

    init(
        _ world: World, _ scenario: Scenario, place: Int, _ instances: [FakeInstance], _ backend: MemoryBackend
    ) throws {
        self.world = world
        self.place = place
        guard let member = MemberID(name: "node-\(place)", incarnation: world.numbers.next()) else { throw NoName() }
        self.member = member
        transport = MemoryTransport(member: member, backend: backend)
        upstream = FakeUpstream(world, instances)
        let group = UpstreamGroup(
            index: 0, name: "main", digest: 0xAAAA, path: "/mcp",
            instances: instances.map {
                Instance(
                    index: $0.place, name: "instance-\($0.place)", digest: UInt64($0.place) + 100,
                    hasStreamEndpoint: false, era: .stateful)
            }, transport: upstream, options: scenario.options)
        var parts = Gateway.Parts(
            upstreams: [group], keys: [SealingKey(secret: Array("a secret of the simulation".utf8))],
            access: .loopback, member: member, logger: Logger(label: "sim", factory: { _ in SwiftLogNoOpLogHandler() }))
        parts.limits = scenario.limits
        parts.waits = scenario.waits
        // Else it is the instances alone that know who is a stranger.
        if !scenario.hostileClients { parts.principalHeader = Array("x-client".utf8) }
        let (clock, numbers) = (world.clock, world.numbers)
        parts.clock = NodeClock(now: { clock.now }, unixSeconds: { clock.unixSeconds })
        parts.random = { numbers.next() }
        guard let bus = transport.bus else { throw NoName() }
        parts.cluster = ClusterParts(bus: bus, directory: transport.directory, isAlone: false)
        gateway = Gateway(parts)
        loops = (0..<scenario.workers).map { _ in EmbeddedEventLoop() }
        for loop in loops { loop.advanceTime(to: world.now) }
        workers = try loops.map { try gateway.makeWorker(on: $0) }
        _ = transport.start(on: loops[0])
        let joined = gateway.join(on: loops[0])
        loops[0].run()
        joined.assumeIsolated().whenFailure { world.violated("node \(place) cannot join: \($0)") }
    }

    struct NoName: Error {}

    deinit { for loop in loops { try? loop.syncShutdownGracefully() } }

    func advance() {
        guard isUp else { return }
        for loop in loops { loop.advanceTime(to: world.now) }
    }

    // MARK: Requests

    /// Sends a request to one of the node's event loops as a codec does.
    func send(
        _ verb: String, headers: [(String, String)], body: String = "", _ name: String, _ reader: any AnswerReader
    ) -> ClientConnection {
        let connection = ClientConnection(world, name, self, reader)
        guard isUp else {
            connection.nodeCrashed()
            return connection
        }
        connections.removeAll { $0.isOver }
        connections.append(connection)
        let worker = workers[world.random.below(workers.count)]
        var lines = [("Host", "localhost:8080"), ("Accept", "application/json, text/event-stream")] + headers
        if verb == "POST" {
            lines += [("Content-Type", "application/json"), ("Content-Length", "\(body.utf8.count)")]
        }
        let text = "\(verb) /mcp HTTP/1.1\r\n" + lines.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
        let block = ByteBuffer(string: text)
        var reader = RequestHeadReader(limits: HeadLimits())
        guard let head = try? block.withUnsafeReadableBytes({ try reader.read($0) }),
            case .accept = worker.admit(head, block)
        else {
            world.violated("\(name) was not let in")
            return connection
        }
        let request = Request(head: head, block: block, body: ByteBuffer(string: body))
        connection.observer = worker.serve(request, to: connection)
        return connection
    }

    // MARK: Faults

    func crash(_ backend: MemoryBackend) {
        guard isUp else { return }
        world.note("node \(place) is killed")
        isUp = false
        backend.crash(member)
        upstream.nodeCrashed()
        for connection in connections where !connection.isOver { connection.nodeCrashed() }
        connections = []
    }

    /// At the end of a run: connections hold their node.
    func forgetConnections() { connections = [] }

    // MARK: Looks

    /// The exchanges whose clients are connected here.
    var openExchanges: [Exchange] {
        connections.compactMap { $0.isOver ? nil : $0.observer as? Exchange }
    }
}
