// The URL of a Redis server: `redis://HOST[:PORT][/DATABASE]`, or `rediss://` for TLS, perhaps with who we are in front
// of the host. Taken apart once, so that no text that is shown or logged later holds a password.

extension GatewayConfiguration {
    /// Where a Redis server listens, and what was said in the URL about who connects and to which database.
    public struct RedisURL: Sendable, Hashable, CustomStringConvertible {
        /// `rediss://`: nothing is sent before the connection is encrypted.
        public let isTLS: Bool
        /// Lower case; IPv6 without brackets.
        public let host: String
        /// 1 to 65535; 6379 when the URL has none.
        public let port: Int
        /// `user:password@` or `:password@`, without its escapes.
        public let login: RedisLogin
        /// `/DATABASE`.
        public let database: Int?

        /// Reads a URL of at most 2048 bytes. A problem of one that holds a password hides it.
        public init(_ text: String) throws(ValueProblem) {
            (isTLS, host, port, login, database) = try BrokerURL.hidingLogin(of: text) { () throws(ValueProblem) in
                guard !Self.namesSeveral(text) else {
                    throw ValueProblem(
                        "names several servers; write one: neither Redis Cluster nor Sentinel is supported")
                }
                let url = try BrokerURL(text, as: Self.form)
                return (url.isTLS, url.host, url.port, try Self.login(url.login), try Self.database(url.rest))
            }
        }

        static let form = BrokerURL.Form(broker: "Redis", plain: "redis", secure: "rediss", port: 6379)

        /// The numbers that a database can have. A server has 16 of them unless its `databases` says otherwise.
        static let databases = 0...65535

        /// Without password: `redis://127.0.0.1:6379`.
        public var description: String { "\(scheme)://\(place)" }

        /// As `print-config` shows it.
        var redacted: String { login == .nobody ? description : "\(scheme)://\(EffectiveYAML.redacted)@\(place)" }

        /// Only this machine reaches it, as for `Address`.
        public var isLoopback: Bool { Address(host: host, port: port).isLoopback }

        private var scheme: String { isTLS ? Self.form.secure : Self.form.plain }

        private var place: String { "\(HostPort.bracketed(host)):\(port)" + (database.map { "/\($0)" } ?? "") }

        // MARK: Reading

        /// A comma among hosts, or a second URL after one. A password may have commas.
        private static func namesSeveral(_ text: String) -> Bool {
            let comma = UInt8(ascii: ",")
            let others = text.utf8.split(separator: comma, omittingEmptySubsequences: false).dropFirst()
            if others.contains(where: { $0.starts(with: "redis://".utf8) || $0.starts(with: "rediss://".utf8) }) {
                return true
            }
            let place = text.utf8.lastIndex(of: UInt8(ascii: "@")) ?? text.startIndex
            return text.utf8[place...].contains(comma)
        }

        private static func login(_ text: Substring?) throws(ValueProblem) -> RedisLogin {
            guard let text else { return .nobody }
            let parts = "user or password"
            // Some programs take a word alone for a user, some for a password.
            guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
                throw ValueProblem(
                    "has no ':' before its '@'; write USER:PASSWORD@, or :PASSWORD@ for the server's default user")
            }
            let user = text[..<colon]
            let password = try BrokerURL.unescaped(text[text.utf8.index(after: colon)...], parts)
            return user.isEmpty ? .password(password) : .user(try BrokerURL.unescaped(user, parts), password: password)
        }

        private static func database(_ rest: Substring) throws(ValueProblem) -> Int? {
            guard !rest.utf8.contains(where: { "?#".utf8.contains($0) }) else {
                throw ValueProblem("has a query or a fragment; write redis://HOST:PORT or redis://HOST:PORT/DATABASE")
            }
            let digits = rest.utf8.dropFirst()
            guard !digits.isEmpty else { return nil }
            let hasLeadingZero = digits.count > 1 && digits.first == UInt8(ascii: "0")
            guard digits.allSatisfy(\.isDigit), !hasLeadingZero, let number = Int(String(Substring(digits))),
                databases.contains(number)
            else {
                let range = "\(databases.lowerBound) to \(databases.upperBound)"
                throw ValueProblem("has a path that is no number of a database; write \(range) there, or nothing")
            }
            return number
        }
    }
}

extension GatewayConfiguration.RedisURL {
    /// What stands in for a URL that could not be read, in a configuration that is refused for it.
    static let unread = Self(isTLS: false, host: "localhost", port: form.port, login: .nobody, database: nil)

    private init(isTLS: Bool, host: String, port: Int, login: GatewayConfiguration.RedisLogin, database: Int?) {
        (self.isTLS, self.host, self.port, self.login, self.database) = (isTLS, host, port, login, database)
    }
}

extension ValueKind where Value == GatewayConfiguration.RedisURL {
    static var redis: ValueKind {
        let expected = "the URL of one server, such as redis://127.0.0.1:6379"
        return ValueKind(expected: expected, isText: true, text: \.redacted) { scalar throws(ValueProblem) in
            guard scalar.isText else { throw .mistyped }
            let url = try GatewayConfiguration.RedisURL(scalar.text)
            // What came from a flag is `any`, and no file.
            guard url.login == .nobody || scalar.form == .any else {
                throw ValueProblem(
                    "holds a password itself; write ${env:NAME} for it, or use 'user' and 'password'", hidesValue: true)
            }
            return url
        }
    }
}
