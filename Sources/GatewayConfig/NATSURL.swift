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
            (isTLS, host, port, login) = try BrokerURL.hidingLogin(of: text) { () throws(ValueProblem) in
                let url = try BrokerURL(text, as: Self.form)
                guard url.rest.isEmpty || url.rest.utf8.elementsEqual("/".utf8) else {
                    throw ValueProblem("has more than a host and a port; write nats://HOST:PORT alone")
                }
                return (url.isTLS, url.host, url.port, try Self.login(url.login))
            }
        }

        static let form = BrokerURL.Form(broker: "NATS", plain: "nats", secure: "tls", port: 4222)

        /// Without password or token: `nats://127.0.0.1:4222`.
        public var description: String { "\(isTLS ? "tls" : "nats")://\(place)" }

        /// As `print-config` shows it.
        var redacted: String {
            login == .nobody ? description : "\(isTLS ? "tls" : "nats")://\(EffectiveYAML.redacted)@\(place)"
        }

        /// Only this machine reaches it, as for `Address`.
        public var isLoopback: Bool { Address(host: host, port: port).isLoopback }

        var place: String { "\(HostPort.bracketed(host)):\(port)" }

        private static func login(_ text: Substring?) throws(ValueProblem) -> Login {
            guard let text else { return .nobody }
            let parts = "user, password or token"
            guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
                return .token(try BrokerURL.unescaped(text, parts))
            }
            let password = text[text.utf8.index(after: colon)...]
            return .user(
                try BrokerURL.unescaped(text[..<colon], parts), password: try BrokerURL.unescaped(password, parts))
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
