// The ways in which nodes stand before servers. The case lists of the Python clients run over each of them.

enum Topology: String, CaseIterable, Sendable, CustomStringConvertible {
    /// One node.
    case single
    /// Two nodes, each of which reaches every server itself.
    case paired
    /// Two nodes that reach no server; an attachment beside each server comes to both.
    case attached

    var description: String { rawValue }
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
    /// - Parameter naming: false leaves the instances out: they come by themselves.
    func upstream(naming: Bool = true) -> String {
        var parts = ["name: \(name)", "path: \(path)"]
        if naming {
            let instances = servers.map { server in
                offersStream ? "{url: \"\(server.url)\", sse_url: \"\(server.streamURL)\"}" : "\"\(server.url)\""
            }
            parts.append("instances: [\(instances.joined(separator: ", "))]")
        }
        if !options.isEmpty { parts.append(options) }
        return "{\(parts.joined(separator: ", "))}"
    }
}
