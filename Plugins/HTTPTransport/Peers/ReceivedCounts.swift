// Tells from a publisher's counts what was missed from it. Pure.

/// What has arrived from one member.
struct ReceivedCounts {
    /// What was missed.
    struct Gap: OptionSet {
        let rawValue: UInt8
        static let broadcasts = Gap(rawValue: 1)
        static let directs = Gap(rawValue: 2)
        static let all: Gap = [.broadcasts, .directs]
    }

    /// Nil until the other side has said how far it is.
    private var counts: SentCounts?
    /// A link broke before it had said so.
    private var isUncertain = false

    /// The link ended.
    mutating func linkBroke() { if counts == nil { isUncertain = true } }

    /// The other side says how far it is; then the two agree.
    ///
    /// Of a member that is met for the first time, earlier broadcasts were missed. Envelopes to the inbox were not: it
    /// had no way to send them.
    mutating func align(with sent: SentCounts) -> Gap {
        defer {
            counts = sent
            isUncertain = false
        }
        if isUncertain { return .all }
        guard let counts else { return sent.broadcasts > 0 ? .broadcasts : [] }
        var gap: Gap = []
        if sent.broadcasts != counts.broadcasts { gap.insert(.broadcasts) }
        if sent.directs != counts.directs { gap.insert(.directs) }
        return gap
    }

    /// A broadcast arrived.
    /// - Returns: nil when it came before, which no honest sender does.
    mutating func broadcast(_ number: UInt64) -> Gap? {
        guard let last = counts?.broadcasts, number > last else { return nil }
        counts?.broadcasts = number
        return number - last == 1 ? [] : .broadcasts
    }

    /// An envelope to the inbox arrived.
    mutating func direct(_ number: UInt64) -> Gap? {
        guard let last = counts?.directs, number > last else { return nil }
        counts?.directs = number
        return number - last == 1 ? [] : .directs
    }
}
