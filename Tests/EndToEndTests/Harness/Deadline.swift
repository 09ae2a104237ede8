// Waiting for a condition: asked again and again until it holds or a deadline has passed. Nothing in these tests waits
// in any other way.
import Foundation

struct Overdue: Error, CustomStringConvertible {
    var description: String
}

enum Deadline {
    /// For what takes a moment on an idle machine; machines may be slow and busy.
    static let usual = Duration.seconds(40)
    static let pause = Duration.milliseconds(10)
}

/// Asks `probe` until it returns something.
/// - Throws: ``Overdue`` with `what` when `limit` has passed, or what `probe` throws.
func eventually<Found>(
    _ what: @autoclosure () -> String, within limit: Duration = Deadline.usual, _ probe: () async throws -> Found?
) async throws -> Found {
    let end = ContinuousClock.now + limit
    while true {
        if let found = try await probe() { return found }
        guard ContinuousClock.now < end else { throw Overdue(description: "not within \(limit): \(what())") }
        try await Task.sleep(for: Deadline.pause)
    }
}

/// Asks `probe` until it is true.
/// - Throws: ``Overdue`` with `what` when `limit` has passed, or what `probe` throws.
func until(
    _ what: @autoclosure () -> String, within limit: Duration = Deadline.usual, _ probe: () async throws -> Bool
) async throws {
    _ = try await eventually(what(), within: limit) { try await probe() ? true : nil }
}
