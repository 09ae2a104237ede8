// Bus cases: who hears what, and from whom.
internal import NIOCore
internal import TransportAPI

extension BusCases {
    private static let topic = Subject.topic("conformance.reach")

    static func reachesEverySubscription(_ stage: Stage) async throws {
        var listeners: [Listener] = []
        for index in 0..<3 { listeners.append(try await stage.listen(index, to: topic)) }
        for index in 0..<3 { try stage.bus(index).publish(.numbered(index), to: topic) }
        // A second copy would be on its way before the marker that the same publisher sends later.
        for index in 0..<3 { try stage.bus(index).publish(.numbered(100 + index), to: topic) }
        for (index, listener) in listeners.enumerated() {
            try await stage.heard(6, by: listener, "member \(index)")
            try expectEqual(listener.seen.numbers.sorted(), [0, 1, 2, 100, 101, 102], "envelopes at member \(index)")
        }
    }

    static func otherSubjectsStaySilent(_ stage: Stage) async throws {
        let right = try await stage.listen(1, to: .inbox(stage.member(1)))
        let others: [(Subject, Listener)] = [
            (.inbox(stage.member(2)), try await stage.listen(2, to: .inbox(stage.member(2)))),
            (.everyone, try await stage.listen(1, to: .everyone)),
            (topic, try await stage.listen(1, to: topic)),
            (.topic("conformance.reach.2"), try await stage.listen(1, to: .topic("conformance.reach.2"))),
            (.topic("conformance"), try await stage.listen(2, to: .topic("conformance"))),
        ]
        try stage.bus(0).publish(.numbered(1), to: .inbox(stage.member(1)))
        try await stage.heard(1, by: right, "the inbox that was meant")
        for (subject, _) in others { try stage.bus(0).publish(.numbered(2), to: subject) }
        for (subject, listener) in others {
            try await stage.heard(1, by: listener, "a marker to \(subject)")
            try expectEqual(listener.seen.numbers, [2], "envelopes to \(subject)")
        }
        try expectEqual(right.seen.numbers, [1], "envelopes to the inbox that was meant")
    }

    static func everyoneReachesEveryMember(_ stage: Stage) async throws {
        var listeners: [Listener] = []
        for index in 0..<3 { listeners.append(try await stage.listen(index, to: .everyone)) }
        for number in 0..<10 { try stage.bus(number % 3).publish(.numbered(number), to: .everyone) }
        for (index, listener) in listeners.enumerated() {
            try await stage.heard(10, by: listener, "member \(index)")
            try expectEqual(listener.seen.numbers.sorted(), Array(0..<10), "envelopes at member \(index)")
        }
    }

    static func publisherHearsItself(_ stage: Stage) async throws {
        for subject in [Subject.everyone, topic, .inbox(stage.member(0))] {
            let listener = try await stage.listen(0, to: subject)
            try stage.bus(0).publish(.numbered(7), to: subject)
            try await stage.heard(1, by: listener, "itself on \(subject)")
            try expectEqual(listener.seen.senders, [stage.member(0)], "sender on \(subject)")
        }
    }

    static func twoSubscriptionsBothHear(_ stage: Stage) async throws {
        let first = try await stage.listen(1, to: topic, on: 0)
        let second = try await stage.listen(1, to: topic, on: 1)
        for number in 0..<50 { try stage.bus(0).publish(.numbered(number), to: topic) }
        for listener in [first, second] {
            try await stage.heard(50, by: listener, "one of two subscriptions")
            try expectEqual(listener.seen.numbers, Array(0..<50), "envelopes of one of two subscriptions")
        }
    }

    static func unheardIsNoError(_ stage: Stage) async throws {
        let later = Subject.topic("conformance.later")
        try stage.bus(0).publish(.numbered(1), to: later)
        try stage.bus(0).publish(.numbered(1), to: .inbox(stage.member(1)))
        try stage.bus(0).publish(.numbered(1), to: .everyone)
        // Dropped, not kept: who comes later hears what is sent later.
        let fence = try await stage.listen(1, to: .everyone)
        try await stage.eventually("the first messages are over") {
            try stage.bus(0).publish(.numbered(2), to: .everyone)
            return fence.seen.numbers.contains(2)
        }
        let listener = try await stage.listen(1, to: later)
        try stage.bus(0).publish(.numbered(2), to: later)
        try await stage.heard(1, by: listener, "a late subscriber")
        try expectEqual(listener.seen.numbers, [2], "envelopes at a late subscriber")
    }

