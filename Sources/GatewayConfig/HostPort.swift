// `host` or `host:port`, checked byte by byte: DNS names, IPv4 in four decimal parts, IPv6 in brackets. Addresses,
// URLs, allowed hosts and origins are all built on it, so that one host has one spelling everywhere.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A host and the port, if one was written.
struct HostPort: Equatable {
    /// Lower case; IPv6 without brackets in its shortest spelling.
    var host: String
    var port: Int?

    init(parsing text: some StringProtocol) throws(ValueProblem) {
        if text.utf8.first == UInt8(ascii: "[") {
            guard let end = text.utf8.firstIndex(of: UInt8(ascii: "]")) else {
                throw ValueProblem("has '[' without ']'")
            }
            let inside = text[text.utf8.index(after: text.startIndex)..<end]
            guard let address = Self.ipv6(String(inside)) else {
                throw ValueProblem("has no IPv6 address in its brackets")
            }
            host = address
            port = try Self.port(text[text.utf8.index(after: end)...])
            return
        }
        let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
        if text[colon...].utf8.dropFirst().contains(UInt8(ascii: ":")) {
            throw ValueProblem("has several colons; write an IPv6 address in brackets, such as [::1]:8080")
        }
        host = try Self.name(text[..<colon])
        port = try Self.port(text[colon...])
    }

    /// `name`, `name:port`, IPv6 in brackets.
    var text: String {
        let port = port.map { ":\($0)" } ?? ""
        return Self.bracketed(host) + port
    }

    /// An IPv4 or IPv6 address rather than a name.
    var isAddress: Bool {
        host.utf8.contains(UInt8(ascii: ":")) || Self.isIPv4(Self.parts(of: host))
    }

    static func bracketed(_ host: String) -> String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    }

    /// Reads `:port` or nothing.
    private static func port(_ text: some StringProtocol) throws(ValueProblem) -> Int? {
        guard let first = text.utf8.first else { return nil }
        let digits = text.utf8.dropFirst()
        guard first == UInt8(ascii: ":") else { throw ValueProblem("has something else than a port after ']'") }
        let hasLeadingZero = digits.count > 1 && digits.first == UInt8(ascii: "0")
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit), !hasLeadingZero,
            let port = Int(String(text.dropFirst())), port <= 65535
        else { throw ValueProblem("has a port that is not a number from 0 to 65535") }
        return port
    }

    private static func name(_ text: some StringProtocol) throws(ValueProblem) -> String {
        guard !text.isEmpty else { throw ValueProblem("has no host") }
        let labels = Self.parts(of: text)
        let isName = text.utf8.count <= 253 && labels.allSatisfy { label in
            !label.isEmpty && label.count <= 63 && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        }
        guard isName else { throw ValueProblem("has a host that is neither a name nor an address") }
        // Resolvers read `127.1` and `0x7f.1` as addresses; a host that ends like a number must be a plain one.
        let last = labels.last ?? labels[0]
        let isHex = last.starts(with: "0x".utf8) || last.starts(with: "0X".utf8)
        if last.allSatisfy(\.isDigit) || isHex, !isIPv4(labels) {
            throw ValueProblem("has a host that is no IPv4 address but looks like one; write four numbers, 0 to 255")
        }
        return text.lowercased()
    }

    private static func parts(of host: some StringProtocol) -> [[UInt8]] {
        Array(host.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { Array($0) }
    }

    private static func isIPv4(_ parts: [[UInt8]]) -> Bool {
        parts.count == 4 && parts.allSatisfy { part in
            guard part.count <= 3, part.count == 1 || part.first != UInt8(ascii: "0") else { return false }
            guard let value = Int(String(decoding: part, as: UTF8.self)) else { return false }
            return value <= 255 && part.allSatisfy(\.isDigit)
        }
    }

    /// The shortest spelling of an IPv6 address; `nil` if it is none. Zones (`%eth0`) are none.
    private static func ipv6(_ text: String) -> String? {
        var address = in6_addr()
        guard !text.utf8.contains(0), inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        var spelling = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &address, &spelling, socklen_t(INET6_ADDRSTRLEN)) != nil else { return nil }
        return String(decoding: spelling.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// 127.0.0.0/8, ::1 (also as mapped IPv4), and the names under `localhost` (RFC 6761, section 6.3).
    var isLoopback: Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
        let ipv4 = host.hasPrefix("::ffff:") ? host.dropFirst(7) : Substring(host)
        return Self.isIPv4(Self.parts(of: ipv4)) && ipv4.hasPrefix("127.")
    }
}
