// The port that keeps a stream's events where they outlive the process that holds the stream. Written only while no
// client is attached, so it is never on the way of a live event.
public import NIOCore

/// One event in a log.
public struct LogEntry: Sendable, Equatable {
    /// The writer's own number; grows from entry to entry, not necessarily by one.
    public var number: UInt64
    /// The event as it goes to a client.
    public var event: ByteBuffer

    public init(number: UInt64, event: ByteBuffer) {
        self.number = number
        self.event = event
    }
}

/// The outcome of an append.
public enum LogAppend: Sendable, Equatable {
    case appended
    /// Nothing was written: the log already has entries up to `top`, so a number did not grow.
    case stale(top: UInt64)
}

/// The outcome of a read.
public enum LogRead: Sendable, Equatable {
    /// All entries after the position, in order, up to the limit; empty at the end.
    case page([LogEntry])
    /// What stood right after the position is not there: it has expired or was trimmed, or the log never was or its
    /// data was lost. Never a partial page instead. `first` is the oldest number that is still there.
    case lost(first: UInt64?)
}

/// Logs of streams, one per stream.
///
/// Guarantees: one writer per stream; numbers grow strictly; a page is exactly what was appended, in order; retention
/// by bytes, count and age cuts off at the old end only, and a reader whose position was cut off is told so.
///
/// All functions are called on `loop` and complete there, with errors as in ``SessionDirectory``; an append that fails
/// may have happened, and appending the same entries again then answers ``LogAppend/stale(top:)``.
public protocol StreamLog: AnyObject, Sendable {
    /// Bytes of one event. At least 256 KiB. Beyond: `.tooLarge`.
    var eventBytesMax: Int { get }

    /// Appends all entries or none. The stream's time begins anew: it is gone `lifetime` after its last append.
    /// - Parameter after: the number before the first of `entries`, or 0 when the stream has none before them: a reader
    ///   at that position has lost nothing.
    func append(
        _ entries: [LogEntry], to stream: Key128, after: UInt64, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<LogAppend>

    /// Up to `limit` entries with numbers above `position`.
    func read(
        _ stream: Key128, after position: UInt64, limit: Int, on loop: any EventLoop
    ) -> EventLoopFuture<LogRead>

    /// Removes the stream. A courtesy: it would expire by itself.
    func remove(_ stream: Key128, on loop: any EventLoop) -> EventLoopFuture<Void>
}
