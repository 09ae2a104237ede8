// The ways in which nodes stand before servers. The case lists of the Python clients run over each of them.

enum Topology: String, CaseIterable, Sendable, CustomStringConvertible {
    /// One node.
    case single
    /// Two nodes, each of which reaches every server itself.
    case paired
    /// Two nodes that reach no server; an attachment beside each server comes to both.
    case attached
    /// Three nodes that meet on a NATS server; each reaches every server itself.
    case nats
    /// Three nodes that reach no server; an attachment beside each server, and a NATS server where all of them meet.
    case natsAttached

    var description: String { rawValue }

    /// Those that this build can have.
    static var allCases: [Topology] {
        #if NATS
            [.single, .paired, .attached, .nats, .natsAttached]
        #else
            [.single, .paired, .attached]
        #endif
    }

    /// The same without a broker and with one, where this build has it.
    static func with(_ topology: Topology, _ broker: Topology) -> [Topology] {
        allCases.filter { $0 == topology || $0 == broker }
    }

    /// With the broker only when every case is wanted over every topology.
    static func matrix(_ topology: Topology, _ broker: Topology) -> [Topology] {
        Matrix.isWhole ? with(topology, broker) : [topology]
    }

    var nodeCount: Int {
        switch self {
        case .single: 1
        case .paired, .attached: 2
        case .nats, .natsAttached: 3
        }
    }

    var hasAttachments: Bool { self == .attached || self == .natsAttached }

    var isOverNATS: Bool { self == .nats || self == .natsAttached }
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
        if topology == .natsAttached { parts.append("transport: nats") }
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
