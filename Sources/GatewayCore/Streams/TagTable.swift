// The tags that this node has made, so that the same instance and principal get the same tag: a client may compare the
// task id of one message with that of another.
internal import SealedBox
internal import Synchronization

/// Tags by instance and principal.
final class TagTable: Sendable {
    /// Entries. Beyond: all are forgotten, and made anew at need.
    private static let entriesMax = 10_000
    /// Seconds for which a tag is given out again. It stays valid for longer by the lifetime of a session.
    private static let reuseSeconds: UInt32 = 12 * 3600

    private struct Key: Hashable {
        var instance: UInt64
        var principal: Principal
    }

    private struct Entry {
        var text: [UInt8]
        var until: UInt32
    }

    private let entries = Mutex<[Key: Entry]>([:])

    /// The tag for `instance` and `principal`, valid for at least `lifetime` seconds from `now` (Unix time).
    func tag(_ instance: UInt64, _ principal: Principal, lifetime: UInt32, now: UInt32, _ sealer: Sealer) -> [UInt8] {
        let key = Key(instance: instance, principal: principal)
        if let known = entries.withLock({ $0[key] }), now < known.until { return known.text }
        let until = now &+ Self.reuseSeconds
        let text = InstanceTag(instance: instance, principal: principal, expires: until &+ lifetime).seal(sealer)
        return entries.withLock { entries in
            // Another event loop may have been faster; then its tag is the one.
            if let known = entries[key], now < known.until { return known.text }
            if entries.count >= Self.entriesMax { entries.removeAll() }
            entries[key] = Entry(text: text, until: until)
            return text
        }
    }
}
