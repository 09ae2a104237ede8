// Bus cases: capacity and overflow. A slow subscriber is one whose loop is blocked for a moment.
internal import NIOCore
internal import TransportAPI

extension BusCases {
    private static let topic = Subject.topic("conformance.bounds")

    static func overflowByEnvelopes(_ stage: Stage) async throws {
        try await overflow(stage, capacity: .init(envelopes: 10), sent: 400, size: 8, handedOver: 10)
    }

    static func overflowByBytes(_ stage: Stage) async throws {
        try await overflow(stage, capacity: .init(bytes: 50_000), sent: 200, size: 10_000, handedOver: 5)
    }

    /// A subscriber with this capacity sleeps while `sent` envelopes come, and has got at most `handedOver` when told.
    private static func overflow(
        _ stage: Stage, capacity: SubscriptionCapacity, sent: Int, size: Int, handedOver: Int
    ) async throws {
        let slow = try await stage.listen(1, to: topic, capacity: capacity, on: 0)
        let patient = try await stage.listen(1, to: topic, on: 0)
        let neighbour = try await stage.listen(1, to: topic, on: 1)
        let elsewhere = try await stage.listen(2, to: topic, on: 1)
        let block = await BlockedLoop.block(stage.loop(0))
        do {
            for number in 0..<sent { try stage.bus(0).publish(.numbered(number, size: size), to: topic) }
            // While the slow one sleeps the neighbours get everything.
            for listener in [neighbour, elsewhere] {
                try await stage.heard(sent, by: listener, "the neighbour of a slow subscriber")
            }
        } catch {
            block.release()
            throw error
        }
        block.release()
        try await stage.eventually("the slow subscriber is ended") { !slow.seen.errors.isEmpty }
        let seen = slow.seen
        try expectEqual(seen.errors.map(\.code), [.overflowed], "how the slow subscription ended")
        try expect(seen.numbers == Array(0..<seen.numbers.count), "the slow subscriber was handed over a gap")
        try expect(
            seen.numbers.count <= handedOver, "\(seen.numbers.count) envelopes waited, the capacity is \(handedOver)")
        try await stage.heard(sent, by: patient, "who has room on the same loop")
        for listener in [patient, neighbour, elsewhere] {
            try expect(listener.seen.numbers == Array(0..<sent), "a neighbour of the slow subscriber has a gap")
            try expect(listener.seen.errors.isEmpty, "a neighbour of the slow subscriber was ended too")
        }
    }

    static func oneLargeEnvelopeIsLetIn(_ stage: Stage) async throws {
        let listener = try await stage.listen(1, to: topic, capacity: .init(envelopes: 1, bytes: 1))
        for number in 0..<5 {
            try stage.bus(0).publish(.numbered(number, size: 100_000), to: topic)
            try await stage.heard(number + 1, by: listener, "one envelope above the capacity in bytes")
            // Handed over is not yet let go: the room is there when the burst is over.
            try await stage.eventually("the burst is over") { listener.seen.flushed == number + 1 }
        }
        try expect(listener.seen.errors.isEmpty, "one envelope at a time overflowed")
    }

    static func keepingUpIsEnough(_ stage: Stage) async throws {
        let listener = try await stage.listen(1, to: topic, capacity: .init(envelopes: 10, bytes: 10_000))
        for round in 0..<50 {
            for number in 0..<10 { try stage.bus(0).publish(.numbered(round * 10 + number, size: 1_000), to: topic) }
            try await stage.heard(round * 10 + 10, by: listener, "round \(round) of exactly the capacity")
            try await stage.eventually("the burst is over") { listener.seen.flushed == round * 10 + 10 }
        }
        try expectEqual(listener.seen.numbers, Array(0..<500), "envelopes within the capacity")
        try expect(listener.seen.errors.isEmpty, "a subscriber that keeps up overflowed")
    }

    static func floodLeavesNoSilentGap(_ stage: Stage) async throws {
        let listener = try await stage.listen(1, to: topic, capacity: .init(envelopes: 100_000, bytes: 1 << 30))
        let bus = try stage.bus(0)
        let accepted = try await stage.loop(0).submit { () -> [Int] in
            var accepted: [Int] = []
            for number in 0..<10_000 {
                do throws(TransportError) {
                    try bus.publish(.numbered(number, size: 2_000), to: topic)
                    accepted.append(number)
                } catch {
                    guard error.code == .overloaded, error.delivery == .notDelivered else { throw error }
                }
            }
            return accepted
        }.get()
        try await stage.eventually("\(accepted.count) accepted envelopes, or a word about a gap") {
            let seen = listener.seen
            return seen.envelopes.count >= accepted.count || !seen.errors.isEmpty || !seen.gaps.isEmpty
        }
        try expect(
            listener.seen.isWholeButForGaps(of: accepted), "of what was accepted there is a silent gap or a duplicate")
    }
}
