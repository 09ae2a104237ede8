// The narrow door between publishers on any thread and the one thread that sends: bounded, and never waited at by
// publishers.
#if NATS
internal import NIOCore
internal import TransportAPI
internal import TransportKit

final class BusDoor: Sendable {
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

    struct Post: Sendable {
        var envelope: Envelope
        var subject: Subject
    }

    private struct Queue {
        var posts = CircularBuffer<Post>()
        var bytes = 0
        var orders: [Order] = []
        var isConnected = false
        var isClosed = false
        /// Members whose inbox nobody heard, and until when that is believed.
        var absent: [MemberID: NIODeadline] = [:]
    }

    /// Posts that are taken at once, so that orders need not wait long.
    private static let batchMax = 64
    /// Orders that wait. Questions and answers beyond are dropped: they are asked again.
    private static let ordersMax = 16_384
    private static let absentMax = 1_024
    /// What an envelope costs besides its bytes.
    private static let postCost = 64

    private let queue = Watched(Queue())
    private let countMax: Int
    private let bytesMax: Int
    private let absentFor: TimeAmount

    init(options: NATSOptions) {
        countMax = options.queueCountMax
        bytesMax = options.queueBytesMax
        absentFor = options.absentFor
    }

    // MARK: Publishers

    func offer(_ envelope: Envelope, to subject: Subject) throws(TransportError) {
        let cost = envelope.count + Self.postCost
        let error = queue.change { queue -> TransportError? in
            if queue.isClosed { return Self.closed }
            guard queue.isConnected else { return Self.unreachable("there is no connection to the NATS server") }
            if !queue.absent.isEmpty, case .inbox(let member) = subject, let until = queue.absent[member] {
                if until > .now() { return Self.unreachable("nobody hears the inbox of \(member)") }
                queue.absent[member] = nil
            }
            if !queue.posts.isEmpty, queue.posts.count >= countMax || queue.bytes + cost > bytesMax {
                return TransportError(
                    .overloaded, .notDelivered,
                    "More than \(countMax) envelopes or \(bytesMax) bytes wait for the NATS server.")
            }
            queue.posts.append(Post(envelope: envelope, subject: subject))
            queue.bytes += cost
            return nil
        }
        if let error { throw error }
    }

    static let closed = TransportError(.closed, .notDelivered, "The transport was closed.")

    private static func unreachable(_ reason: String) -> TransportError {
        TransportError(.unreachable, .notDelivered, "Not sent: \(reason).")
    }

    // MARK: Orders

    /// - Returns: false when the door is closed, or too much waits.
    @discardableResult
    func order(_ order: Order) -> Bool {
        queue.change { queue in
            switch order {
            case .connected: queue.isConnected = true
            case .disconnected: queue.isConnected = false
            case .subscribe, .ask, .answer, .unheard:
                if queue.isClosed || queue.orders.count >= Self.ordersMax { return false }
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
            defer { queue.isClosed = true }
            return !queue.isClosed
        }
    }

    var isClosed: Bool { queue.withLock { $0.isClosed } }

    // MARK: Absent members

    func noteAbsent(_ member: MemberID) {
        queue.withLock { queue in
            if queue.absent.count >= Self.absentMax { queue.absent = [:] }
            queue.absent[member] = .now() + absentFor
        }
    }

    func noteHeard(_ member: MemberID) {
        queue.withLock { queue in if !queue.absent.isEmpty { queue.absent[member] = nil } }
    }

    // MARK: The sending thread

    /// Waits for work.
    /// - Returns: orders, and then posts; both empty when `deadline` came first.
    func take(until deadline: NIODeadline) -> (orders: [Order], posts: [Post]) {
        let work = queue.wait(until: deadline) { queue -> (orders: [Order], posts: [Post])? in
            guard !queue.orders.isEmpty || !queue.posts.isEmpty else { return nil }
            let orders = queue.orders
            queue.orders.removeAll(keepingCapacity: orders.count < 64)
            var posts: [Post] = []
            while posts.count < Self.batchMax, let post = queue.posts.popFirst() {
                queue.bytes -= post.envelope.count + Self.postCost
                posts.append(post)
            }
            return (orders, posts)
        }
        return work ?? ([], [])
    }
}

#endif
