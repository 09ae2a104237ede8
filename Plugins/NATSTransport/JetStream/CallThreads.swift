// The threads on which calls of JetStream wait for the server, so that no event loop has to. One record or log always
// goes to the same thread, which keeps its calls in order.
internal import NIOCore
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
        var running = 0
        /// Completed when the last thread has ended.
        var ends: [EventLoopPromise<Void>] = []
    }

    let bounds: Bounds
    private let makeState: @Sendable () -> State
    private let lanes: [CallLane<State>]
    private let load = Mutex(Load())

    /// - Parameter makeState: called once on each thread.
    init(_ bounds: Bounds, makeState: @escaping @Sendable () -> State) {
        self.bounds = bounds
        self.makeState = makeState
        lanes = (0..<max(1, bounds.threads)).map { _ in CallLane() }
    }

    /// Once.
    /// - Returns: false when the system has no threads left.
    func start() -> Bool {
        for lane in lanes {
            load.withLock { $0.running += 1 }
            guard lane.start(makeState, { self.ended() }) else {
                ended()
                return false
            }
        }
        return true
    }

    private func ended() {
        let ends = load.withLock { load -> [EventLoopPromise<Void>] in
            load.running -= 1
            return load.running == 0 ? load.ends : []
        }
        for end in ends { end.succeed() }
    }

    /// Refuses calls from now on. Those that wait fail as closed.
    func refuse() { load.withLock { $0.isClosed = true } }

    /// Completes when no thread runs any more. What a thread waits for in the library has to end by itself.
    func stop(on loop: any EventLoop) -> EventLoopFuture<Void> {
        refuse()
        let promise = loop.makePromise(of: Void.self)
        let isOver = load.withLock { load -> Bool in
            if load.running > 0 { load.ends.append(promise) }
            return load.running == 0
        }
        if isOver { promise.succeed() }
        for lane in lanes { lane.end() }
        return promise.futureResult
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
        let lane = lanes[Int((key.high ^ key.low) % UInt64(lanes.count))]
        let stage = CallStage()
        let deadline = NIODeadline.now() + (timeout ?? bounds.timeout)
        let promise = loop.makePromise(of: Value.self)
        let alarm = loop.scheduleTask(deadline: deadline + bounds.grace) {
            promise.fail(Self.late(name, hasBegun: !stage.take()))
        }
        let isAdded = lane.add { state in
            guard stage.take() else { return self.leave(bytes) }
            let (result, afterwards) = self.perform(name, deadline, &state, body)
            self.leave(bytes)
            loop.execute {
                alarm.cancel()
                promise.completeWith(result.mapError { $0 as any Error })
            }
            afterwards?(&state)
        }
        if !isAdded {
            alarm.cancel()
            leave(bytes)
            promise.fail(Self.closed(name))
        }
        return promise.futureResult
    }

    // MARK: Parts

    private func perform<Value>(
        _ name: String, _ deadline: NIODeadline, _ state: inout State,
        _ body: (inout State, inout Turn) throws(TransportError) -> Value
    ) -> (Result<Value, TransportError>, ((inout State) -> Void)?) {
        if load.withLock({ $0.isClosed }) { return (.failure(Self.closed(name)), nil) }
        guard NIODeadline.now() < deadline else { return (.failure(Self.late(name, hasBegun: false)), nil) }
        var turn = Turn(deadline: deadline)
        do throws(TransportError) {
            let value = try body(&state, &turn)
            return (.success(value), turn.afterwards)
        } catch {
            // Closed means that nothing has happened; what closing has interrupted may have.
            let isClosed = load.withLock { $0.isClosed } && error.delivery == .notDelivered
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
