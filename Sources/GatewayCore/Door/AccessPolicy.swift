// Which Host and which Origin may come in. A web page must not reach a local gateway (DNS rebinding), so both are
// checked on every endpoint (2025-11-25 and 2026-07-28, Streamable HTTP, Security Warning).
public import HTTPWire

/// The allowed values of `Host` and `Origin`.
public struct AccessPolicy: Sendable {
    private let hosts: [Pattern]?
    private let origins: [Pattern]

    /// - Parameters:
    ///   - hosts: `name`, `name:port` or `name:*`, IPv6 in brackets; a name alone allows every port. Nil allows all.
    ///   - origins: `scheme://name[:port]`, `:*` for every port, or `*` for every origin.
    public init(hosts: [String]?, origins: [String]) {
        self.hosts = hosts?.map { Pattern($0, namesAllPorts: true) }
        self.origins = origins.map { Pattern($0, namesAllPorts: false) }
    }

    /// What fits a loopback bind: the names of this machine, any port.
    public static let loopback = AccessPolicy(
        hosts: ["localhost", "127.0.0.1", "[::1]"],
        origins: ["localhost", "127.0.0.1", "[::1]"].flatMap { ["http://\($0):*", "https://\($0):*"] })

    /// Both checks for one head.
    public func allows(_ head: RequestHead, _ block: UnsafeRawBufferPointer) -> Bool {
        guard allowsHost(head.known[.host].bytes(in: block)) else { return false }
        let origin = head.known[.origin]
        return origin.isAbsent || (!head.known.isRepeated(.origin) && allowsOrigin(origin.bytes(in: block)))
    }

    func allowsHost(_ value: UnsafeRawBufferPointer) -> Bool {
        guard let hosts else { return true }
        return hosts.contains { $0.matches(value) }
    }

    func allowsOrigin(_ value: UnsafeRawBufferPointer) -> Bool { origins.contains { $0.matches(value) } }

    /// One allowed value, compared without regard to ASCII case.
    private struct Pattern {
        let name: [UInt8]
        let hasAnyPort: Bool
        let allowsAll: Bool

        init(_ text: String, namesAllPorts: Bool) {
            let lower = Array(text.utf8).map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
            allowsAll = lower == [0x2A]
            if lower.suffix(2).elementsEqual(":*".utf8) {
                name = Array(lower.dropLast(2))
                hasAnyPort = true
            } else {
                name = lower
                hasAnyPort = namesAllPorts && Self.portStart(lower) == nil
            }
        }

        func matches(_ value: UnsafeRawBufferPointer) -> Bool {
            if allowsAll { return true }
            guard value.count >= name.count else { return false }
            for index in 0..<name.count {
                let byte = value[index]
                if (byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte) != name[index] { return false }
            }
            if value.count == name.count { return true }
            guard hasAnyPort, value[name.count] == 0x3A, value.count <= name.count + 6, value.count > name.count + 1
            else { return false }
            return value[(name.count + 1)...].allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        }

        /// Where `:port` begins in `host:port`, brackets of IPv6 respected.
        private static func portStart(_ host: [UInt8]) -> Int? {
            guard let colon = host.lastIndex(of: 0x3A) else { return nil }
            if let bracket = host.lastIndex(of: 0x5D) { return colon > bracket ? colon : nil }
            return colon
        }
    }
}
