// One thread that carries out jobs in their order, with a state that lives on it.
internal import NIOCore

/// A queue of jobs and the thread that does them. How many may wait is for its owner to say.
final class CallLane<State>: Sendable {
    typealias Job = @Sendable (inout State) -> Void

    private enum Step {
        case job(Job)
        case end
    }

    private struct Queue {
        var jobs = CircularBuffer<Job>()
        var isRunning = false
        var isEnding = false

        /// Nil: wait.
        var next: Step? {
            mutating get { jobs.popFirst().map { .job($0) } ?? (isEnding ? .end : nil) }
        }
    }

    private let queue = Watched(Queue())

    /// - Parameter ended: called on the thread as the last thing.
    /// - Returns: false when the system has no thread left.
    func start(_ makeState: @escaping @Sendable () -> State, _ ended: @escaping @Sendable () -> Void) -> Bool {
        queue.withLock { $0.isRunning = true }
        let hasBegun = OwnThread.run { [queue] in
            var state = makeState()
            while case .job(let job)? = queue.wait(for: { $0.next }) { job(&state) }
            ended()
        }
        if !hasBegun { queue.withLock { $0.isRunning = false } }
        return hasBegun
    }

    /// - Returns: false when there is no thread for it.
    func add(_ job: @escaping Job) -> Bool {
        queue.change { queue in
            guard queue.isRunning, !queue.isEnding else { return false }
            queue.jobs.append(job)
            return true
        }
    }

    /// Lets the thread end when it has done what waits.
    func end() { queue.change { $0.isEnding = true } }
}
