// The threads on which calls of JetStream wait for the server, so that no event loop has to. One record or log always
// goes to the same thread, which keeps its calls in order.
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import TransportAPI

/// A call is begun by its thread or given up by its loop, never both.
private final class CallStage: Sendable {
    private let isTaken = Atomic(false)

    /// True for the first one who asks.
    func take() -> Bool { !isTaken.exchange(true, ordering: .acquiringAndReleasing) }
}

/// A few threads with a state each, and a bounded queue for all of them.
///
/// `State` is what a thread keeps from call to call.
final class CallThreads<State>: Sendable {
    /// What a call may use while it runs.
    struct Turn {
        let deadline: NIODeadline
        /// Called after the caller has got the result, before the next call. For what may fail unnoticed.
        var afterwards: ((inout State) -> Void)?
    }

    struct Bounds: Sendable {
        var threads = 4
        /// Calls that wait or run. Beyond: `.overloaded`.
        var calls: Int
        /// Bytes that they are about to write. Beyond: `.overloaded`. One call is always let in.
        var bytes: Int
        var timeout: TimeAmount
        /// How much later than its deadline a call ends whose thread does not come back from the library.
        var grace = TimeAmount.milliseconds(250)
    }

    private struct Load {
        var calls = 0
        var bytes = 0
        var isClosed = false
    }

    let bounds: Bounds
    private let pools: [NIOThreadPool]
    private let states: [ThreadState]
    private let load = Mutex(Load())

    /// `@unchecked`: only its one thread touches it.
    private final class ThreadState: @unchecked Sendable {
        var state: State
        init(_ state: sending State) { self.state = state }
    }

    init(_ bounds: Bounds, makeState: () -> sending State) {
        self.bounds = bounds
        pools = (0..<max(1, bounds.threads)).map { _ in NIOThreadPool(numberOfThreads: 1) }
        states = pools.map { _ in ThreadState(makeState()) }
    }

    func start() { for pool in pools { pool.start() } }

    /// Refuses calls from now on. Those that wait fail as closed.
    func refuse() { load.withLock { $0.isClosed = true } }

    /// Completes when no thread runs any more. What a thread waits for in the library has to end by itself.
    func stop(on loop: any EventLoop) -> EventLoopFuture<Void> {
        refuse()
        let ends = pools.map { pool in
            let promise = loop.makePromise(of: Void.self)
            pool.shutdownGracefully { _ in promise.succeed() }
            return promise.futureResult
        }
        return EventLoopFuture.andAllComplete(ends, on: loop)
    }

    /// Runs `body` on the thread of `key`, and completes on `loop`.
    /// - Parameters:
    ///   - name: of the call, for people.
    ///   - bytes: that it is about to write.
    ///   - timeout: where it is not ``Bounds/timeout``.
    func run<Value: Sendable>(
        _ name: String, _ key: Key128, bytes: Int = 0, within timeout: TimeAmount? = nil, on loop: any EventLoop,
        _ body: @escaping @Sendable (inout State, inout Turn) throws(TransportError) -> Value
    ) -> EventLoopFuture<Value> {
        if let refusal = enter(name, bytes) { return loop.makeFailedFuture(refusal) }
        let thread = Int((key.high ^ key.low) % UInt64(pools.count))
        let states = states[thread]
        let stage = CallStage()
        let deadline = NIODeadline.now() + (timeout ?? bounds.timeout)
        let promise = loop.makePromise(of: Value.self)
        let alarm = loop.scheduleTask(deadline: deadline + bounds.grace) {
            promise.fail(Self.late(name, hasBegun: !stage.take()))
        }
        pools[thread].submit { state in
            defer { self.leave(bytes) }
            guard stage.take() else { return }
            var afterwards: ((inout State) -> Void)?
            let result: Result<Value, TransportError>
            if case .active = state {
                (result, afterwards) = self.perform(name, deadline, states, body)
            } else {
                result = .failure(Self.closed(name))
            }
            loop.execute {
                alarm.cancel()
                promise.completeWith(result.mapError { $0 as any Error })
            }
            afterwards?(&states.state)
        }
        return promise.futureResult
    }

    // MARK: Parts

    private func perform<Value>(
        _ name: String, _ deadline: NIODeadline, _ states: ThreadState,
        _ body: (inout State, inout Turn) throws(TransportError) -> Value
    ) -> (Result<Value, TransportError>, ((inout State) -> Void)?) {
        if load.withLock({ $0.isClosed }) { return (.failure(Self.closed(name)), nil) }
        guard NIODeadline.now() < deadline else { return (.failure(Self.late(name, hasBegun: false)), nil) }
        var turn = Turn(deadline: deadline)
        do throws(TransportError) {
            let value = try body(&states.state, &turn)
            return (.success(value), turn.afterwards)
        } catch {
            // What closing has interrupted is closed, and as unknown as before.
            let isClosed = load.withLock { $0.isClosed }
            let shown = isClosed ? TransportError(.closed, error.delivery, error.message) : error
            return (.failure(shown), turn.afterwards)
        }
    }

    private func enter(_ name: String, _ bytes: Int) -> TransportError? {
        load.withLock { load in
            if load.isClosed { return Self.closed(name) }
            guard load.calls < bounds.calls, load.calls == 0 || load.bytes <= bounds.bytes &- bytes else {
                return TransportError(
                    .overloaded, .notDelivered,
                    "\(name): \(load.calls) calls with \(load.bytes) bytes wait for the NATS server already")
            }
            load.calls += 1
            load.bytes += bytes
            return nil
        }
    }

    private func leave(_ bytes: Int) {
        load.withLock { load in
            load.calls -= 1
            load.bytes -= bytes
        }
    }

    private static func closed(_ name: String) -> TransportError {
        TransportError(.closed, .notDelivered, "\(name): the transport was closed")
    }

    private static func late(_ name: String, hasBegun: Bool) -> TransportError {
        hasBegun
            ? TransportError(.timedOut, .unknown, "\(name): no answer from the NATS server in time")
            : TransportError(.unreachable, .notDelivered, "\(name): its time was over before its turn came")
    }
}
