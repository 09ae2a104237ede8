// The waits of a drain. A second signal ends them all.

/// Waits for conditions on the main thread.
final class DrainWait {
    private let signals: SignalWatch
    private var isHasty = false

    init(signals: SignalWatch) { self.signals = signals }

    /// Waits until `isDone`, the time is over, or a second signal has asked for haste.
    func pass(_ limit: Duration, until isDone: () throws -> Bool) rethrows {
        let end = ContinuousClock.now + limit
        while !isHasty, try !isDone(), ContinuousClock.now < end {
            isHasty = signals.arrives(withinMilliseconds: 20)
        }
    }
}
