// What a case works with: the cluster, its ports, waiting with a limit, and time that passes.
internal import NIOCore
internal import TransportAPI

struct Stage: Sendable {
    let cluster: ConformanceCluster
    let patience: TimeAmount

    /// How often a condition is looked at.
    private static let pollInterval = Duration.milliseconds(1)
    /// How many times it is looked at before patience may end: on a busy machine a task can wait longer for its next
    /// turn than the whole patience lasts.
    private static let leastLooks = 100
    /// So many times the patience, and it is over after fewer looks too.
    private static let patienceMost = 4

    // MARK: Parts

    func member(_ index: Int) -> MemberID { cluster.members[index].id }

    func bus(_ index: Int) throws -> any MessageBus {
        try require(cluster.members[index].transport.bus, "member \(index) has no bus")
    }

    func directory(_ index: Int) throws -> DirectoryCaller {
        let port = try require(cluster.members[index].transport.directory, "member \(index) has no directory")
        return DirectoryCaller(directory: port, loop: loop(index))
    }

    func log(_ index: Int) throws -> LogCaller {
        let port = try require(cluster.members[index].transport.log, "member \(index) has no log")
        return LogCaller(log: port, loop: loop(index))
    }

    func loop(_ index: Int) -> any EventLoop { cluster.loops[index % cluster.loops.count] }

    /// Subscribes at a member, on the loop of that number.
    func listen(
        _ index: Int, to subject: Subject, capacity: SubscriptionCapacity = .init(), on loopIndex: Int? = nil
    ) async throws -> Listener {
        try await Listener.start(on: try bus(index), to: subject, capacity: capacity, loop: loop(loopIndex ?? index))
    }

    /// Closes a member's transport, as a node does that leaves.
    func close(_ index: Int) async throws {
        let loop = loop(index)
        let transport = cluster.members[index].transport
        try await loop.flatSubmit { transport.close(on: loop) }.get()
    }

    // MARK: Waiting

    /// Waits until `condition` holds.
    func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        let start = NIODeadline.now()
        var looks = 0
        while true {
            if try await condition() { return }
            looks += 1
            let waited = NIODeadline.now() - start
            guard waited < (looks < Self.leastLooks ? patience * Self.patienceMost : patience) else {
                throw ConformanceFailure("waited \(waited.nanoseconds / 1_000_000) ms in vain: \(what)")
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// Waits until the listener has heard so many envelopes, and fails if its subscription ends before.
    func heard(_ count: Int, by listener: Listener, _ what: String) async throws {
        try await eventually("\(what): \(count) envelopes") {
            let seen = listener.seen
            if let error = seen.errors.first, seen.envelopes.count < count {
                throw ConformanceFailure("\(what): the subscription ended: \(error)")
            }
            return seen.envelopes.count >= count
        }
    }

    /// Lets time pass for records and streams.
    func pass(_ time: TimeAmount) async throws {
        if let advance = cluster.advance { return try await advance(time) }
        try await Task.sleep(for: .nanoseconds(time.nanoseconds))
    }

    /// A lifetime that can be waited for.
    var shortLifetime: TimeAmount { cluster.advance == nil ? .milliseconds(1_200) : .seconds(60) }

    /// Whether less than `time` has really passed, which proves that nothing was allowed to expire. With a clock of the
    /// subject's own, real time means nothing.
    func isWithin(_ time: TimeAmount, since start: NIODeadline) -> Bool {
        cluster.advance != nil || NIODeadline.now() - start < time
    }
}

// MARK: Expectations

/// Fails unless `condition` holds.
func expect(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    guard condition else { throw ConformanceFailure(message()) }
}

func expectEqual<Value: Equatable>(_ seen: Value, _ expected: Value, _ what: @autoclosure () -> String) throws {
    try expect(seen == expected, "\(what()): expected \(expected), saw \(seen)")
}

/// Fails when there is nothing, for example a hook that the subject does not offer.
func require<Value>(_ value: Value?, _ message: @autoclosure () -> String) throws -> Value {
    guard let value else { throw ConformanceFailure(message()) }
    return value
}

/// Fails unless `action` throws a `TransportError` of one of these kinds.
@discardableResult
func expectError(
    _ codes: Set<TransportError.Code>, _ what: String, _ action: () async throws -> Void
) async throws -> TransportError {
    do {
        try await action()
    } catch let error as TransportError {
        try expect(codes.contains(error.code), "\(what): expected \(codes.map(\.rawValue)), saw \(error)")
        return error
    }
    throw ConformanceFailure("\(what): expected \(codes.map(\.rawValue)), but it succeeded")
}
