// When to look for what has expired. Nothing runs by itself: a table sweeps while it is written to, so rarely that each
// write pays for a constant number of entries.
internal import NIOCore

struct ExpirySweep {
    /// Below this size a table is not swept.
    private static let least = 1_024
    /// A full table is swept at most so often.
    private static let pause = TimeAmount.seconds(1)

    private var threshold = Self.least
    private var last: NIODeadline?

    /// Whether to sweep a table of this size before another entry comes in.
    mutating func isDue(count: Int, isFull: Bool, now: NIODeadline) -> Bool {
        if isFull {
            if let last, now < last + Self.pause { return false }
        } else if count < threshold {
            return false
        }
        last = now
        return true
    }

    /// To be told how many entries are left.
    mutating func hasSwept(count: Int) { threshold = max(Self.least, count * 2) }
}
