// One subscription: a bounded queue between the threads that deliver and the loop that hears. Overflow and gaps end it
// with an error once what is in the queue was handed over; its neighbours notice nothing.
internal import NIOCore
internal import Synchronization
internal import TransportAPI

final class PeerSubscription: Subscription {
    private struct Queue {
        var envelopes = CircularBuffer<(Envelope, MemberID)>()
        var bytes = 0
        /// The receiver's turn on its loop is ordered.
        var isScheduled = false
        /// Nothing more gets in; this is said last.
        var end: TransportError?
        /// Nil once it has ended.
        var receiver: (any EnvelopeReceiver)?
    }

    /// Envelopes handed over before the loop's other work gets a turn.
    private static let turnMax = 256

    let subject: Subject
    private let capacity: SubscriptionCapacity
    private let loop: any EventLoop
    private let table: SubscriptionTable
    private let queue: Mutex<Queue>

    init(
        _ subject: Subject, _ capacity: SubscriptionCapacity, _ loop: any EventLoop, _ receiver: any EnvelopeReceiver,
        _ table: SubscriptionTable
    ) {
        self.subject = subject
        self.capacity = capacity
        self.loop = loop
        self.table = table
        queue = Mutex(Queue(receiver: receiver))
    }

    func end() {
        table.remove(self)
        queue.withLock {
            $0.receiver = nil
            $0.envelopes.removeAll()
            $0.bytes = 0
        }
    }

    /// Queues an envelope; any thread.
    func offer(_ envelope: Envelope, from sender: MemberID) {
        let count = envelope.count
        let (isOver, schedules) = queue.withLock { queue -> (Bool, Bool) in
            guard queue.receiver != nil, queue.end == nil else { return (false, false) }
            let fits = queue.envelopes.isEmpty
                || (queue.envelopes.count < capacity.envelopes && queue.bytes + count <= capacity.bytes)
            guard fits else { return (true, false) }
            queue.envelopes.append((envelope, sender))
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

    /// Lets nothing more in, and says why after what is there; any thread.
    func fail(_ error: TransportError) {
        table.remove(self)
        let schedules = queue.withLock { queue -> Bool in
            guard queue.receiver != nil, queue.end == nil else { return false }
            queue.end = error
            defer { queue.isScheduled = true }
            return !queue.isScheduled
        }
        if schedules { loop.execute { self.turn() } }
    }

    private enum Step {
        case envelope(Envelope, MemberID, any EnvelopeReceiver)
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
            case .envelope(let envelope, let sender, let receiver):
                receiver.received(envelope, from: sender)
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
            if let (envelope, sender) = queue.envelopes.popFirst() {
                queue.bytes -= envelope.count
                return .envelope(envelope, sender, receiver)
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
    var text: String {
        switch self {
        case .inbox(let member): "the inbox of \(member)"
        case .everyone: "everyone"
        case .topic(let topic): "the topic \(topic)"
        }
    }
}
