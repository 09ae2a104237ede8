// The questions that were answered here or, as others have told, elsewhere: the first answer wins, on every loop and
// node that has heard of it.
internal import Synchronization

/// Nonces of answered questions, for as long as their ids are valid.
final class AnsweredQuestions: Sendable {
    /// Beyond: the oldest are forgotten, and their second answer would reach the server, which knows it is late.
    static let entriesMax = 100_000

    private struct Entries {
        var expiries: [UInt64: UInt32] = [:]
        var order: [UInt64] = []
        var oldest = 0
    }

    private let entries = Mutex(Entries())

    /// True for the first who says so.
    func take(_ nonce: UInt64, expires: UInt32) -> Bool {
        entries.withLock { entries in
            guard entries.expiries[nonce] == nil else { return false }
            entries.expiries[nonce] = expires
            entries.order.append(nonce)
            while entries.order.count - entries.oldest > Self.entriesMax { Self.removeOldest(&entries) }
            return true
        }
    }

    /// The answer has not arrived, and may come again.
    func forget(_ nonce: UInt64) { entries.withLock { _ = $0.expiries.removeValue(forKey: nonce) } }

    /// Forgets those whose ids have expired. `now` is Unix time.
    func sweep(now: UInt32) {
        entries.withLock { entries in
            while entries.oldest < entries.order.count,
                entries.expiries[entries.order[entries.oldest]] ?? 0 < now
            {
                Self.removeOldest(&entries)
            }
        }
    }

    var count: Int { entries.withLock { $0.expiries.count } }

    private static func removeOldest(_ entries: inout Entries) {
        entries.expiries.removeValue(forKey: entries.order[entries.oldest])
        entries.oldest += 1
        if entries.oldest > 64, entries.oldest * 2 > entries.order.count {
            entries.order.removeFirst(entries.oldest)
            entries.oldest = 0
        }
    }
}
