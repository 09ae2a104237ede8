// How long to wait before the next attempt to reach a broker: twice as long each time, with full jitter, so that
// members that lost it together do not come back in step. Pure.
public import NIOCore

/// The pauses between attempts.
public struct RetryPause: Sendable {
    private let first: TimeAmount
    private let most: TimeAmount
    private var current: TimeAmount

    /// - Parameters:
    ///   - first: the longest that the first pause may be.
    ///   - most: the longest that any may be.
    public init(first: TimeAmount, most: TimeAmount) {
        self.first = first
        self.most = most
        current = first
    }

    /// After a success.
    public mutating func reset() { current = first }

    /// - Parameter random: any random number.
    /// - Returns: between nothing and the whole of the current pause.
    public mutating func next(random: UInt64) -> TimeAmount {
        let whole = max(1, current.nanoseconds)
        current = min(most, .nanoseconds(whole > Int64.max / 2 ? whole : whole * 2))
        return .nanoseconds(Int64(random % UInt64(whole)))
    }
}
