// The narrow door between publishers on any thread and the one thread that sends: bounded, and never waited at by
// publishers.
#if NATS
internal import NIOCore
internal import TransportAPI
internal import TransportKit

final class BusDoor: PlaceKeeper {
    /// What the sending thread does before it goes on sending.
    enum Order: Sendable {
        case connected(NATSSession)
        case disconnected(NATSSession, String)
        case subscribe(QueuedSubscription, EventLoopPromise<any Subscription>)
        /// The library had no room for what arrived.
        case overflowed
        /// A place may have lost its last subscription.
        case look(Subject)
        /// Asks a sender for its number, or answers one that asked.
        case ask(MemberID, nonce: UInt64, PlaceInbox)
        case answer(MemberID, nonce: UInt64, place: [UInt8])
        /// Nobody has heard an envelope to that member's inbox.
        case unheard(UInt64, MemberID)
        case close(@Sendable () -> Void)
    }

    private struct Queue {
        var outgoing: OutgoingQueue
        var orders: [Order] = []
    }

    /// Posts that are taken at once, so that orders need not wait long.
    private static let batchMax = 64
    /// Orders that wait. Questions and answers beyond are dropped: they are asked again.
    private static let ordersMax = 16_384

    private let queue: Watched<Queue>

    init(options: NATSOptions) {
        let limits = OutgoingQueue.Limits(
            countMax: options.queueCountMax, bytesMax: options.queueBytesMax, absentFor: options.absentFor)
        queue = Watched(Queue(outgoing: OutgoingQueue(limits, broker: "the NATS server")))
    }

    // MARK: Publishers

    func offer(_ envelope: Envelope, to subject: Subject) throws(TransportError) {
        if let error = queue.change({ $0.outgoing.offer(envelope, to: subject) }) { throw error }
    }

    // MARK: Orders

    /// - Returns: false when the door is closed, or too much waits.
    @discardableResult
    func order(_ order: Order) -> Bool {
        queue.change { queue in
            switch order {
            case .connected: queue.outgoing.isConnected = true
            case .disconnected: queue.outgoing.isConnected = false
            case .subscribe, .ask, .answer, .unheard:
                if queue.outgoing.isClosed || queue.orders.count >= Self.ordersMax { return false }
            case .look, .overflowed, .close: break
            }
            queue.orders.append(order)
            return true
        }
    }

    /// Nothing more gets in; what is in is still sent.
    /// - Returns: false when it was closed before.
    func close() -> Bool {
        queue.change { queue in
            defer { queue.outgoing.isClosed = true }
            return !queue.outgoing.isClosed
        }
    }

    var isClosed: Bool { queue.withLock { $0.outgoing.isClosed } }

    // MARK: Absent members

    func noteAbsent(_ member: MemberID) { queue.withLock { $0.outgoing.noteAbsent(member) } }

    func heard(_ member: MemberID) { queue.withLock { $0.outgoing.noteHeard(member) } }

    // MARK: Inboxes

    func ask(_ member: MemberID, nonce: UInt64, for inbox: PlaceInbox) { order(.ask(member, nonce: nonce, inbox)) }

    func isSilent(_ subject: Subject) { order(.look(subject)) }

    // MARK: The sending thread

    /// Waits for work.
    /// - Returns: orders, and then posts; both empty when `deadline` came first.
    func take(until deadline: NIODeadline) -> (orders: [Order], posts: [OutgoingQueue.Post]) {
        let work = queue.wait(until: deadline) { queue -> (orders: [Order], posts: [OutgoingQueue.Post])? in
            guard !queue.orders.isEmpty || !queue.outgoing.isEmpty else { return nil }
            let orders = queue.orders
            queue.orders.removeAll(keepingCapacity: orders.count < 64)
            return (orders, queue.outgoing.take(atMost: Self.batchMax))
        }
        return work ?? ([], [])
    }
}

#endif
