// The ways in which nodes stand before servers. The case lists of the Python clients run over each of them.

enum Topology: String, CaseIterable, Sendable, CustomStringConvertible {
    /// One node.
    case single
    /// Two nodes, each of which reaches every server itself.
    case paired
    /// Two nodes that reach no server; an attachment beside each server comes to both.
    case attached
    /// Three nodes that meet on a broker; each reaches every server itself.
    case nats, redis
    /// Three nodes that reach no server; an attachment beside each server, and a broker where all of them meet.
    case natsAttached, redisAttached

    var description: String { rawValue }

    /// Those that this build can have.
    static var allCases: [Topology] {
        [.single, .paired, .attached] + BrokerKind.allCases.flatMap { [$0.direct, $0.attached] }
    }

    /// Those in which members meet on a broker.
    static var brokered: [Topology] { allCases.filter { $0.broker != nil } }

    /// The same without a broker and over each.
    static func with(_ topology: Topology) -> [Topology] {
        [topology] + brokered.filter { $0.hasAttachments == topology.hasAttachments }
    }

    /// Over brokers only when every case is wanted over every topology.
    static func matrix(_ topology: Topology) -> [Topology] { Matrix.isWhole ? with(topology) : [topology] }

    var nodeCount: Int {
        switch self {
        case .single: 1
        case .paired, .attached: 2
        case .nats, .natsAttached, .redis, .redisAttached: 3
        }
    }

    var hasAttachments: Bool {
        switch self {
        case .attached, .natsAttached, .redisAttached: true
        case .single, .paired, .nats, .redis: false
        }
    }

    /// On which members meet; nil where they meet at each other, or do not.
    var broker: BrokerKind? {
        switch self {
        case .single, .paired, .attached: nil
        case .nats, .natsAttached: .nats
        case .redis, .redisAttached: .redis
        }
    }
}

/// Servers that are published as one upstream.
struct Publication: Sendable {
    var name = "main"
    var path = "/mcp"
    var servers: [TestServer]
    /// The servers have an HTTP+SSE endpoint, too.
    var offersStream = false
    /// Further keys of the upstream, such as `resumable: off`, with commas between them.
    var options = ""

    /// The upstream as a YAML flow mapping.
    /// - Parameter topology: with attachments the instances are left out: they come by themselves.
    func upstream(_ topology: Topology = .single) -> String {
        var parts = ["name: \(name)", "path: \(path)"]
        if topology.hasAttachments, let broker = topology.broker { parts.append("transport: \(broker)") }
        if !topology.hasAttachments {
            let instances = servers.map { server in
                offersStream ? "{url: \"\(server.url)\", sse_url: \"\(server.streamURL)\"}" : "\"\(server.url)\""
            }
            parts.append("instances: [\(instances.joined(separator: ", "))]")
        }
        if !options.isEmpty { parts.append(options) }
        return "{\(parts.joined(separator: ", "))}"
    }
}
