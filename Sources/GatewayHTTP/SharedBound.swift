// A count that all event loops of a listener share, and its bound. Touched on rare events only: when a connection
// begins or ends, when a request does not arrive in one piece, when a client does not take its answer.
internal import Synchronization

/// So many of something, on all event loops together.
final class SharedBound: Sendable {
    /// At the bound so much room is made that the next one to come does not find it full again: a part in so many.
    private static let roomShare = 16

    let max: Int
    private let low: Int
    private let held = Atomic<Int>(0)

    init(max: Int) {
        self.max = max
        low = max - max / Self.roomShare
    }

    var count: Int { held.load(ordering: .sequentiallyConsistent) }

    func add(_ change: Int) { held.wrappingAdd(change, ordering: .sequentiallyConsistent) }

    /// Takes one place. False when there is none.
    func enter() -> Bool {
        if held.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue <= max { return true }
        leave()
        return false
    }

    func leave() { held.wrappingSubtract(1, ordering: .sequentiallyConsistent) }

    var isFull: Bool { count >= max }

    var isExceeded: Bool { count > max }

    /// Enough room was made.
    var isRelieved: Bool { count <= low }
}
