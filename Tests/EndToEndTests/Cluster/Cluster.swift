// The suite of everything that happens to several nodes, and to attachments, while clients use them: each test runs
// nodes of its own. One after the other, as in Operations.
import Foundation
import Testing

@Suite(.serialized)
enum Cluster {
    /// How long the moment after a fault may last, at most: a dead node is given up after five seconds of silence.
    static let recovery = Duration.seconds(20)

    /// A label that no other test has.
    static func label(_ name: String) -> String { "\(name)-\(UUID().uuidString.prefix(8))" }

    /// Asks until the answer is right, and tells how long that took. In the meantime a session may be refused with 503
    /// or a cut, but it must never be said to be gone.
    static func recovers(_ what: String, _ probe: () async throws -> HTTPAnswer) async throws -> HTTPAnswer {
        let start = ContinuousClock.now
        let answer = try await eventually(what, within: recovery) { () -> HTTPAnswer? in
            guard let answer = try? await probe() else { return nil }
            guard answer.status != 404 else { throw Overdue(description: "\(what): 404 \(answer.text)") }
            return answer.status == 200 && answer.response["result"] != .null ? answer : nil
        }
        print("\(what) after \(ContinuousClock.now - start)")
        return answer
    }

    /// How many times a call with this label was begun; what tools add in their course has a note behind it.
    static func executions(_ label: String, of fleet: Fleet) throws -> Int {
        try fleet.executions(label).filter { $0.hasSuffix(" \(label)") }.count
    }

    static func finished(_ label: String, of fleet: Fleet) async throws {
        try await until("the end of \(label)") { try fleet.executions(label).contains { $0.hasSuffix(" finished") } }
    }
}
