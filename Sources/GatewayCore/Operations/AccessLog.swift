// One line per finished request, collected per event loop and written in batches by somebody else's thread. Values
// come from closed sets or from our own ids, so that no client can forge a line.
internal import NIOCore

/// Collects access lines of one event loop.
struct AccessLog {
    /// Bytes held before they are handed on.
    private static let batchBytes = 32 * 1024

    private var lines = ""
    private let write: @Sendable (String) -> Void

    init(write: @escaping @Sendable (String) -> Void) { self.write = write }

    mutating func add(_ line: String) {
        lines += line
        if lines.utf8.count >= Self.batchBytes { flush() }
    }

    mutating func flush() {
        guard !lines.isEmpty else { return }
        write(lines)
        lines = ""
    }
}
