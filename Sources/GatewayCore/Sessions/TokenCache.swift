// Session ids that one event loop has opened before. A hit costs a dictionary look-up and a comparison; nothing is
// decrypted twice.
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Opened session ids of one event loop.
struct TokenCache {
    private struct Entry {
        var token: [UInt8]
        var session: Session
    }

    /// By the last characters of a token, which are of its authentication tag: as good as random, and only valid
    /// tokens are here.
    private var entries: [UInt64: Entry] = [:]
    private let entriesMax: Int

    init(entriesMax: Int) { self.entriesMax = entriesMax }

    var count: Int { entries.count }

    func find(_ token: UnsafeRawBufferPointer) -> Session? {
        guard let entry = entries[Self.key(token)], entry.token.count == token.count else { return nil }
        return entry.token.withUnsafeBytes { Self.equal($0, token) } ? entry.session : nil
    }

    mutating func insert(_ token: UnsafeRawBufferPointer, _ session: Session) {
        if entries.count >= entriesMax { forgetHalf() }
        entries[Self.key(token)] = Entry(token: Array(token), session: session)
    }

    /// Drops sessions that have ended or were forgotten.
    mutating func sweep() {
        let dead = entries.filter { $0.value.session.hasEnded || $0.value.session.isForgotten }.map(\.key)
        for key in dead { entries.removeValue(forKey: key) }
    }

    private mutating func forgetHalf() {
        for key in entries.keys.prefix(entries.count / 2) { entries.removeValue(forKey: key) }
    }

    /// Not in constant time: what it compares with is a token that this loop has opened before.
    private static func equal(_ own: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        guard own.count == other.count else { return false }
        guard let first = own.baseAddress, let second = other.baseAddress else { return true }
        return memcmp(first, second, own.count) == 0
    }

    private static func key(_ token: UnsafeRawBufferPointer) -> UInt64 {
        guard token.count >= 12 else { return 0 }
        return token.loadUnaligned(fromByteOffset: token.count - 12, as: UInt64.self)
    }
}
