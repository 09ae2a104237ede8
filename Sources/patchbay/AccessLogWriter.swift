// Writes access lines on a thread of its own, so that a slow terminal never holds up an event loop.
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The writer of the access log.
final class AccessLogWriter: Sendable {
    /// Batches that may wait. Beyond: the batch is dropped, and the drop is said in the log.
    private static let batchesMax = 256
    private let thread = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let waiting = Atomic<Int>(0)
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// May be called from any thread.
    func write(_ batch: String) {
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.batchesMax else {
            waiting.subtract(1, ordering: .relaxed)
            return logger.error("access lines were dropped: standard error is too slow")
        }
        thread.next().execute { [self] in
            StandardError.write(batch)
            waiting.subtract(1, ordering: .relaxed)
        }
    }

    /// Returns when what waits is written.
    func close() { try? thread.next().submit {}.wait() }
}
