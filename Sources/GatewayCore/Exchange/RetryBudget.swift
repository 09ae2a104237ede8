// How many retries there may be beside first attempts: a share of the traffic with a small floor, so that a failing
// upstream is not hit twice as hard because it fails.

/// A token bucket for the retries of one event loop.
struct RetryBudget {
    /// Retries that are always allowed, per second.
    private static let floorPerSecond = 5.0
    private static let tokensMax = 100.0

    private var tokens = RetryBudget.floorPerSecond
    private let share: Double

    init(percent: Int) { share = Double(percent) / 100 }

    mutating func noteRequest() { tokens = min(tokens + share, Self.tokensMax) }

    /// Called four times a second.
    mutating func tick() { if tokens < Self.floorPerSecond { tokens += Self.floorPerSecond / 4 } }

    /// True, and one retry fewer, if there is one left.
    mutating func take() -> Bool {
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
