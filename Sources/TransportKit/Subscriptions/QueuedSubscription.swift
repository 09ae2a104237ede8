// One subscription: a bounded queue between the threads that deliver and the loop that hears. Overflow and gaps end it
// with an error once what is in the queue was handed over; its neighbours notice nothing.
public import NIOCore
internal import Synchronization
public import TransportAPI

/// A subscription of a transport whose own threads or loops deliver.
public final class QueuedSubscription: Subscription {
    private enum Item {
        case envelope(Envelope)
        /// The sender's envelopes before this point may be missing.
        case gap(TransportError)
    }

    private struct Queue {
        var items = CircularBuffer<(item: Item, sender: MemberID)>()
        var bytes = 0
        /// The receiver's turn on its loop is ordered. From the beginning, until it is opened.
        var isScheduled = true
        /// Nothing more gets in; this is said last.
        var end: TransportError?
        /// Nil once it has ended.
        var receiver: (any EnvelopeReceiver)?
    }

    /// Envelopes handed over before the loop's other work gets a turn.
    private static let turnMax = 256

    public let subject: Subject
    /// Where the receiver hears.
    public let loop: any EventLoop
    private let capacity: SubscriptionCapacity
    private let ended: @Sendable () -> Void
    private let queue: Mutex<Queue>

    /// - Parameter ended: called once, on any thread, when nothing more gets in; perhaps within ``offer(_:from:)``.
    public init(
        _ subject: Subject, _ capacity: SubscriptionCapacity, _ loop: any EventLoop, _ receiver: any EnvelopeReceiver,
        ended: @escaping @Sendable () -> Void
    ) {
        self.subject = subject
        self.capacity = capacity
        self.loop = loop
        self.ended = ended
        queue = Mutex(Queue(receiver: receiver))
    }

    /// Begins to hand over. What was offered before has waited.
    public func open() { loop.execute { self.turn() } }

    /// Nothing more gets in.
    public var hasEnded: Bool { queue.withLock { $0.receiver == nil || $0.end != nil } }

    public func end() {
        let isFirst = queue.withLock { queue -> Bool in
            queue.items.removeAll()
            queue.bytes = 0
            defer { queue.receiver = nil }
            return queue.receiver != nil && queue.end == nil
        }
        if isFirst { ended() }
    }

    /// Queues an envelope; any thread.
    public func offer(_ envelope: Envelope, from sender: MemberID) {
        let count = envelope.count
        let (isOver, schedules) = queue.withLock { queue -> (Bool, Bool) in
            guard queue.receiver != nil, queue.end == nil else { return (false, false) }
            let fits = queue.items.isEmpty
                || (queue.items.count < capacity.envelopes && queue.bytes + count <= capacity.bytes)
            guard fits else { return (true, false) }
            queue.items.append((.envelope(envelope), sender))
            queue.bytes += count
            defer { queue.isScheduled = true }
            return (false, !queue.isScheduled)
        }
        if isOver {
            fail(
                TransportError(
                    .overflowed, .unknown,
                    "The subscriber of \(subject.text) did not keep up: more than \(capacity.envelopes) envelopes or"
                        + " \(capacity.bytes) bytes waited."))
        }
        if schedules { loop.execute { self.turn() } }
    }

    /// Tells the receiver that nobody has heard what was published with that receipt; any thread.
    public func unheard(_ receipt: UInt64, by member: MemberID) {
        loop.execute { self.queue.withLock { $0.receiver }?.unheard(receipt, by: member) }
    }

    /// Says behind what is there that envelopes of that sender may be missing, and goes on; any thread.
    public func missed(_ error: TransportError, from sender: MemberID) {
        let (isOver, schedules) = queue.withLock { queue -> (Bool, Bool) in
            guard queue.receiver != nil, queue.end == nil else { return (false, false) }
            // One word is enough for gaps that follow each other.
            if let last = queue.items.last, case .gap = last.item, last.sender == sender { return (false, false) }
            guard queue.items.count < max(1, capacity.envelopes) else { return (true, false) }
            queue.items.append((.gap(error), sender))
            defer { queue.isScheduled = true }
            return (false, !queue.isScheduled)
        }
        if isOver { fail(error) }
        if schedules { loop.execute { self.turn() } }
    }

    /// Lets nothing more in, and says why after what is there; any thread.
    public func fail(_ error: TransportError) {
        let (isFirst, schedules) = queue.withLock { queue -> (Bool, Bool) in
            guard queue.receiver != nil, queue.end == nil else { return (false, false) }
            queue.end = error
            defer { queue.isScheduled = true }
            return (true, !queue.isScheduled)
        }
        if isFirst { ended() }
        if schedules { loop.execute { self.turn() } }
    }

    private enum Step {
        case item(Item, MemberID, any EnvelopeReceiver)
        case ended(TransportError, any EnvelopeReceiver)
        case empty((any EnvelopeReceiver)?)
    }

    private func turn() {
        var handed = 0
        while true {
            if handed == Self.turnMax {
                queue.withLock { $0.receiver }?.receivedAll()
                return loop.execute { self.turn() }
            }
            switch next() {
            case .item(let item, let sender, let receiver):
                switch item {
                case .envelope(let envelope): receiver.received(envelope, from: sender)
                case .gap(let error): receiver.missed(error, from: sender)
                }
                handed += 1
            case .ended(let error, let receiver):
                if handed > 0 { receiver.receivedAll() }
                return receiver.subscriptionEnded(error)
            case .empty(let receiver):
                if handed > 0 { receiver?.receivedAll() }
                return
            }
        }
    }

    private func next() -> Step {
        queue.withLock { queue -> Step in
            guard let receiver = queue.receiver else {
                queue.isScheduled = false
                return .empty(nil)
            }
            if let (item, sender) = queue.items.popFirst() {
                if case .envelope(let envelope) = item { queue.bytes -= envelope.count }
                return .item(item, sender, receiver)
            }
            queue.isScheduled = false
            guard let error = queue.end else { return .empty(receiver) }
            queue.receiver = nil
            return .ended(error, receiver)
        }
    }
}

extension Subject {
    /// For error texts.
    public var text: String {
        switch self {
        case .inbox(let member): "the inbox of \(member)"
        case .everyone: "everyone"
        case .topic(let topic): "the topic \(topic)"
        }
    }
}
