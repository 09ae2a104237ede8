// Connections that are kept up together: when one of them breaks the others are closed, and all are dialled anew, with
// pauses that grow.
#if Redis
internal import Logging
internal import NIOCore
internal import TransportAPI
internal import TransportKit

/// Belongs to its event loop.
final class RedisLink {
    enum Event {
        /// All are there, in the order of the roles.
        case connected([RedisChannel])
        /// All are gone.
        case disconnected(TransportError)
    }

    private enum State {
        case idle
        case dialling
        case connected([RedisChannel])
        case pausing(Scheduled<Void>)
        case closed
    }

    private let dial: RedisDial
    private let loop: any EventLoop
    private let roles: [String]
    private let logger: Logger
    private let handle: (Event) -> Void
    private var state = State.idle
    private var pause: RetryPause
    private var isTold = false
    /// Until connected for the first time.
    private var started: ((String?) -> Void)?
    private var lastFailure: String

    /// - Parameters:
    ///   - roles: one connection for each, under that name.
    ///   - handle: called on the loop, in turns.
    init(
        _ dial: RedisDial, on loop: any EventLoop, roles: [String], logger: Logger, _ handle: @escaping (Event) -> Void
    ) {
        self.dial = dial
        self.loop = loop
        self.roles = roles
        self.logger = logger
        self.handle = handle
        lastFailure = "\(dial.options.place): no answer within the time of starting"
        pause = RetryPause(first: dial.options.reconnectFirst, most: dial.options.reconnectMax)
    }

    var isConnected: Bool { if case .connected = state { true } else { false } }

    /// Begins to dial.
    /// - Parameter started: called once: with nil when connected, or with what was tried and why it failed when time is
    ///   over or trying cannot help, which closes the link.
    func start(_ started: @escaping (String?) -> Void) {
        self.started = started
        loop.assumeIsolated().scheduleTask(in: dial.options.startWithin) { [weak self] in
            self.map { $0.giveUp($0.lastFailure) }
        }
        attempt()
    }

    /// Ends it without a word to the server, and dials no more. No event follows.
    func close(_ error: TransportError) {
        let before = state
        state = .closed
        started.take()?("the transport was closed")
        switch before {
        case .pausing(let task): task.cancel()
        case .connected(let channels): for channel in channels { channel.close(error) }
        case .idle, .dialling, .closed: break
        }
    }

    private func giveUp(_ reason: String) {
        guard let started = started.take() else { return }
        close(TransportError(.closed, .notDelivered, reason))
        started(reason)
    }

    // MARK: Dialling

    private func attempt() {
        state = .dialling
        var results: [Int: RedisChannel] = [:]
        var failure: RedisDialFailure?
        var left = roles.count
        for (place, role) in roles.enumerated() {
            dial.connect(on: loop, as: role) { [weak self] result in
                left -= 1
                switch result {
                case .success(let channel): results[place] = channel
                case .failure(let error): failure = failure ?? error
                }
                guard left == 0 else { return }
                let channels = results.sorted { $0.key < $1.key }.map(\.value)
                guard let self else {
                    for channel in channels { channel.close(Self.dropped) }
                    return
                }
                self.dialled(channels, failure)
            }
        }
    }

    private static let dropped = TransportError(.closed, .notDelivered, "The transport was closed.")

    private func dialled(_ channels: [RedisChannel], _ failure: RedisDialFailure?) {
        guard case .dialling = state else {
            for channel in channels { channel.close(Self.dropped) }
            return
        }
        // One may have broken while another was on its way.
        if failure != nil || !channels.allSatisfy(\.isOpen) {
            for channel in channels { channel.close(Self.dropped) }
            return failed(failure ?? RedisDialFailure(text: "\(dial.options.place): a connection broke at once"))
        }
        state = .connected(channels)
        if isTold || started == nil { logger.notice("Redis: connected again") } else { logger.info("Redis: connected") }
        isTold = false
        for channel in channels { channel.ended = { [weak self] error in self?.broke(error) } }
        handle(.connected(channels))
        started.take()?(nil)
    }

    private func broke(_ error: TransportError) {
        guard case .connected(let channels) = state else { return }
        state = .idle
        logger.warning("Redis: \(error.message)")
        for channel in channels { channel.close(error) }
        handle(.disconnected(error))
        again()
    }

    private func failed(_ failure: RedisDialFailure) {
        lastFailure = failure.text
        if failure.isFinal, started != nil { return giveUp(failure.text) }
        if !isTold { logger.warning("Redis: the server cannot be reached, trying on: \(failure.text)") }
        isTold = true
        again()
    }

    private func again() {
        guard case .closed = state else {
            let wait = pause.next(random: .random(in: .min ... .max))
            state = .pausing(loop.assumeIsolated().scheduleTask(in: wait) { [weak self] in self?.attempt() })
            return
        }
    }

    /// What it carries works: the next pause is a short one.
    func worked() { pause.reset() }
}

@available(*, unavailable)
extension RedisLink: Sendable {}
#endif
