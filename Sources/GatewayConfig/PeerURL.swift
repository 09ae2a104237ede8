// Where another node's peers connect: `http://HOST:PORT` and nothing more, since what travels there is not a client's
// HTTP but frames that the secret encrypts.

extension GatewayConfiguration {
    /// A node as its peers and attachments dial it.
    public struct PeerURL: Sendable, Hashable, CustomStringConvertible {
        /// A name or an address, lower case; IPv6 without brackets in its shortest spelling.
        public let host: String
        /// 1 to 65535.
        public let port: Int

        /// Reads `http://HOST:PORT`. The port is required: 80 by omission is never meant. Two spellings of one URL
        /// give equal values.
        public init(_ text: String) throws(ValueProblem) {
            let scheme = text.prefix(8).lowercased()
            guard scheme != "https://" else {
                throw ValueProblem("is https; frames between peers are encrypted with the secret; use http://")
            }
            guard scheme.hasPrefix("http://") else {
                throw ValueProblem("does not begin with http://; write http://HOST:PORT")
            }
            let url = try URLParts(text)
            guard url.path == "/" else { throw ValueProblem("has a path or a query; write http://HOST:PORT alone") }
            let authority = text.dropFirst(7).prefix { $0 != "/" }
            guard try HostPort(parsing: authority).port != nil else {
                throw ValueProblem("has no port; write http://HOST:PORT, with the port of that node's cluster.listen")
            }
            guard !Address(host: url.host, port: url.port).isWildcard else {
                throw ValueProblem("names no machine; write the address or name under which that node is reached")
            }
            host = url.host
            port = url.port
        }

        /// `http://127.0.0.1:7001`.
        public var description: String { "http://\(HostPort.bracketed(host)):\(port)" }

        /// Only this machine reaches it, as for `Address`.
        public var isLoopback: Bool { Address(host: host, port: port).isLoopback }
    }
}

extension ValueKind where Value == GatewayConfiguration.PeerURL {
    static var peer: ValueKind {
        .text("a peer's URL such as http://127.0.0.1:7001", text: \.description) { text throws(ValueProblem) in
            try GatewayConfiguration.PeerURL(text)
        }
    }
}
