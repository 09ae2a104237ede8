// The bus: an envelope goes to the links that lead to its receivers, and to the subscriptions of this process. Any
// thread may publish; the routes are the only thing that publishers share.
internal import NIOCore
internal import Synchronization
internal import TransportAPI
internal import TransportKit

final class PeerBus: MessageBus {
    /// Who can be reached, and what was sent.
    private struct Routes {
        var outboxes: [MemberID: PeerOutbox] = [:]
        /// Envelopes to everyone and to topics.
        var broadcasts: UInt64 = 0
        /// Envelopes to one member's inbox; kept while that member may come back.
        var directs: [MemberID: UInt64] = [:]
        /// Envelopes to inboxes in all: where a forgotten member's count begins anew, so that no number comes twice.
        var directsInAll: UInt64 = 0
        var isClosed = false

        func counts(for member: MemberID) -> SentCounts {
            SentCounts(broadcasts: broadcasts, directs: directs[member] ?? directsInAll)
        }
    }

    let envelopeBytesMax: Int
    let subscriptions = SubscriptionTable()
    private let own: MemberID
    private let routes = Mutex(Routes())

    init(own: MemberID, options: HTTPClusterOptions) {
        self.own = own
        envelopeBytesMax = options.frameBytesMax - PeerFrame.overheadMax
    }

    // MARK: The port

    func publish(_ envelope: Envelope, to subject: Subject) throws(TransportError) {
        guard envelope.count <= envelopeBytesMax else {
            throw TransportError(
                .tooLarge, .notDelivered,
                "An envelope of \(envelope.count) bytes is above the limit of \(envelopeBytesMax).")
        }
        switch subject {
        case .inbox(own):
            if routes.withLock({ $0.isClosed }) { throw Self.closed }
            subscriptions.deliver(envelope, to: subject, from: own)
        case .inbox(let member): try send(envelope, to: member)
        case .everyone: try broadcast(envelope, subject) { .everyone($0, envelope) }
        case .topic(let topic):
            guard topic.utf8.count <= PeerFrame.topicBytesMax else {
                throw TransportError(
                    .tooLarge, .notDelivered, "A topic may have \(PeerFrame.topicBytesMax) bytes at most.")
            }
            try broadcast(envelope, subject) { .topic($0, topic, envelope) }
        }
    }

    private func send(_ envelope: Envelope, to member: MemberID) throws(TransportError) {
        let error = routes.withLock { routes -> TransportError? in
            if routes.isClosed { return Self.closed }
            guard let outbox = routes.outboxes[member] else { return Self.unreachable(member) }
            let number = (routes.directs[member] ?? routes.directsInAll) &+ 1
            switch outbox.offer(.direct(number, envelope)) {
            case .queued:
                routes.directs[member] = number
                routes.directsInAll = max(routes.directsInAll &+ 1, number)
                return nil
            case .full: return Self.overloaded("\(member)")
            case .closed: return Self.unreachable(member)
            }
        }
        if let error { throw error }
    }

    /// Members that are silent, or do not read what is sent, are left out: they see the gap in the numbers. What nobody
    /// would get is refused.
    private func broadcast(
        _ envelope: Envelope, _ subject: Subject, _ frame: (UInt64) -> PeerFrame
    ) throws(TransportError) {
        let error = routes.withLock { routes -> TransportError? in
            if routes.isClosed { return Self.closed }
            let numbered = frame(routes.broadcasts &+ 1)
            if let blocked = routes.outboxes.first(where: { $0.value.isBlocked(numbered.cost) }),
                routes.outboxes.values.allSatisfy({ $0.isBlocked(numbered.cost) })
            {
                return Self.overloaded("\(blocked.key)")
            }
            routes.broadcasts &+= 1
            for outbox in routes.outboxes.values { outbox.offer(numbered) }
            return nil
        }
        if let error { throw error }
        subscriptions.deliver(envelope, to: subject, from: own)
    }

    func subscribe(
        to subject: Subject, capacity: SubscriptionCapacity, on loop: any EventLoop, _ receiver: any EnvelopeReceiver
    ) -> EventLoopFuture<any Subscription> {
        if case .inbox(let member) = subject, member != own {
            return loop.makeFailedFuture(
                TransportError(.unreachable, .notDelivered, "\(own) cannot hear the inbox of \(member)."))
        }
        let subscriptions = subscriptions
        let subscription = QueuedSubscription(subject, capacity, loop, receiver) { subscriptions.prune(subject) }
        guard subscriptions.add(subscription) else { return loop.makeFailedFuture(Self.closed) }
        subscription.open()
        return loop.makeSucceededFuture(subscription)
    }

    // MARK: Routes, changed on the cluster's loop

    /// From here on, envelopes to `member` go to `outbox`, behind a frame that says where they begin.
    func open(_ outbox: PeerOutbox, to member: MemberID) {
        routes.withLock { routes in
            let counts = routes.counts(for: member)
            routes.directs[member] = counts.directs
            outbox.offer(.open(counts), isBounded: false)
            routes.outboxes[member] = outbox
        }
    }

    /// Queues a frame that carries the counts as they are at its place in the queue.
    func offer(_ frame: (SentCounts) -> PeerFrame, to outbox: PeerOutbox, of member: MemberID) {
        routes.withLock { routes in _ = outbox.offer(frame(routes.counts(for: member)), isBounded: false) }
    }

    func remove(_ outbox: PeerOutbox, of member: MemberID) {
        routes.withLock { if $0.outboxes[member] === outbox { $0.outboxes[member] = nil } }
    }

    /// The member does not come back.
    func forget(_ member: MemberID) { routes.withLock { $0.directs[member] = nil } }

    func close() {
        routes.withLock { $0.isClosed = true }
        subscriptions.close()
    }

    // MARK: Errors

    private static let closed = TransportError(.closed, .notDelivered, "The transport was closed.")

    private static func unreachable(_ member: MemberID) -> TransportError {
        TransportError(.unreachable, .notDelivered, "There is no link to \(member).")
    }

    private static func overloaded(_ peer: String) -> TransportError {
        TransportError(
            .overloaded, .notDelivered, "The queue of the link to \(peer) is full: it reads more slowly than is sent.")
    }
}
