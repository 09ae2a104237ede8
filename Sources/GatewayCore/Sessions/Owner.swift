// Whom a session counts for when shares are given out: nobody may take all that there is.
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif
internal import SealedBox

/// A principal or, while nobody is asked who they are, a client's address.
struct Owner: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// Of sessions whose client's address is not known: they began at another node.
    static let unknown = Owner(high: 0, low: 0)

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(_ principal: Principal) { self.init(high: principal.high, low: principal.low) }

    /// - Parameter source: ``source(_:)`` of the client's address, used while the principal is anonymous.
    init(_ principal: Principal, source: UInt64) {
        self = principal == .anonymous ? Owner(high: 0, low: source) : Owner(principal)
    }

    /// An IPv6 client has a network of 64 bits at least, and any address in it: the network is what counts.
    static func source(_ address: String) -> UInt64 {
        var six = in6_addr()
        guard inet_pton(AF_INET6, address, &six) == 1 else { return digest(Array(address.utf8)) }
        return withUnsafeBytes(of: six) { bytes in
            // ::ffff:0:0/96 is an IPv4 address (RFC 4291 §2.5.5.2).
            let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 }
            return digest(Array(isMapped ? bytes[...] : bytes.prefix(8)))
        }
    }

    /// Some order, always the same one.
    func isBefore(_ other: Owner) -> Bool { (high, low) < (other.high, other.low) }

    private static func digest(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { Digest.sha256($0) }.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
