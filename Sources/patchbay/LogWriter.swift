// The only writer of standard error once a process serves: lines of the log, access lines, and why it ends. It writes
// on a thread of its own, so that a reader who is slow, or who never reads, holds up no event loop and no exit.
internal import ArgumentParser
internal import GatewayCore
internal import NIOCore
internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Writes lines to standard error. Any thread may call it, and none ever waits for a write.
final class LogWriter: Sendable {
    /// How often it is looked whether something that was left out is to be told.
    private static let tickInterval = TimeAmount.seconds(1)
    /// How long ``flush()`` waits at most. Beyond: what is not written is lost, since nobody seems to read.
    private static let flushLimit = Duration.seconds(1)
    /// From one look to the next, in microseconds.
    private static let flushPause: UInt32 = 1_000

    private struct State {
        var queue = LogQueue()
        var limiter = LogLimiter()
        /// The thread has something to write, or writes.
        var isBusy = false
    }

    private let state = Mutex(State())
    private let thread = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// Call it after `SignalWatch`: its thread must not take signals.
    init() {
        thread.next().scheduleRepeatedTask(initialDelay: Self.tickInterval, delay: Self.tickInterval) { [self] _ in
            tellSuppressed(at: .now)
        }
    }

    // MARK: Lines

    /// Whole lines, each with its line end.
    func write(_ text: String) { change { $0.queue.add(text) } }

    /// One line of the log, unless too many of its kind have been written.
    /// - Parameters:
    ///   - kind: what lines have in common that are counted together, as text of a line; nil: they are not counted.
    ///   - fields: all of the line but its time and its end.
    func write(_ fields: String, of kind: String?) {
        let time = Timestamp.now()
        change { state in
            switch kind.map({ state.limiter.verdict(on: $0, at: .now) }) ?? .write(suppressed: 0) {
            case .suppress: break
            case .write(0): state.queue.add("time=\(time) \(fields)\n")
            case .write(let count): state.queue.add("time=\(time) \(fields) \(Self.suppressed(count))\n")
            }
        }
    }

    private static func suppressed(_ count: Int) -> String { "suppressed=\"\(count)\"" }

    private func tellSuppressed(at now: ContinuousClock.Instant) {
        change { state in
            let summary = state.limiter.summary(at: now)
            guard !summary.kinds.isEmpty || summary.others > 0 else { return }
            let time = Timestamp.now()
            for (kind, count) in summary.kinds { state.queue.add("time=\(time) \(kind) \(Self.suppressed(count))\n") }
            if summary.others > 0 {
                state.queue.add(
                    "time=\(time) level=warning msg=\"repeated lines of many kinds were left out\""
                        + " \(Self.suppressed(summary.others))\n")
            }
        }
    }

    // MARK: The thread

    private func change(_ body: (inout sending State) -> Void) {
        let isDue = state.withLock { state in
            body(&state)
            defer { state.isBusy = state.isBusy || !state.queue.isEmpty }
            return !state.isBusy && !state.queue.isEmpty
        }
        if isDue { thread.next().execute { [self] in writeAll() } }
    }

    /// Until nothing waits. On the thread.
    private func writeAll() {
        while let text = next() { StandardError.write(text) }
    }

    private func next() -> String? {
        let taken = state.withLock { state in
            state.isBusy = !state.queue.isEmpty
            return state.isBusy ? state.queue.take() : nil
        }
        guard let taken else { return nil }
        // It can be written again, and this is where the lines are missing.
        let note = """
            time=\(Timestamp.now()) level=error msg="log lines were dropped: standard error is too slow" \
            count="\(taken.dropped)"

            """
        return taken.texts.joined() + (taken.dropped > 0 ? note : "")
    }

    // MARK: The end

    /// Returns when all that was said before is written, or when that takes too long.
    func flush() {
        let end = ContinuousClock.now + Self.flushLimit
        while state.withLock({ $0.isBusy }), ContinuousClock.now < end { usleep(Self.flushPause) }
    }

    /// Runs a process that logs here. However it ends, what it has said is written, and why it failed.
    func accompany(_ run: () throws -> Void) throws {
        defer {
            tellSuppressed(at: .now + LogLimiter.window)
            flush()
        }
        do {
            try run()
        } catch let code as ExitCode {
            throw code
        } catch {
            fail("error: \(error)")
            throw ExitCode.internalError
        }
    }

    /// Why the process cannot go on: a line for people.
    func fail(_ text: String) { write(text + "\n") }
}
