// How long to wait before the next attempt to reach a peer: twice as long each time, with jitter, so that peers that
// lost each other together do not dial in step. Pure.
internal import NIOCore

struct Backoff {
    let first: TimeAmount
    let most: TimeAmount
    private var current: TimeAmount

    init(first: TimeAmount, most: TimeAmount) {
        self.first = first
        self.most = most
        current = first
    }

    mutating func reset() { current = first }

    /// - Parameter random: any random number.
    /// - Returns: between half and the whole of the current pause.
    mutating func next(random: UInt64) -> TimeAmount {
        let whole = max(1, current.nanoseconds)
        let half = whole / 2
        let pause = half + Int64(truncatingIfNeeded: random % UInt64(whole - half + 1))
        current = min(most, .nanoseconds(whole > Int64.max / 2 ? whole : whole * 2))
        return .nanoseconds(pause)
    }
}
