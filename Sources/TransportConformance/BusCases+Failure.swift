// Bus cases: broken connections, crashed members, closed transports.
internal import NIOCore
internal import TransportAPI

extension BusCases {
    private static let topic = Subject.topic("conformance.failure")

    static func breakIsTold(_ stage: Stage) async throws {
        let breakConnections = try require(stage.cluster.breakConnections, "the subject cannot break connections")
        let subjects = [Subject.inbox(stage.member(1)), .everyone, topic]
        var listeners: [Listener] = []
        for subject in subjects { listeners.append(try await stage.listen(1, to: subject)) }
        for subject in subjects { try stage.bus(0).publish(.numbered(1), to: subject) }
        for listener in listeners { try await stage.heard(1, by: listener, "before the break") }
        try await breakConnections()
        for (subject, listener) in zip(subjects, listeners) {
            try await stage.eventually("the subscriber of \(subject) is told") {
                !listener.seen.errors.isEmpty || listener.seen.gaps.contains { $0.member == stage.member(0) }
            }
            let codes = Set((listener.seen.errors + listener.seen.gaps.map(\.error)).map(\.code))
            try expectEqual(codes, [.interrupted], "what the subscriber of \(subject) is told")
        }
        for (subject, listener) in zip(subjects, listeners) {
            // One that was told whose messages may be missing goes on.
            var again: Listener? = listener
            try await stage.eventually("after a new subscription to \(subject) messages arrive") {
                if again?.seen.errors.isEmpty != true { again = try? await stage.listen(1, to: subject) }
                try stage.bus(0).offer(.numbered(2), to: subject)
                return again?.seen.envelopes.isEmpty == false
            }
        }
    }

    static func crashLeavesOthersAlone(_ stage: Stage) async throws {
        let crash = try require(stage.cluster.crash, "the subject cannot crash a member")
        let dead = stage.member(2)
        try await crash(2)
        var listener: Listener?
        var number = 0
        // The first subscription may end, for messages of the dead member may be lost.
        try await stage.eventually("the others hear each other") {
            if listener?.seen.errors.isEmpty != true { listener = try? await stage.listen(1, to: .everyone) }
            number += 1
            try stage.bus(0).offer(.numbered(number), to: .everyone)
            return listener?.seen.envelopes.isEmpty == false
        }
        try stage.bus(0).offer(.numbered(1), to: .inbox(dead))
    }

    static func successorIsAnother(_ stage: Stage) async throws {
        let crash = try require(stage.cluster.crash, "the subject cannot crash a member")
        let rejoin = try require(stage.cluster.rejoin, "the subject cannot start a successor")
        let dead = stage.member(2)
        try await crash(2)
        let successor = try await rejoin(2)
        try expectEqual(successor.id.name, dead.name, "name of the successor")
        try expect(successor.id != dead, "the successor has the incarnation of the dead member")
        let bus = try require(successor.transport.bus, "the successor has no bus")
        let listener = try await Listener.start(
            on: bus, to: .inbox(successor.id), capacity: .init(), loop: stage.loop(0))
        try stage.bus(0).offer(.numbered(1), to: .inbox(dead))
        try await stage.eventually("the successor hears what is meant for it") {
            try stage.bus(0).offer(.numbered(2), to: .inbox(successor.id))
            return listener.seen.numbers.contains(2)
        }
        try expect(!listener.seen.numbers.contains(1), "the successor got what was sent to the dead member")
        try await expectError([.unreachable], "subscribing to the dead member's inbox") {
            _ = try await Listener.start(on: bus, to: .inbox(dead), capacity: .init(), loop: stage.loop(0))
        }
    }

    static func closedRefuses(_ stage: Stage) async throws {
        try await stage.close(0)
        for subject in [Subject.everyone, topic, .inbox(stage.member(0)), .inbox(stage.member(1))] {
            let error = try await expectError([.closed], "publishing to \(subject)") {
                try stage.bus(0).publish(.numbered(1), to: subject)
            }
            try expectEqual(error.delivery, .notDelivered, "publishing to \(subject)")
        }
        try await expectError([.closed], "subscribing") { _ = try await stage.listen(0, to: topic) }
        // A second close is no error: whoever shuts down need not know who was first.
        try await stage.close(0)
    }

    static func closeEndsSubscriptions(_ stage: Stage) async throws {
        let subjects = [Subject.inbox(stage.member(1)), .everyone, topic]
        var listeners: [Listener] = []
        for subject in subjects { listeners.append(try await stage.listen(1, to: subject)) }
        let other = try await stage.listen(2, to: topic)
        try await stage.close(1)
        let counts = listeners.map(\.seen.envelopes.count)
        for (subject, listener) in zip(subjects, listeners) {
            try expectEqual(listener.seen.errors.map(\.code), [.closed], "how \(subject) ended, when close completed")
        }
        try await stage.eventually("the others hear each other") {
            try stage.bus(0).offer(.numbered(1), to: topic)
            return other.seen.numbers.contains(1)
        }
        for (listener, count) in zip(listeners, counts) {
            try expectEqual(listener.seen.envelopes.count, count, "envelopes after close")
        }
    }
}
