// What a child has written to one of its streams, as whole lines. Filled by a thread, read by tests.
import Foundation
import Synchronization

final class LineLog: Sendable {
    /// Lines that are kept; beyond, the oldest go.
    static let linesMax = 50_000

    private struct State {
        var lines: [String] = []
        var dropped = 0
        var rest: [UInt8] = []
        var hasEnded = false
    }

    private let state = Mutex(State())

    /// All whole lines so far.
    var lines: [String] { state.withLock { $0.lines } }

    /// Whole lines, the forgotten ones included. A place to begin a later ``first(after:where:)``.
    var count: Int { state.withLock { $0.dropped + $0.lines.count } }

    /// The stream was closed and everything that was written is here.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    var text: String { lines.joined(separator: "\n") }

    /// The last lines, for the message of a failed test.
    func tail(_ most: Int = 8) -> String { lines.suffix(most).joined(separator: "\n") }

    func append(_ bytes: some Sequence<UInt8>) {
        state.withLock { state in
            for byte in bytes {
                if byte == 0x0A {
                    state.lines.append(String(decoding: state.rest, as: UTF8.self))
                    state.rest.removeAll(keepingCapacity: true)
                } else {
                    state.rest.append(byte)
                }
            }
            let excess = state.lines.count - Self.linesMax
            if excess > 0 {
                state.lines.removeFirst(excess)
                state.dropped += excess
            }
        }
    }

    func end() {
        state.withLock { state in
            if !state.rest.isEmpty { state.lines.append(String(decoding: state.rest, as: UTF8.self)) }
            state.rest = []
            state.hasEnded = true
        }
    }

    /// The first line behind the first `start` lines for which `isWanted` holds.
    func first(after start: Int = 0, where isWanted: (String) -> Bool) -> String? {
        state.withLock { $0.lines.dropFirst(max(0, start - $0.dropped)).first(where: isWanted) }
    }
}
