// Where requests go: a port on loopback and a path. It connects to nothing by itself.

struct Endpoint: Sendable {
    var port: Int
    var path = "/mcp"

    /// The Host header of a request to it.
    var host: String { "127.0.0.1:\(port)" }
    var url: String { "http://\(host)\(path)" }
}
