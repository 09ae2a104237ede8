// What waits for the thread that writes logs. Whoever logs is an event loop as a rule and must not wait for a reader of
// standard error, so there are bounds, and beyond them lines are lost and counted. It writes nothing itself.

/// Lines that wait to be written.
///
/// A value without a lock: its owner sees to that.
public struct LogQueue: Sendable {
    /// Bytes of lines that wait. As many again may be on their way to the reader. Beyond: lines are dropped and
    /// counted.
    public static let bytesMax = 4 * 1024 * 1024
    /// Lines that wait. Beyond: the same.
    public static let linesMax = 50_000

    private let bytesMax: Int
    private let linesMax: Int
    private var texts: [String] = []
    private var bytes = 0
    private var lines = 0
    private var dropped = 0

    public init() { self.init(bytesMax: Self.bytesMax, linesMax: Self.linesMax) }

    init(bytesMax: Int, linesMax: Int) {
        self.bytesMax = bytesMax
        self.linesMax = linesMax
    }

    public var isEmpty: Bool { texts.isEmpty && dropped == 0 }

    /// Adds whole lines, each with its line end: all of them or none.
    public mutating func add(_ text: String) {
        let count = text.utf8.count { $0 == 0x0A }
        guard bytes + text.utf8.count <= bytesMax, lines + count <= linesMax else {
            dropped += count
            return
        }
        texts.append(text)
        bytes += text.utf8.count
        lines += count
    }

    /// All that waits, in its order, and how many lines were dropped behind it. Then nothing waits.
    public mutating func take() -> (texts: [String], dropped: Int) {
        let taken = (texts, dropped)
        texts = []
        (bytes, lines, dropped) = (0, 0, 0)
        return taken
    }
}
