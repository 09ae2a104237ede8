// The URL of an instance, taken apart once at start-up so that nothing on the data path parses URLs. Strict: http and
// https only, RFC 3986 characters only, no user, no fragment, no dot segments.

extension GatewayConfiguration {
    /// An absolute http or https URL.
    public struct URLParts: Sendable, Hashable, CustomStringConvertible {
        public let isTLS: Bool
        /// Lower case; IPv6 without brackets.
        public let host: String
        /// 1 to 65535; 80 and 443 when the URL has none.
        public let port: Int
        /// Path and query as they go into a request line; starts with `/`.
        public let path: String
        /// The URL in its normal form: lower-case scheme and host, no default port, a path. Its query may hold a key,
        /// so nobody is shown this: see ``description``.
        public let text: String

        /// Reads a URL of at most 2048 bytes. Two spellings of one URL give equal values.
        public init(_ text: String) throws(ValueProblem) {
            guard text.utf8.count <= ConfigBounds.urlBytes else {
                throw ValueProblem("is longer than \(ConfigBounds.urlBytes) bytes")
            }
            let scheme = text.prefix(8).lowercased()
            isTLS = scheme == "https://"
            guard isTLS || scheme.hasPrefix("http://") else {
                throw ValueProblem("does not begin with http:// or https://")
            }
            let rest = text.dropFirst(isTLS ? 8 : 7)
            let isEnd = { (byte: UInt8) in "/?#".utf8.contains(byte) }
            let end = rest.utf8.firstIndex(where: isEnd) ?? rest.endIndex
            guard !rest[..<end].utf8.contains(UInt8(ascii: "@")) else {
                throw ValueProblem("carries a user or password, which is never sent; remove it", hidesValue: true)
            }
            let authority = try HostPort(parsing: rest[..<end])
            guard authority.port != 0 else { throw ValueProblem("has port 0") }
            let standard = isTLS ? 443 : 80
            host = authority.host
            port = authority.port ?? standard
            path = try Self.target(rest[end...])
            let shownPort = port == standard ? "" : ":\(port)"
            self.text = "\(isTLS ? "https" : "http")://\(HostPort.bracketed(host))\(shownPort)\(path)"
        }

        /// What a request to it carries as `Host`: no port when it is the scheme's own.
        public var authority: String {
            port == (isTLS ? 443 : 80) ? HostPort.bracketed(host) : "\(HostPort.bracketed(host)):\(port)"
        }

        /// Only this machine reaches it, as for `Address`.
        public var isLoopback: Bool {
            Address(host: host, port: port).isLoopback
        }

        /// Where it is, without what may be secret of it: no query. For messages and logs.
        public var description: String { "\(isTLS ? "https" : "http")://\(name)" }

        /// Host, port and path, as logs and metrics name an instance that nobody has named: no query.
        public var name: String { authority + path.prefix { $0 != "?" } }

        /// As `print-config` shows it.
        var redacted: String { hasQuery ? "\(description)?\(EffectiveYAML.redacted)" : text }

        /// A query, which may be empty.
        var hasQuery: Bool { path.utf8.contains(UInt8(ascii: "?")) }

        /// Connections to one go to the other as well: scheme, host and port are the same.
        func sharesConnections(with other: URLParts) -> Bool {
            isTLS == other.isTLS && port == other.port && host.utf8.elementsEqual(other.host.utf8)
        }

        /// Path and query, with the path that an empty one stands for.
        private static func target(_ text: Substring) throws(ValueProblem) -> String {
            guard !text.utf8.contains(UInt8(ascii: "#")) else {
                throw ValueProblem("has a fragment ('#…'), which is never sent; remove it")
            }
            let target = text.utf8.first == UInt8(ascii: "/") ? String(text) : "/\(text)"
            var digitsDue = 0
            for byte in target.utf8 {
                if digitsDue > 0 {
                    guard byte.isHexDigit else { break }
                    digitsDue -= 1
                } else if byte == UInt8(ascii: "%") {
                    digitsDue = 2
                } else if !byte.isLetterOrDigit && !"-._~!$&'()*+,;=:@/?".utf8.contains(byte) {
                    throw ValueProblem("has a character that must be written as %XX")
                }
            }
            guard digitsDue == 0 else { throw ValueProblem("has '%' without two hex digits") }
            let segments = target.prefix { $0 != "?" }.split(separator: "/")
            guard !segments.contains("."), !segments.contains("..") else {
                throw ValueProblem("has '.' or '..' in its path; write the path that is meant")
            }
            return target
        }
    }
}
