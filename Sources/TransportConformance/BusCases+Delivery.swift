// Bus cases: when and where a subscription delivers, and how it ends.
internal import NIOCore
internal import TransportAPI

extension BusCases {
    private static let topic = Subject.topic("conformance.delivery")

    static func activeWhenCompleted(_ stage: Stage) async throws {
        for round in 0..<20 {
            let subject = Subject.topic("conformance.active.\(round)")
            let listener = try await stage.listen(1, to: subject)
            // Both publishers at once: that one of them knows is not enough.
            try stage.bus(0).publish(.numbered(0), to: subject)
            try stage.bus(2).publish(.numbered(2), to: subject)
            try await stage.heard(2, by: listener, "right after subscribing, round \(round)")
            _ = try await listener.end()
        }
    }

    static func deliversOnItsLoop(_ stage: Stage) async throws {
        for index in stage.cluster.loops.indices {
            let listener = try await stage.listen(1, to: topic, on: index)
            for number in 0..<20 { try stage.bus(0).publish(.numbered(number), to: topic) }
            try await stage.heard(20, by: listener, "on loop \(index)")
            try expectEqual(listener.seen.strayCalls, 0, "calls that came on another loop")
        }
        // Subscribing from outside the loop completes there too.
        let loop = stage.loop(0)
        let quiet = try await stage.listen(1, to: .everyone)
        let future = try stage.bus(1).subscribe(to: topic, capacity: .init(), on: loop, quiet)
        try expect(future.eventLoop === loop, "subscribing from outside completes on another loop")
        let subscription = try await future.get()
        try await loop.submit { subscription.end() }.get()
    }

    static func neverWithinPublish(_ stage: Stage) async throws {
        let loop = stage.loop(0)
        let bus = try stage.bus(0)
        let listeners = [
            try await stage.listen(0, to: topic, on: 0), try await stage.listen(0, to: .inbox(stage.member(0)), on: 0),
        ]
        let inbox = Subject.inbox(stage.member(0))
        try await loop.submit {
            for listener in listeners { listener.setBusy(true) }
            for number in 0..<10 {
                try bus.publish(.numbered(number), to: topic)
                try bus.publish(.numbered(number), to: inbox)
            }
            for listener in listeners { listener.setBusy(false) }
        }.get()
        for listener in listeners {
            try await stage.heard(10, by: listener, "the publisher's own subscription")
            try expectEqual(listener.seen.callsWhileBusy, 0, "calls within a publish")
        }
    }

    static func saysWhenAllIsThere(_ stage: Stage) async throws {
        let listener = try await stage.listen(1, to: topic)
        for count in [1, 10, 400] {
            let before = listener.seen.envelopes.count
            for number in 0..<count { try stage.bus(0).publish(.numbered(number), to: topic) }
            try await stage.heard(before + count, by: listener, "a burst of \(count)")
            try await stage.eventually("receivedAll after a burst of \(count)") {
                listener.seen.flushed == before + count
            }
        }
    }

    static func endSilences(_ stage: Stage) async throws {
        weak var released: Listener?
        var listener: Listener? = try await stage.listen(1, to: topic, on: 1)
        let other = try await stage.listen(1, to: topic, on: 1)
        released = listener
        for number in 0..<200 { try stage.bus(0).publish(.numbered(number), to: topic) }
        let atEnd = try await require(listener, "the listener is gone").end()
        for number in 200..<300 { try stage.bus(0).publish(.numbered(number), to: topic) }
        try await stage.heard(300, by: other, "the other subscription")
        let after = try require(listener, "the listener is gone").seen
        try expectEqual(after.envelopes.count, atEnd.envelopes.count, "envelopes after the end")
        try expect(after.errors.isEmpty, "who ended its subscription was told that it ended")
        listener = nil
        try await stage.eventually("the receiver is let go") { released == nil }
    }

    static func endLeavesTheNeighbour(_ stage: Stage) async throws {
        let first = try await stage.listen(1, to: topic)
        let neighbour = try await stage.listen(1, to: topic)
        let elsewhere = try await stage.listen(2, to: topic)
        _ = try await first.end()
        for number in 0..<20 { try stage.bus(0).publish(.numbered(number), to: topic) }
        for listener in [neighbour, elsewhere] {
            try await stage.heard(20, by: listener, "a subscription that goes on")
            try expectEqual(listener.seen.numbers, Array(0..<20), "envelopes of a subscription that goes on")
            try expect(listener.seen.errors.isEmpty, "a subscription ended with its neighbour")
        }
        // The subject can be subscribed to again.
        let again = try await stage.listen(1, to: topic)
        try stage.bus(0).publish(.numbered(99), to: topic)
        try await stage.heard(1, by: again, "a new subscription")
    }
}
