// What the command asks of all event loops together: to end streams, to end calls, to say what is left.
public import NIOCore

extension Gateway {
    /// Completes when every instance has been checked once or its check timed out, so that the node does not say that
    /// it is ready while it knows nothing. An instance that is down holds it up for its check's timeout at most.
    public func firstChecks(on loop: any EventLoop) -> EventLoopFuture<Void> {
        let done = loop.makePromise(of: Void.self)
        guard let first = allWorkers.first else {
            done.succeed()
            return done.futureResult
        }
        first.loop.execute { first.whenChecked { done.succeed() } }
        return done.futureResult
    }

    /// Ends GET streams and listens, each in the way of its revision. Calls go on.
    public func endStreams(on loop: any EventLoop) -> EventLoopFuture<Void> { onEach(loop) { $0.endStreams() } }

    /// Ends what still runs, each call with an explicit error.
    public func endCalls(on loop: any EventLoop) -> EventLoopFuture<Void> { onEach(loop) { $0.endCalls() } }

    /// Closes what is idle towards the instances and hands on the last access lines.
    public func close(on loop: any EventLoop) -> EventLoopFuture<Void> { onEach(loop) { $0.close() } }

    /// Exchanges that a drain waits for.
    public func awaitedCount(on loop: any EventLoop) -> EventLoopFuture<Int> {
        let counts = allWorkers.map { worker in worker.loop.submit { worker.awaitedCount } }
        return EventLoopFuture.whenAllSucceed(counts, on: loop).map { $0.reduce(0, +) }
    }

    private func onEach(
        _ loop: any EventLoop, _ body: @escaping @Sendable (Worker) -> Void
    ) -> EventLoopFuture<Void> {
        let all = allWorkers.map { worker in worker.loop.submit { body(worker) } }
        return EventLoopFuture.andAllSucceed(all, on: loop)
    }
}
