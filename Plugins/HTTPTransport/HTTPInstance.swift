// One instance as this transport sees it: an address and the request lines for it, made once.
internal import NIOCore
internal import TransportAPI

/// Where one MCP server instance listens.
public struct HTTPInstance: Sendable {
    /// A name or an address literal, IPv6 without brackets.
    public var host: String
    public var port: Int
    public var isTLS: Bool
    /// The endpoint's path with its query, beginning with '/'.
    public var path: String
    /// The path of the 2024-11-05 stream, if the instance offers it.
    public var streamPath: String?

    public init(host: String, port: Int, isTLS: Bool, path: String, streamPath: String? = nil) {
        self.host = host
        self.port = port
        self.isTLS = isTLS
        self.path = path
        self.streamPath = streamPath
    }

    /// `host:port` as it stands in Host. It is the instance's own address, never the gateway's: SDK servers answer 421
    /// to a Host that is not theirs.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }
}

/// The request line and Host line for each verb, ready to be copied.
struct RequestLines {
    private let lines: [[UInt8]]
    private let stream: [UInt8]
    private let host: String

    init(_ instance: HTTPInstance) {
        let host = "Host: \(instance.authority)\r\n"
        self.host = host
        lines = ["POST", "GET", "DELETE"].map { Array("\($0) \(instance.path) HTTP/1.1\r\n\(host)".utf8) }
        stream = Array("GET \(instance.streamPath ?? instance.path) HTTP/1.1\r\n\(host)".utf8)
    }

    func write(_ request: ExchangeRequest, to out: inout ByteBuffer) {
        if let path = request.path {
            let verb = request.verb == .post ? "POST" : request.verb == .get ? "GET" : "DELETE"
            out.writeString("\(verb) \(path) HTTP/1.1\r\n\(host)")
        } else if request.usesStreamEndpoint {
            out.writeBytes(stream)
        } else {
            out.writeBytes(lines[Int(request.verb.rawValue)])
        }
    }
}
