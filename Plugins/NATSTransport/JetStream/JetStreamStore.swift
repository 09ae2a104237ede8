// What directory and log share: the two streams at the server, the threads that call it, its clock, and the seals.
#if NATS
internal import CNATS
internal import Logging
internal import NIOCore
internal import SealedBox
internal import Synchronization
internal import TransportAPI
internal import TransportKit

/// The kept part of a NATS cluster.
final class JetStreamStore: Sendable {
    /// What one call thread keeps.
    struct ThreadState {
        /// Nil when they could not be made, which the start reports before any call.
        var seals: Seals?
        var heads = LogHeads()
    }

    struct Seals {
        let records: StoreSeal
        let logs: StoreSeal

        init(_ options: NATSOptions) throws(SealError) {
            records = try StoreSeal(
                secrets: options.secrets, broker: "jetstream", place: options.bucket,
                role: "patchbay jetstream record 1")
            logs = try StoreSeal(
                secrets: options.secrets, broker: "jetstream", place: options.logStream,
                role: "patchbay jetstream log 1")
        }
    }

    typealias Threads = CallThreads<ThreadState>

    /// The subject of the message by which the server's clock is learnt. No key has this name.
    private static let clockKey = "clock"
    /// Attempts to see the server's clock closely enough.
    private static let clockAttempts = 3
    /// How long the server may take to serve a stream that it shows, and when to look again.
    private static let servedWithin = TimeAmount.seconds(2)
    private static let servedPauseMilliseconds: Int64 = 10
    /// A message that cannot be opened is reported so often.
    private static let reportEvery = TimeAmount.seconds(60)

    let options: NATSOptions
    let bucket: StreamPlan
    let logs: StreamPlan
    let threads: Threads
    let logger: Logger
    private let connection = Mutex<NATSConnection?>(nil)
    private let link = Mutex<JetStream?>(nil)
    private let clock = Mutex(ServerClock())
    private let reported = Mutex<NIODeadline?>(nil)

    init(options: NATSOptions, logger: Logger) {
        self.options = options
        self.logger = logger
        bucket = .bucket(options)
        logs = .logs(options)
        let bounds = Threads.Bounds(
            calls: options.callsMax, bytes: max(64 * 1024 * 1024, options.eventBytesMax), timeout: options.callTimeout)
        threads = Threads(bounds) { ThreadState(seals: try? Seals(options)) }
    }

    // MARK: Life

    /// Connects, and looks whether everything is there.
    func start(on loop: any EventLoop) -> EventLoopFuture<Void> {
        do throws(SealError) { _ = try Seals(options) } catch {
            return loop.makeFailedFuture(NATSClusterError("\(error)"))
        }
        guard threads.start() else {
            return loop.makeFailedFuture(NATSClusterError("the system has no threads left for calls of JetStream"))
        }
        let promise = loop.makePromise(of: Void.self)
        let isFirst = Atomic(true)
        let events = NATSConnection.Events { [weak self] session in
            self?.connected(session)
            if isFirst.exchange(false, ordering: .relaxed) { promise.succeed() }
        } disconnected: { [weak self] _, _ in
            self?.link.withLock { $0 = nil }
        } overflowed: {
            // Answers go to calls that wait for them, not to a queue.
        }
        let connection = NATSConnection(
            options: options, name: "\(options.prefix) records and logs", logger: logger, events: events)
        self.connection.withLock { $0 = connection }
        connection.start { failure in
            if let failure { promise.fail(NATSClusterError(failure)) }
        }
        return promise.futureResult.flatMap { [self] in
            threads.run("start", Key128(high: 0, low: 0), within: options.startWithin, on: loop) {
                [self] _, turn throws(TransportError) in
                try StoreProbe(store: self, deadline: turn.deadline).run()
            }
        }
    }

    private func connected(_ session: NATSSession) {
        do throws(JetStreamFailure) {
            let jetStream = try JetStream(session)
            link.withLock { $0 = jetStream }
            clock.withLock { $0.doubt() }
        } catch {
            logger.error("NATS: no calls of JetStream are possible: \(error.text)")
        }
    }

    /// Refuses calls, ends those that wait for the server, and ends the connection. Works after a failed start.
    func close(on loop: any EventLoop) -> EventLoopFuture<Void> {
        threads.refuse()
        let connection = connection.withLock { $0 }
        // It ends what threads wait for.
        connection?.close()
        let deadline = NIODeadline.now() + options.closeWithin
        return threads.stop(on: loop).flatMap {
            let promise = loop.makePromise(of: Void.self)
            let isWaiting = OwnThread.run {
                _ = connection?.waitUntilClosed(deadline)
                promise.succeed()
            }
            if !isWaiting { promise.succeed() }
            return promise.futureResult
        }
    }

