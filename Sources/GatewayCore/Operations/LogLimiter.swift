// Says which lines of the log are too many of their kind: a line for each message of a client, or for each failure of
// an instance, would bury all others. It knows no clock and writes nothing: what is left out comes back as a number.

/// Lets through the first lines of each kind in a while, and counts the rest.
///
/// Lines are of one kind if their keys are equal. A value without a lock: its owner sees to that.
public struct LogLimiter: Sendable {
    /// Lines of one kind in one ``window``. Beyond: left out and counted.
    public static let linesMax = 5
    /// How long a kind is counted, from its first line.
    public static let window = Duration.seconds(10)
    /// Kinds that are counted at once, and kinds whose counts wait to be told. Beyond: the window that began first is
    /// over, and counts are told without their kinds.
    public static let keysMax = 4_096

    /// What becomes of a line.
    public enum Verdict: Sendable, Equatable {
        /// It is written, and with it how many lines before it were not.
        case write(suppressed: Int)
        /// It is left out.
        case suppress
    }

    /// What was left out in windows that are over.
    public struct Summary: Sendable {
        /// By kind, in the order of the keys.
        public var kinds: [(key: String, suppressed: Int)] = []
        /// Of kinds that nobody remembers.
        public var others = 0
    }

    private struct Window {
        var end: ContinuousClock.Instant
        var lines = 1
        var suppressed = 0
    }

    private let keysMax: Int
    private var windows: [String: Window] = [:]
    /// The keys of `windows`, those that began first in front; the first of them is at `first`.
    private var order: [String] = []
    private var first = 0
    private var over: [String: Int] = [:]
    private var others = 0

    public init() { self.init(keysMax: Self.keysMax) }

    init(keysMax: Int) { self.keysMax = keysMax }

    /// Decides on the next line of a kind.
    /// - Parameter now: never before that of an earlier call.
    public mutating func verdict(on key: String, at now: ContinuousClock.Instant) -> Verdict {
        close(until: now)
        if var window = windows[key] {
            let isWritten = window.lines < Self.linesMax
            if isWritten { window.lines += 1 } else { window.suppressed += 1 }
            windows[key] = window
            return isWritten ? .write(suppressed: 0) : .suppress
        }
        if windows.count >= keysMax { closeFirst() }
        windows[key] = Window(end: now + Self.window)
        order.append(key)
        return .write(suppressed: over.removeValue(forKey: key) ?? 0)
    }

    /// What is still to be told. Ask from time to time, since the next line of a kind may never come.
    public mutating func summary(at now: ContinuousClock.Instant) -> Summary {
        close(until: now)
        defer {
            over = [:]
            others = 0
        }
        let kinds = over.sorted { $0.key < $1.key }.map { (key: $0.key, suppressed: $0.value) }
        return Summary(kinds: kinds, others: others)
    }

    private mutating func close(until now: ContinuousClock.Instant) {
        while first < order.count, let window = windows[order[first]], window.end <= now { closeFirst() }
    }

    private mutating func closeFirst() {
        guard first < order.count else { return }
        let key = order[first]
        first += 1
        if first > order.count / 2 {
            order.removeFirst(first)
            first = 0
        }
        guard let suppressed = windows.removeValue(forKey: key)?.suppressed, suppressed > 0 else { return }
        if over[key] != nil || over.count < keysMax {
            over[key, default: 0] += suppressed
        } else {
            others += suppressed
        }
    }
}
