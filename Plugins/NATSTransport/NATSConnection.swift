// The way to the server, kept up: one thread dials, waits until the session is over, and dials again.
#if NATS
internal import CNATS
internal import Logging
internal import NIOCore
internal import TransportKit

/// One connection after the other to one of the servers.
final class NATSConnection: Sendable {
    /// Who is told; the first two are called on the dialling thread, in turns.
    struct Events: Sendable {
        var connected: @Sendable (NATSSession) -> Void
        /// With the reason, for people.
        var disconnected: @Sendable (NATSSession, String) -> Void
        /// Messages had no room and were dropped. On a thread of the library.
        var overflowed: @Sendable () -> Void = {}
    }

    private struct State {
        var session: NATSSession?
        /// Of the session that the library has given up.
        var ended: UInt?
        var lastFailure = ""
        /// Before that, what the server or the library says is not logged again.
        var quietUntil = NIODeadline.uptimeNanoseconds(0)
        var isRunning = false
        var isClosing = false
    }

    /// Threads that hand over what arrives, for all connections of the process.
    private static let deliveryThreads: Int32 = 2

    private static let reportEvery = TimeAmount.seconds(10)

    private let options: NATSOptions
    private let dial: NATSDial
    private let logger: Logger
    private let events: Events
    private let state = Watched(State())

    /// - Parameter name: shown by the server's monitoring.
    init(options: NATSOptions, name: String, logger: Logger, events: Events) {
        self.options = options
        self.logger = logger
        self.events = events
        dial = NATSDial(options: options, name: name)
    }

    /// The session that is up; nil while there is none.
    var session: NATSSession? { state.withLock { $0.ended == $0.session?.number ? nil : $0.session } }

    /// Begins to dial.
    /// - Parameter started: called once, on the dialling thread: with nil when connected, or with what was tried and
    ///   why it failed after ``NATSOptions/startWithin``, which ends the connection.
    func start(_ started: @escaping @Sendable (String?) -> Void) {
        let isFirst = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning && !state.isClosing
        }
        guard isFirst else { return started("it was started or closed before") }
        guard nats_Open(-1) == NATS_OK, nats_SetMessageDeliveryPoolSize(Self.deliveryThreads) == NATS_OK,
            OwnThread.run({ self.run(started) })
        else {
            state.change { $0.isRunning = false }
            return started("the NATS library or its thread could not be started")
        }
    }

    /// Ends the session and dials no more. Returns at once.
    func close() { state.change { $0.isClosing = true } }

    /// Waits until nothing of it runs; never on an event loop.
    /// - Returns: false when `deadline` came first.
    func waitUntilClosed(_ deadline: NIODeadline) -> Bool {
        state.wait(until: deadline) { $0.isRunning ? nil : true } ?? false
    }

    // MARK: The dialling thread

    private func run(_ started: @Sendable (String?) -> Void) {
        let deadline = NIODeadline.now() + options.startWithin
        var pause = RetryPause(first: options.reconnectFirst, most: options.reconnectMax)
        var hasStarted = false
        var isTold = false
        defer { if !hasStarted { started("the transport was closed") } }
        while !state.withLock({ $0.isClosing }) {
            do throws(NATSDialFailure) {
                let session = try connect()
                pause.reset()
                isTold = false
                if !hasStarted { started(nil) }
                hasStarted = true
                serve(session)
            } catch {
                if !hasStarted, error.isFinal || NIODeadline.now() >= deadline {
                    hasStarted = true
                    started(error.text)
                    break
                }
                if !isTold { logger.warning("NATS: no server can be reached, trying on: \(error.text)") }
                isTold = true
                let next = NIODeadline.now() + pause.next(random: .random(in: .min ... .max))
                _ = state.wait(until: hasStarted ? next : min(next, deadline)) { $0.isClosing ? true : nil }
            }
        }
        state.change { $0.isRunning = false }
    }

    /// Tries each address once, in any order.
    private func connect() throws(NATSDialFailure) -> NATSSession {
        var failures: [String] = []
        var isFinal = true
        for url in options.urls.shuffled() where !state.withLock({ $0.isClosing }) {
            do throws(NATSDialFailure) {
                let session = try dial.connect(to: url) { [weak self] in self?.note($0, $1) }
                return session
            } catch {
                failures.append(error.text)
                isFinal = isFinal && error.isFinal
            }
        }
        throw NATSDialFailure(text: failures.joined(separator: "; "), isFinal: isFinal)
    }

    private func serve(_ session: NATSSession) {
        state.change { state in
            state.session = session
            state.lastFailure = ""
        }
        logger.info("NATS: connected")
        events.connected(session)
        let isClosing = state.wait { state -> Bool? in
            state.isClosing ? true : state.ended == session.number ? false : nil
        }
        if isClosing == true { natsConnection_Close(session.handle) }
        let reason = state.change { state -> String in
            state.session = nil
            return state.lastFailure
        }
        let text = reason.isEmpty ? session.lastError : reason
        if isClosing != true { logger.warning("NATS: the connection broke: \(text)") }
        events.disconnected(session, text)
    }

    private func note(_ number: UInt, _ notice: SessionWatchers.Notice) {
        switch notice {
        case .disconnected: state.change { $0.ended = number }
        case .overflowed: events.overflowed()
        case .failed(let text):
            let isLoud = state.withLock { state in
                state.lastFailure = text
                guard state.quietUntil <= .now() else { return false }
                state.quietUntil = .now() + Self.reportEvery
                return true
            }
            if isLoud { logger.error("NATS: the server or the library reports: \(text)") }
        }
    }
}

#endif
