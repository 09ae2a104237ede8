// A subscriber that writes down what it hears, and where.
internal import NIOCore
internal import Synchronization
internal import TransportAPI

final class Listener: EnvelopeReceiver {
    /// What was heard so far.
    struct Seen: Sendable {
        var envelopes: [Envelope] = []
        var senders: [MemberID] = []
        /// How the subscription ended.
        var errors: [TransportError] = []
        /// What was said to be missing, of whom, and how many envelopes had come before.
        var gaps: [(error: TransportError, member: MemberID, after: Int)] = []
        /// Receipts that came back.
        var unheard: [UInt64] = []
        /// How many envelopes there were when ``EnvelopeReceiver/receivedAll()`` came last.
        var flushed = 0
        /// Calls that did not come on the subscription's loop.
        var strayCalls = 0
        /// Calls that came while ``setBusy(_:)`` was on.
        var callsWhileBusy = 0

        /// Of `numbers`, all published by one member, those came that could, in order, and every hole was told of.
        func isWholeButForGaps(of numbers: [Int]) -> Bool {
            let told = Set(gaps.map(\.after))
            var rest = numbers[...]
            for (place, number) in self.numbers.enumerated() {
                if rest.first != number, told.contains(place) { rest = rest.drop { $0 != number } }
                guard rest.popFirst() == number else { return false }
            }
            // Behind a gap that was told more may still be on its way.
            return rest.isEmpty || !errors.isEmpty || !told.isEmpty
        }

        /// The numbers that ``Envelope/numbered(_:)`` put into the bodies.
        var numbers: [Int] { envelopes.map { $0.body.getInteger(at: $0.body.readerIndex, as: Int.self) ?? -1 } }
    }

    private let loop: any EventLoop
    private let state = Mutex(Seen())
    private let subscription = Mutex<(any Subscription)?>(nil)
    private let isBusy = Atomic(false)

    private init(loop: any EventLoop) { self.loop = loop }

    static func start(
        on bus: any MessageBus, to subject: Subject, capacity: SubscriptionCapacity, loop: any EventLoop
    ) async throws -> Listener {
        let listener = Listener(loop: loop)
        let future = loop.flatSubmit { () -> EventLoopFuture<any Subscription> in
            let future = bus.subscribe(to: subject, capacity: capacity, on: loop, listener)
            if future.eventLoop !== loop { listener.state.withLock { $0.strayCalls += 1 } }
            return future
        }
        let subscription = try await future.get()
        listener.subscription.withLock { $0 = subscription }
        return listener
    }

    /// True while a publish of the same thread runs.
    func setBusy(_ value: Bool) { isBusy.store(value, ordering: .relaxed) }

    var seen: Seen { state.withLock { $0 } }

    /// Ends the subscription on its loop and returns what had been heard at that moment.
    func end() async throws -> Seen {
        try await loop.submit {
            self.subscription.withLock { $0.take() }?.end()
            return self.seen
        }.get()
    }

    // MARK: EnvelopeReceiver

    func unheard(_ receipt: UInt64, by member: MemberID) { note { $0.unheard.append(receipt) } }

    func received(_ envelope: Envelope, from sender: MemberID) {
        note {
            $0.envelopes.append(envelope)
            $0.senders.append(sender)
        }
    }

    func receivedAll() { note { $0.flushed = $0.envelopes.count } }

    func missed(_ error: TransportError, from member: MemberID) { 
        note { $0.gaps.append((error, member, $0.envelopes.count)) }
    }

    func subscriptionEnded(_ error: TransportError) { note { $0.errors.append(error) } }

    private func note(_ change: (inout Seen) -> Void) {
        let isStray = !loop.inEventLoop
        let wasBusy = isBusy.load(ordering: .relaxed)
        state.withLock {
            change(&$0)
            if isStray { $0.strayCalls += 1 }
            if wasBusy { $0.callsWhileBusy += 1 }
        }
    }
}

extension MessageBus {
    /// Publishes, and takes a refusal of one of these kinds for an answer.
    func offer(
        _ envelope: Envelope, to subject: Subject, refusals: Set<TransportError.Code> = [.unreachable, .overloaded]
    ) throws {
        do throws(TransportError) {
            try publish(envelope, to: subject)
        } catch {
            let isAllowed = refusals.contains(error.code) && error.delivery == .notDelivered
            try expect(isAllowed, "publishing to \(subject): \(error)")
        }
    }
}

extension Envelope {
    /// An envelope that can be told from others by a number, with a body of `size` bytes or the least possible.
    static func numbered(_ number: Int, size: Int = 0) -> Envelope {
        var body = ByteBuffer(integer: number)
        body.writeRepeatingByte(0x2E, count: max(0, size - body.readableBytes))
        return Envelope(header: ByteBuffer(), body: body)
    }
}