    static func unknownAddressee(_ stage: Stage) async throws {
        // Not the member of that name, but another start of it.
        let present = stage.member(1)
        let absent = try require(
            MemberID(name: present.name, incarnation: present.incarnation &+ 1), "a member's name is refused")
        let listener = try await stage.listen(1, to: .inbox(present))
        try stage.bus(0).offer(.numbered(1), to: .inbox(absent), refusals: [.unreachable])
        try stage.bus(0).publish(.numbered(2), to: .inbox(present))
        try await stage.heard(1, by: listener, "the member of that name")
        try expectEqual(listener.seen.numbers, [2], "envelopes at the member of that name")
    }

    static func absenceIsTold(_ stage: Stage) async throws {
        let present = stage.member(1)
        let absent = try require(
            MemberID(name: present.name, incarnation: present.incarnation &+ 1), "a member's name is refused")
        let inbox = try await stage.listen(0, to: .inbox(stage.member(0)))
        var envelope = Envelope.numbered(1)
        envelope.receipt = 77
        let bus = try stage.bus(0)
        var refusal: TransportError?
        do throws(TransportError) { try bus.publish(envelope, to: .inbox(absent)) } catch { refusal = error }
        if let refusal { return try expectEqual(refusal.code, .unreachable, "the refusal of a publish to nobody") }
        let heard = try await stage.listen(1, to: .inbox(present))
        envelope.receipt = 78
        try bus.publish(envelope, to: .inbox(present))
        try await stage.eventually("the publisher is told") { !inbox.seen.unheard.isEmpty }
        try await stage.heard(1, by: heard, "the member that is there")
        try expectEqual(inbox.seen.unheard, [77], "receipts of what nobody heard")
        try expectEqual(inbox.seen.envelopes.count, 0, "envelopes at the publisher")
    }

    static func foreignInboxIsRefused(_ stage: Stage) async throws {
        try await expectError([.unreachable], "subscribing to another member's inbox") {
            _ = try await stage.listen(0, to: .inbox(stage.member(1)))
        }
        let own = try await stage.listen(1, to: .inbox(stage.member(1)))
        try stage.bus(0).publish(.numbered(1), to: .inbox(stage.member(1)))
        try await stage.heard(1, by: own, "the owner of the inbox")
    }

    static func senderIsAuthentic(_ stage: Stage) async throws {
        let listener = try await stage.listen(2, to: .inbox(stage.member(2)))
        for number in 0..<30 { try stage.bus(number % 3).publish(.numbered(number), to: .inbox(stage.member(2))) }
        try await stage.heard(30, by: listener, "an inbox with three senders")
        let seen = listener.seen
        for (number, sender) in zip(seen.numbers, seen.senders) {
            try expectEqual(sender, stage.member(number % 3), "sender of envelope \(number)")
        }
    }

    static func strangerIsNotHeard(_ stage: Stage) async throws {
        let make = try require(stage.cluster.makeStranger, "the subject offers no stranger")
        let subjects = [Subject.inbox(stage.member(1)), .everyone, topic]
        var listeners: [Listener] = []
        for subject in subjects { listeners.append(try await stage.listen(1, to: subject)) }
        let unknown = try require(MemberID(name: "stranger", incarnation: 1), "a name is refused")
        for id in [unknown, stage.member(0)] {
            guard let bus = try await make(id)?.transport.bus else { continue }
            for subject in subjects {
                // An error is as good as silence.
                do { try bus.publish(.numbered(666), to: subject) } catch {}
            }
        }
        for (subject, listener) in zip(subjects, listeners) {
            try await stage.eventually("an honest message to \(subject)") {
                try stage.bus(0).publish(.numbered(1), to: subject)
                return listener.seen.numbers.contains(1)
            }
            try expect(!listener.seen.numbers.contains(666), "a stranger was heard on \(subject)")
            try expect(listener.seen.senders.allSatisfy { $0 == stage.member(0) }, "a foreign sender on \(subject)")
        }
    }
}
