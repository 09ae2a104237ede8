// What the URLs of all brokers have in common, `SCHEME://[LOGIN@]HOST[:PORT]` and what follows, taken apart. What the
// login and the rest mean is for `NATSURL` and `RedisURL` to say.

/// A broker's URL in its parts.
struct BrokerURL {
    /// How the URLs of one broker look.
    struct Form {
        /// How messages name the broker.
        var broker: String
        /// What stands before `://` without and with TLS.
        var plain: String
        var secure: String
        /// The port of a URL that has none.
        var port: Int
    }

    let isTLS: Bool
    /// What stands before the `@`, with its escapes.
    let login: Substring?
    /// Lower case; IPv6 without brackets.
    let host: String
    /// 1 to 65535.
    let port: Int
    /// What follows: nothing, or something that begins with `/`, `?` or `#`.
    let rest: Substring

    /// Takes a URL of at most 2048 bytes apart.
    init(_ text: String, as form: Form) throws(ValueProblem) {
        guard text.utf8.count <= ConfigBounds.urlBytes else {
            throw ValueProblem("is longer than \(ConfigBounds.urlBytes) bytes")
        }
        let (plain, secure) = ("\(form.plain)://", "\(form.secure)://")
        isTLS = Self.begins(text, with: secure)
        guard isTLS || Self.begins(text, with: plain) else {
            throw ValueProblem("does not begin with \(plain) or \(secure); write \(plain)HOST:PORT")
        }
        var tail = Substring(text.utf8.dropFirst((isTLS ? secure : plain).utf8.count))
        // The last one: a password may hold another, and nothing that may follow could.
        if let at = tail.utf8.lastIndex(of: UInt8(ascii: "@")) {
            login = tail[..<at]
            tail = tail[tail.utf8.index(after: at)...]
        } else {
            login = nil
        }
        let end = tail.utf8.firstIndex { "/?#".utf8.contains($0) } ?? tail.endIndex
        let authority = try HostPort(parsing: tail[..<end])
        guard authority.port != 0 else { throw ValueProblem("has port 0") }
        host = authority.host
        port = authority.port ?? form.port
        rest = tail[end...]
        guard !GatewayConfiguration.Address(host: host, port: port).isWildcard else {
            throw ValueProblem("names no machine; write the address or name under which the server is reached")
        }
    }

    /// A problem of a URL that holds a password hides it.
    static func hidingLogin<Value>(
        of text: String, _ read: () throws(ValueProblem) -> Value
    ) throws(ValueProblem) -> Value {
        do {
            return try read()
        } catch {
            var problem = error
            problem.hidesValue = error.hidesValue || text.utf8.contains(UInt8(ascii: "@"))
            throw problem
        }
    }

    /// Reads a part of a login, without its escapes; `parts` says what it may be.
    static func unescaped(_ text: Substring, _ parts: String) throws(ValueProblem) -> String {
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
        guard !bytes.isEmpty else { throw ValueProblem("has an empty \(parts) before its '@'") }
        guard let result = String(validating: bytes, as: UTF8.self), bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw ValueProblem("has a \(parts) that is not text") }
        return result
    }

    /// Schemes are the same in capital letters (RFC 3986, section 3.1).
    private static func begins(_ text: String, with start: String) -> Bool {
        text.utf8.prefix(start.utf8.count).elementsEqual(start.utf8) { $0 == $1 || $0.isLetter && $0 | 0x20 == $1 }
    }
}
