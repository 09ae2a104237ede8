// The bus over core NATS: the port as others see it. Publishers leave envelopes at a door; one thread sends them.
#if NATS
internal import CNATS
internal import Logging
internal import NIOCore
internal import Synchronization
internal import TransportAPI
internal import TransportKit

final class NATSBus: MessageBus {
    let envelopeBytesMax: Int
    private let options: NATSOptions
    private let subjects: NATSSubjects
    private let door: BusDoor
    private let logger: Logger
    let connection: NATSConnection
    /// Nil until it is started.
    private let desk = Mutex<ContactDesk?>(nil)
    /// Loops of subscriptions, which hear of the end before closing completes.
    private let loops = Mutex<[ObjectIdentifier: any EventLoop]>([:])

    init(context: TransportContext, options: NATSOptions) {
        self.options = options
        logger = context.logger
        envelopeBytesMax = options.envelopeBytesMax
        subjects = NATSSubjects(prefix: options.prefix, own: context.member)
        let door = BusDoor(options: options)
        self.door = door
        connection = NATSConnection(
            options: options, name: "\(context.member) bus", logger: context.logger,
            events: NATSConnection.Events(
                connected: { door.order(.connected($0)) }, disconnected: { door.order(.disconnected($0, $1)) },
                overflowed: { door.order(.overflowed) }))
    }

    // MARK: The port

    func publish(_ envelope: Envelope, to subject: Subject) throws(TransportError) {
        let refusal = OutgoingQueue.refusal(envelope, to: subject, envelopeBytesMax: envelopeBytesMax)
        if let refusal { throw refusal }
        try door.offer(envelope, to: subject)
    }

    func subscribe(
        to subject: Subject, capacity: SubscriptionCapacity, on loop: any EventLoop, _ receiver: any EnvelopeReceiver
    ) -> EventLoopFuture<any Subscription> {
        if case .inbox(let member) = subject, member != subjects.own {
            return loop.makeFailedFuture(
                TransportError(.unreachable, .notDelivered, "\(subjects.own) cannot hear the inbox of \(member)."))
        }
        if let refusal = OutgoingQueue.refusal(subject) { return loop.makeFailedFuture(refusal) }
        if door.isClosed { return loop.makeFailedFuture(OutgoingQueue.closed) }
        guard desk.withLock({ $0 != nil }) else {
            return loop.makeFailedFuture(
                TransportError(.interrupted, .notDelivered, "The transport was not started."))
        }
        loops.withLock { $0[ObjectIdentifier(loop)] = loop }
        let door = self.door
        let subscription = QueuedSubscription(subject, capacity, loop, receiver) { door.order(.look(subject)) }
        let promise = loop.makePromise(of: (any Subscription).self)
        if !door.order(.subscribe(subscription, promise)) {
            promise.fail(
                door.isClosed
                    ? OutgoingQueue.closed
                    : TransportError(.overloaded, .notDelivered, "Too many subscriptions wait for the NATS server."))
        }
        return promise.futureResult
    }

    // MARK: Life

    /// - Parameter started: called once, on another thread: with nil when the bus works, or with why it does not.
    func start(_ started: @escaping @Sendable (String?) -> Void) {
        let desk = ContactDesk(
            options: options, subjects: subjects, door: door, logger: logger, started: started)
        let (options, subjects, door, logger) = (options, subjects, door, logger)
        let isSending = OwnThread.run {
            do {
                try BusSender(options: options, subjects: subjects, door: door, desk: desk, logger: logger).run()
            } catch {
                desk.fail("\(error)")
            }
        }
        guard isSending else { return desk.fail("the system has no thread left") }
        self.desk.withLock { $0 = desk }
        connection.start { problem in if let problem { desk.fail(problem) } }
    }

    /// Sends what waits, ends all subscriptions and the connection.
    /// - Parameters:
    ///   - loop: where the time of closing is kept.
    ///   - closed: called once, on any thread, when everybody was told.
    func close(on loop: any EventLoop, _ closed: @escaping @Sendable () -> Void) {
        guard door.close() else { return closed() }
        let (connection, desk) = (connection, desk.withLock { $0 })
        guard let desk else {
            connection.close()
            return closed()
        }
        let isTold = Atomic(false)
        let tell: @Sendable () -> Void = {
            if !isTold.exchange(true, ordering: .relaxed) { self.settle(closed) }
        }
        // A thread that the library holds up is left behind; it ends by itself.
        let limit = loop.scheduleTask(in: options.closeWithin) {
            connection.close()
            desk.end(OutgoingQueue.closed)
            tell()
        }
        let deadline = NIODeadline.now() + options.closeWithin
        door.order(.close {
            connection.close()
            _ = connection.waitUntilClosed(deadline)
            limit.cancel()
            tell()
        })
    }

    /// Lets every loop hear of the end first.
    private func settle(_ closed: @escaping @Sendable () -> Void) {
        let loops = self.loops.withLock { Array($0.values) }
        guard let first = loops.first else { return closed() }
        let told = loops.map { $0.submit {} }
        EventLoopFuture.andAllComplete(told, on: first).whenComplete { _ in closed() }
    }
}

#endif
