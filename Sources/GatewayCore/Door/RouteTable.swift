// Paths of the client's door: each upstream's endpoint, and the two paths of 2024-11-05 beside it.
internal import HTTPWire

/// What stands at a path.
enum Endpoint {
    /// Streamable HTTP, all revisions.
    case streamable(UpstreamGroup)
    /// The stream of 2024-11-05.
    case stream(UpstreamGroup)
    /// The messages of 2024-11-05.
    case messages(UpstreamGroup)

    var upstream: UpstreamGroup {
        switch self {
        case .streamable(let group), .stream(let group), .messages(let group): group
        }
    }
}

/// Finds the endpoint for a path. Few entries, so a walk beats a hash.
struct RouteTable {
    private let routes: [(path: [UInt8], endpoint: Endpoint)]

    init(_ upstreams: [UpstreamGroup]) {
        var routes: [(path: [UInt8], endpoint: Endpoint)] = []
        for group in upstreams {
            routes.append((Array(group.path.utf8), .streamable(group)))
            guard group.takesAttachments || group.instances.contains(where: \.hasStreamEndpoint) else { continue }
            routes.append((Array(Self.streamPath(group).utf8), .stream(group)))
            routes.append((Array(Self.messagesPath(group).utf8), .messages(group)))
            // The path that clients of that time have in their configuration.
            if group.path == "/mcp" { routes.append((Array("/sse".utf8), .stream(group))) }
        }
        self.routes = routes
    }

    static func streamPath(_ group: UpstreamGroup) -> String { (group.path == "/" ? "" : group.path) + "/sse" }

    static func messagesPath(_ group: UpstreamGroup) -> String { (group.path == "/" ? "" : group.path) + "/messages" }

    func find(_ path: UnsafeRawBufferPointer) -> Endpoint? {
        for route in routes where route.path.count == path.count {
            if route.path.elementsEqual(path) { return route.endpoint }
        }
        return nil
    }
}
