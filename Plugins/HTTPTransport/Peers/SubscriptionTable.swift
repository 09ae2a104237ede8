// The subscriptions of this process, by subject. Links deliver into it from their loop, publishers from any thread.
internal import Synchronization
internal import TransportAPI
internal import TransportKit

final class SubscriptionTable: Sendable {
    private struct Subjects {
        var inbox: [QueuedSubscription] = []
        var everyone: [QueuedSubscription] = []
        var topics: [String: [QueuedSubscription]] = [:]
        /// Nothing more can be subscribed to.
        var isClosed = false

        subscript(subject: Subject) -> [QueuedSubscription] {
            get {
                switch subject {
                case .inbox: inbox
                case .everyone: everyone
                case .topic(let topic): topics[topic] ?? []
                }
            }
            set {
                switch subject {
                case .inbox: inbox = newValue
                case .everyone: everyone = newValue
                case .topic(let topic): topics[topic] = newValue.isEmpty ? nil : newValue
                }
            }
        }
    }

    private let subjects = Mutex(Subjects())

    /// - Returns: false when the table is closed.
    func add(_ subscription: QueuedSubscription) -> Bool {
        subjects.withLock {
            if !$0.isClosed { $0[subscription.subject].append(subscription) }
            return !$0.isClosed
        }
    }

    /// Lets go of subscriptions that have ended.
    func prune(_ subject: Subject) { subjects.withLock { $0[subject].removeAll { $0.hasEnded } } }

    func deliver(_ envelope: Envelope, to subject: Subject, from sender: MemberID) {
        for subscription in subjects.withLock({ $0[subject] }) { subscription.offer(envelope, from: sender) }
    }

    /// Tells those who may have missed something of that member.
    func tell(_ gap: ReceivedCounts.Gap, of member: MemberID, _ reason: String) {
        let hit = subjects.withLock { subjects -> [QueuedSubscription] in
            var hit: [QueuedSubscription] = []
            if gap.contains(.directs) { hit += subjects.inbox }
            if gap.contains(.broadcasts) { hit += subjects.everyone + subjects.topics.values.joined() }
            return hit
        }
        let error = TransportError(.interrupted, .unknown, reason)
        for subscription in hit { subscription.missed(error, from: member) }
    }

    func close() {
        let all = subjects.withLock { subjects -> [QueuedSubscription] in
            subjects.isClosed = true
            return subjects.inbox + subjects.everyone + subjects.topics.values.joined()
        }
        let error = TransportError(.closed, .notDelivered, "The transport was closed.")
        for subscription in all { subscription.fail(error) }
    }
}
