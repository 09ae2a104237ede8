// The bus over Redis Pub/Sub: the port as others see it. Publishers leave envelopes in a queue; everything else happens
// on the transport's loop.
#if Redis
internal import Logging
internal import NIOCore
internal import Synchronization
internal import TransportAPI
internal import TransportKit

final class RedisBus: MessageBus {
    private struct State {
        var outgoing: OutgoingQueue
        /// The sender's turn on its loop is ordered.
        var isScheduled = false
        var isStarted = false
    }

    let loop: any EventLoop
    let envelopeBytesMax: Int
    let names: PlaceNames
    private let options: RedisOptions
    private let state: Mutex<State>
    /// Everything that belongs to the loop.
    private let room: NIOLoopBoundBox<BusRoom?>
    /// Loops of subscriptions, which hear of the end before closing completes.
    private let loops = Mutex<[ObjectIdentifier: any EventLoop]>([:])

    init(context: TransportContext, options: RedisOptions, on loop: any EventLoop) {
        self.loop = loop
        self.options = options
        envelopeBytesMax = options.envelopeBytesMax
        names = PlaceNames(prefix: options.prefix, own: context.member, separator: ":")
        let limits = OutgoingQueue.Limits(
            countMax: options.queueCountMax, bytesMax: options.queueBytesMax, absentFor: options.absentFor)
        state = Mutex(State(outgoing: OutgoingQueue(limits, broker: "the Redis server")))
        room = NIOLoopBoundBox.makeBoxSendingValue(nil, eventLoop: loop)
    }

    // MARK: The port

    func publish(_ envelope: Envelope, to subject: Subject) throws(TransportError) {
        let refusal = OutgoingQueue.refusal(envelope, to: subject, envelopeBytesMax: envelopeBytesMax)
        if let refusal { throw refusal }
        let (error, schedules) = state.withLock { state -> (TransportError?, Bool) in
            let error = state.outgoing.offer(envelope, to: subject)
            guard error == nil, !state.isScheduled else { return (error, false) }
            state.isScheduled = true
            return (nil, true)
        }
        if let error { throw error }
        if schedules { loop.execute { self.room.value?.send() } }
    }

    func subscribe(
        to subject: Subject, capacity: SubscriptionCapacity, on loop: any EventLoop, _ receiver: any EnvelopeReceiver
    ) -> EventLoopFuture<any Subscription> {
        if case .inbox(let member) = subject, member != names.own {
            return loop.makeFailedFuture(
                TransportError(.unreachable, .notDelivered, "\(names.own) cannot hear the inbox of \(member)."))
        }
        if let refusal = OutgoingQueue.refusal(subject) { return loop.makeFailedFuture(refusal) }
        let refusal = state.withLock { state -> TransportError? in
            if state.outgoing.isClosed { return OutgoingQueue.closed }
            return state.isStarted
                ? nil : TransportError(.interrupted, .notDelivered, "The transport was not started.")
        }
        if let refusal { return loop.makeFailedFuture(refusal) }
        loops.withLock { $0[ObjectIdentifier(loop)] = loop }
        let subscription = QueuedSubscription(subject, capacity, loop, receiver) { [weak self] in
            self?.isSilent(subject)
        }
        let promise = loop.makePromise(of: (any Subscription).self)
        self.loop.execute {
            guard let room = self.room.value else { return promise.fail(OutgoingQueue.closed) }
            room.subscribe(subscription, promise)
        }
        return promise.futureResult
    }

    // MARK: For the room

    /// What may go out now. Nothing: the next publisher orders a turn again.
    func take(atMost count: Int, bytes: Int) -> [OutgoingQueue.Post] {
        state.withLock { state in
            let posts = state.outgoing.take(atMost: count, bytes: bytes)
            state.isScheduled = !posts.isEmpty
            return posts
        }
    }

    /// Nothing waits to go out.
    var isEmpty: Bool { state.withLock { $0.outgoing.isEmpty } }

    func noteConnected(_ isConnected: Bool) { state.withLock { $0.outgoing.isConnected = isConnected } }

    func noteAbsent(_ member: MemberID) { state.withLock { $0.outgoing.noteAbsent(member) } }

    // MARK: Life

    /// - Parameter started: called once, on the loop: with nil when the bus works, or with why it does not.
    func start(_ dial: RedisDial, _ logger: Logger, _ started: @escaping @Sendable (String?) -> Void) {
        loop.execute {
            guard self.state.withLock({ !$0.isStarted && !$0.outgoing.isClosed }) else {
                return started("it was started or closed before")
            }
            do {
                let room = try BusRoom(self, dial, self.options, logger)
                self.room.value = room
                self.state.withLock { $0.isStarted = true }
                room.start(started)
            } catch {
                started("\(error)")
            }
        }
    }

    /// Sends what waits, ends all subscriptions and the connections.
    /// - Parameter closed: called once, on any thread, when everybody was told.
    func close(_ closed: @escaping @Sendable () -> Void) {
        state.withLock { $0.outgoing.isClosed = true }
        loop.execute {
            guard let room = self.room.value else { return closed() }
            room.close {
                self.room.value = nil
                self.settle(closed)
            }
        }
    }

    /// Lets every loop hear of the end first.
    private func settle(_ closed: @escaping @Sendable () -> Void) {
        let told = loops.withLock { Array($0.values) }.map { $0.submit {} }
        EventLoopFuture.andAllComplete(told, on: loop).whenComplete { _ in closed() }
    }

    /// Breaks the connections without a goodbye and dials no more, as a killed process does.
    func crash() { loop.execute { self.room.value?.crash() } }
}

extension RedisBus: PlaceKeeper {
    func heard(_ member: MemberID) { state.withLock { $0.outgoing.noteHeard(member) } }

    func ask(_ member: MemberID, nonce: UInt64, for inbox: PlaceInbox) {
        loop.execute { self.room.value?.ask(member, nonce: nonce, at: inbox.place) }
    }

    func isSilent(_ subject: Subject) { loop.execute { self.room.value?.look(subject) } }
}
#endif