    /// Ends the connection and nothing else, as a killed process does. For tests.
    func crash() { connection.withLock { $0 }?.close() }

    // MARK: The server

    /// The way to the server while there is one.
    func jetStream(_ call: String) throws(TransportError) -> JetStream {
        guard let link = link.withLock({ $0 }) else {
            throw TransportError(.unreachable, .notDelivered, "\(call): there is no connection to a NATS server")
        }
        return link
    }

    /// Runs calls of JetStream. If the streams are gone, for the server has lost its data, makes them anew and runs
    /// the calls once more: a call that fails so has changed nothing.
    func call<Value>(
        _ name: String, by deadline: NIODeadline, _ body: (JetStream) throws(JetStreamFailure) -> Value
    ) throws(TransportError) -> Value {
        let jetStream = try jetStream(name)
        do throws(JetStreamFailure) {
            do throws(JetStreamFailure) {
                return try body(jetStream)
            } catch {
                guard error.isMissingStream else { throw error }
                for plan in [bucket, logs] where try jetStream.settle(plan, by: deadline) {
                    logger.warning("the NATS server had lost the stream \(plan.name), and has got it anew")
                }
                return try whenServed(by: deadline) { () throws(JetStreamFailure) in try body(jetStream) }
            }
        } catch {
            throw error.error(name)
        }
    }

    /// Runs calls at streams that are there. The server shows a stream that a member makes before it takes messages for
    /// it, so for a moment nobody may serve the other members' messages.
    func whenServed<Value>(
        by deadline: NIODeadline, _ body: () throws(JetStreamFailure) -> Value
    ) throws(JetStreamFailure) -> Value {
        let end = min(deadline, .now() + Self.servedWithin)
        while true {
            do throws(JetStreamFailure) {
                return try body()
            } catch {
                guard error.isUnserved, NIODeadline.now() < end else { throw error }
                nats_Sleep(Self.servedPauseMilliseconds)
            }
        }
    }

    // MARK: Time

    /// Whether a message has lived so long by the server's clock.
    func isOver(
        since time: Int64, lifetime: Int64, _ name: String, by deadline: NIODeadline
    ) throws(TransportError) -> Bool {
        do throws(TransportError) {
            try learnTime(name, by: deadline)
        } catch {
            // An older estimate will do where the server takes no writes.
            if clock.withLock({ $0.isUnknown }) { throw error }
        }
        return clock.withLock { $0.isOver(since: time, lifetime: lifetime, now: .now()) }
    }

    /// Looks at the server's clock if that was long ago.
    func learnTime(_ name: String, by deadline: NIODeadline) throws(TransportError) {
        guard clock.withLock({ $0.takeTurn(now: .now(), patience: options.callTimeout) }) else { return }
        for _ in 0..<Self.clockAttempts {
            try lookAtClock(name, by: deadline)
            if clock.withLock({ $0.isGood }) { return }
        }
    }

    private func lookAtClock(_ name: String, by deadline: NIODeadline) throws(TransportError) {
        let subject = "$KV.\(options.bucket).\(Self.clockKey)"
        let sent = NIODeadline.now()
        var acknowledged = sent
        let seen = try call(name, by: deadline) { jetStream throws(JetStreamFailure) -> KeptMessage? in
            let write = try jetStream.publish([], to: subject, in: bucket.name, after: nil, by: deadline)
            acknowledged = .now()
            guard case .stored(let sequence) = write else { return nil }
            // Another member may have written since; then the attempt was in vain.
            return try jetStream.message(sequence, in: bucket.name, by: deadline)
        }
        guard let seen else { return }
        clock.withLock { $0.note(serverTime: seen.time, sent: sent, acknowledged: acknowledged) }
    }

    // MARK: Seals

    func seals(_ state: ThreadState, _ call: String) throws(TransportError) -> Seals {
        guard let seals = state.seals else {
            throw TransportError(.closed, .notDelivered, "\(call): nothing can be sealed, as was said at the start")
        }
        return seals
    }

    /// Something stands at the server that no member with these secrets has written.
    func reportUnreadable(_ what: String, _ stream: String) {
        let now = NIODeadline.now()
        let isDue = reported.withLock { reported in
            if let last = reported, now - last < Self.reportEvery { return false }
            reported = now
            return true
        }
        guard isDue else { return }
        logger.warning(
            "a \(what) at the NATS server does not open: another secret, or somebody else writes there",
            metadata: ["stream": "\(stream)"])
    }
}

extension Key128 {
    /// 32 hex digits, as in subjects.
    var digits: String {
        [high, low].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
#endif
