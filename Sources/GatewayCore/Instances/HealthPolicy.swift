// When an instance stops and starts getting new work: consecutive failures of checks and requests, consecutive
// successes of checks. A refused connection is a verdict at once.
internal import Synchronization

/// The timings and counts of one upstream's health.
public struct HealthPolicy: Sendable {
    /// Milliseconds between two checks of one instance.
    public var intervalMilliseconds: Int64 = 5_000
    /// Milliseconds until a check without an answer counts as failed.
    public var timeoutMilliseconds: Int64 = 2_000
    /// Failures in a row that eject an instance.
    public var unhealthyAfter = 3
    /// Successful checks in a row that bring it back.
    public var healthyAfter = 1

    public init() {}
}

extension Instance {
    /// A request or a check was answered. Returns true if the instance just became healthy.
    @discardableResult
    func noteAnswer(_ policy: HealthPolicy, isCheck: Bool) -> Bool {
        if failuresInARow.load(ordering: .relaxed) != 0 { failuresInARow.store(0, ordering: .relaxed) }
        let current = health.load(ordering: .relaxed)
        if current == .healthy { return false }
        // What was ejected comes back by checks only: a late answer of an old call says little.
        if current == .ejected {
            guard isCheck else { return false }
            let count = successesInARow.add(1, ordering: .relaxed).newValue
            guard count >= policy.healthyAfter else { return false }
        }
        health.store(.healthy, ordering: .relaxed)
        return true
    }

    /// A request or a check failed; `isRefusal` if the connection was refused. Returns true if it was just ejected.
    @discardableResult
    func noteFailure(_ policy: HealthPolicy, isRefusal: Bool) -> Bool {
        successesInARow.store(0, ordering: .relaxed)
        let count = failuresInARow.add(1, ordering: .relaxed).newValue
        guard isRefusal || count >= policy.unhealthyAfter else { return false }
        return health.exchange(.ejected, ordering: .relaxed) != .ejected
    }
}
