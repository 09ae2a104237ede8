// The URL of a NATS server: `nats://HOST[:PORT]` or `tls://HOST[:PORT]`, perhaps with who we are in front of the host.
// Taken apart once, so that no text that is shown or logged later holds a password.

extension GatewayConfiguration {
    /// Where a NATS server listens, and what was said in the URL about who connects.
    public struct NATSURL: Sendable, Hashable, CustomStringConvertible {
        /// `tls://`: nothing is sent before the connection is encrypted.
        public let isTLS: Bool
        /// Lower case; IPv6 without brackets.
        public let host: String
        /// 1 to 65535; 4222 when the URL has none.
        public let port: Int
        /// `user:password@` or `token@`, without its escapes.
        public let login: Login

        /// What stands before the `@`.
        public enum Login: Sendable, Hashable {
            case nobody
            case user(String, password: String)
            case token(String)
        }

        /// Reads a URL of at most 2048 bytes. A problem of one that holds a password hides it.
        public init(_ text: String) throws(ValueProblem) {
            do {
                (isTLS, host, port, login) = try Self.parts(of: text)
            } catch {
                var problem = error
                problem.hidesValue = error.hidesValue || text.utf8.contains(UInt8(ascii: "@"))
                throw problem
            }
        }

        /// Without password or token: `nats://127.0.0.1:4222`.
        public var description: String { "\(isTLS ? "tls" : "nats")://\(place)" }

        /// As `print-config` shows it.
        var redacted: String {
            login == .nobody ? description : "\(isTLS ? "tls" : "nats")://\(EffectiveYAML.redacted)@\(place)"
        }

        /// Only this machine reaches it, as for `Address`.
        public var isLoopback: Bool { Address(host: host, port: port).isLoopback }

        var place: String { "\(HostPort.bracketed(host)):\(port)" }

        // MARK: Reading

        private static func parts(of text: String) throws(ValueProblem) -> (Bool, String, Int, Login) {
            guard text.utf8.count <= ConfigBounds.urlBytes else {
                throw ValueProblem("is longer than \(ConfigBounds.urlBytes) bytes")
            }
            let scheme = text.prefix(7).lowercased()
            let isTLS = scheme.hasPrefix("tls://")
            guard isTLS || scheme == "nats://" else {
                throw ValueProblem("does not begin with nats:// or tls://; write nats://HOST:PORT")
            }
            var rest = text.dropFirst(isTLS ? 6 : 7)
            var login = Login.nobody
            // The last one: a password may hold another, and there is no path that could.
            if let at = rest.utf8.lastIndex(of: UInt8(ascii: "@")) {
                login = try Self.login(rest[..<at])
                rest = rest[rest.utf8.index(after: at)...]
            }
            if rest.utf8.last == UInt8(ascii: "/") { rest = rest.dropLast() }
            guard !rest.utf8.contains(where: { "/?#".utf8.contains($0) }) else {
                throw ValueProblem("has more than a host and a port; write nats://HOST:PORT alone")
            }
            let authority = try HostPort(parsing: rest)
            guard authority.port != 0 else { throw ValueProblem("has port 0") }
            let port = authority.port ?? 4222
            guard !Address(host: authority.host, port: port).isWildcard else {
                throw ValueProblem("names no machine; write the address or name under which the server is reached")
            }
            return (isTLS, authority.host, port, login)
        }

        private static func login(_ text: Substring) throws(ValueProblem) -> Login {
            guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
                return .token(try unescaped(text))
            }
            let password = text[text.utf8.index(after: colon)...]
            return .user(try unescaped(text[..<colon]), password: try unescaped(password))
        }

        private static func unescaped(_ text: Substring) throws(ValueProblem) -> String {
            var bytes: [UInt8] = []
            var rest = text.utf8[...]
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "%") else {
                    bytes.append(byte)
                    continue
                }
                guard rest.count >= 2, rest.prefix(2).allSatisfy(\.isHexDigit),
                    let value = UInt8(String(Substring(rest.prefix(2))), radix: 16)
                else { throw ValueProblem("has '%' without two hex digits before its '@'; write %25 for a '%'") }
                bytes.append(value)
                rest = rest.dropFirst(2)
            }
            guard !bytes.isEmpty else { throw ValueProblem("has an empty user, password or token before its '@'") }
            guard let result = String(validating: bytes, as: UTF8.self), bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else { throw ValueProblem("has a user, password or token that is not text") }
            return result
        }
    }
}

extension ValueKind where Value == GatewayConfiguration.NATSURL {
    static var nats: ValueKind {
        let expected = "a URL such as nats://127.0.0.1:4222"
        return ValueKind(expected: expected, isText: true, text: \.redacted) { scalar throws(ValueProblem) in
            guard scalar.isText else { throw .mistyped }
            let url = try GatewayConfiguration.NATSURL(scalar.text)
            // What came from a flag is `any`, and no file.
            guard url.login == .nobody || scalar.form == .any else {
                throw ValueProblem(
                    "holds a password or token itself; write ${env:NAME} for it, or use 'user' and 'password', or"
                        + " 'token'", hidesValue: true)
            }
            return url
        }
    }
}
