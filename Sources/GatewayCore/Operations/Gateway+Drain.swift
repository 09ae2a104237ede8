// What the command asks of all event loops together: to end streams, to end calls, to say what is left.
internal import NIOCore

extension Gateway {
    /// Returns when every instance has been checked once or its check timed out, so that the node does not say that it
    /// is ready while it knows nothing. An instance that is down holds it up for its check's timeout at most.
    public func waitForFirstChecks() async {
        guard let first = allWorkers.first else { return }
        await withCheckedContinuation { continuation in
            first.loop.execute { first.whenChecked { continuation.resume() } }
        }
    }

    /// Ends GET streams and listens, each in the way of its revision. Calls go on.
    public func endStreams() async { await onEach { $0.endStreams() } }

    /// Ends what still runs, each call with an explicit error.
    public func endCalls() async { await onEach { $0.endCalls() } }

    public func close() async { await onEach { $0.close() } }

    /// Exchanges whose clients still wait.
    public func attachedCount() async -> Int {
        var count = 0
        for worker in allWorkers { count += (try? await worker.loop.submit { worker.attachedCount }.get()) ?? 0 }
        return count
    }

    private func onEach(_ body: @escaping @Sendable (Worker) -> Void) async {
        for worker in allWorkers { try? await worker.loop.submit { body(worker) }.get() }
    }
}
