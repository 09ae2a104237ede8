// One subscription: a bounded queue between the threads that publish and the loop that hears. A burst costs one hop.
internal import NIOCore
internal import Synchronization
internal import TransportAPI

final class MemorySubscription: Subscription {
    struct Delivery: Sendable {
        var envelope: Envelope
        var sender: MemberID
    }

    /// A delivery that is late, and what may not pass it.
    final class Held: Sendable {
        let delivery: Delivery
        let isDue: Atomic<Bool>

        init(_ delivery: Delivery, isDue: Bool) {
            self.delivery = delivery
            self.isDue = Atomic(isDue)
        }
    }

    struct State {
        /// Nil when it has ended.
        var receiver: (any EnvelopeReceiver)?
        var waiting = CircularBuffer<Delivery>()
        /// Late ones in order, before they come to wait. Empty without a fault plan.
        var held = CircularBuffer<Held>()
        /// Of all that was let in and not yet handed over, late ones included.
        var count = 0
        var bytes = 0
        /// Set when it is to end once `waiting` is empty.
        var failure: TransportError?
        /// Set when a loss is going to be noticed.
        var willFail = false
        var isScheduled = false
    }

    private enum Step {
        case rest, again
        case finish((any EnvelopeReceiver)?, TransportError)
    }

    /// Envelopes that are handed over in one go; then the loop gets to do something else.
    private static let burst = 128

    let subject: Subject
    let member: MemoryMember
    let loop: any EventLoop
    private let backend: MemoryBackend
    private let capacity: SubscriptionCapacity
    let state: Mutex<State>

    init(
        to subject: Subject, of member: MemoryMember, in backend: MemoryBackend, capacity: SubscriptionCapacity,
        on loop: any EventLoop, _ receiver: any EnvelopeReceiver
    ) {
        self.subject = subject
        self.member = member
        self.backend = backend
        self.capacity = capacity
        self.loop = loop
        state = Mutex(State(receiver: receiver))
    }

    // MARK: From any thread

    /// Lets an envelope in, or ends the subscription when there is no room.
    func take(_ envelope: Envelope, from sender: MemberID) {
        let mustWake = state.withLock { state in
            guard state.receiver != nil, state.failure == nil else { return false }
            // When it overflows, what waits is handed over first: it is without a gap.
            guard admit(envelope.count, &state) else { return wake(&state) }
            return enqueue(Delivery(envelope: envelope, sender: sender), &state)
        }
        if mustWake { schedule() }
    }

    /// Puts in a delivery that was counted in. True when the caller has to schedule a drain.
    func enqueue(_ delivery: Delivery, _ state: inout State) -> Bool {
        guard state.held.isEmpty else {
            state.held.append(Held(delivery, isDue: true))
            return false
        }
        state.waiting.append(delivery)
        return wake(&state)
    }

    /// Counts an envelope in, or sets the failure that says why not.
    func admit(_ count: Int, _ state: inout State) -> Bool {
        guard state.count == 0 || state.count < capacity.envelopes && count <= capacity.bytes - state.bytes else {
            state.failure = TransportError(
                .overflowed, .unknown,
                "\(member.id) did not keep up with \(subject): \(state.count) envelopes of \(state.bytes) bytes wait")
            return false
        }
        state.count += 1
        state.bytes += count
        return true
    }

    /// True when the caller has to schedule a drain.
    func wake(_ state: inout State) -> Bool {
        guard !state.isScheduled else { return false }
        state.isScheduled = true
        return true
    }

    func schedule() { loop.execute { self.drain() } }

    /// Ends it after what waits has been handed over.
    func fail(_ error: TransportError) {
        let mustWake = state.withLock { state in
            guard state.receiver != nil, state.failure == nil else { return false }
            state.failure = error
            return wake(&state)
        }
        if mustWake { schedule() }
    }

    /// Ends it with `.closed`, and drops what waits.
    /// - Returns: completed when the receiver was told.
    func close() -> EventLoopFuture<Void> {
        state.withLock { state in
            guard state.receiver != nil else { return }
            state.drop()
            state.failure = TransportError(.closed, .unknown, "the transport of \(member.id) was closed")
        }
        return loop.submit { self.drain() }
    }

    /// Ends it without a word.
    func vanish() { _ = state.withLock { $0.clear() } }

    // MARK: On the loop

    func end() {
        loop.assertInEventLoop()
        vanish()
        backend.routes.withLock { $0.remove(self) }
    }

    /// Hands over what waits. The receiver may end the subscription, or publish to it, at any point.
    private func drain() {
        var handedOver = 0
        while handedOver < Self.burst, let (delivery, receiver) = state.withLock({ $0.pop() }) {
            receiver.received(delivery.envelope, from: delivery.sender)
            handedOver += 1
        }
        if handedOver > 0 { state.withLock { $0.receiver }?.receivedAll() }
        switch state.withLock({ next(&$0) }) {
        case .rest: break
        case .again: schedule()
        case .finish(let receiver, let error):
            backend.routes.withLock { $0.remove(self) }
            receiver?.subscriptionEnded(error)
        }
    }

    private func next(_ state: inout State) -> Step {
        if state.receiver != nil, !state.waiting.isEmpty { return .again }
        state.isScheduled = false
        guard let failure = state.failure else { return .rest }
        return .finish(state.clear(), failure)
    }
}

extension MemorySubscription.State {
    fileprivate mutating func pop() -> (MemorySubscription.Delivery, any EnvelopeReceiver)? {
        guard let receiver, let delivery = waiting.popFirst() else { return nil }
        count -= 1
        bytes -= delivery.envelope.count
        return (delivery, receiver)
    }

    /// Lets everything go. Returns who heard until here.
    fileprivate mutating func clear() -> (any EnvelopeReceiver)? {
        drop()
        failure = nil
        return receiver.take()
    }

    fileprivate mutating func drop() {
        waiting.removeAll()
        held.removeAll()
        count = 0
        bytes = 0
    }
}
