// One run of a Python client: all of its cases in one process, each reported in a line that a test waits for. Used by
// LegacyCaseTests and ModernCaseTests.
import Foundation

final class CaseRun: Sendable {
    private let client: ManagedProcess
    private let gateway: Gateway
    private let limit = Duration.seconds(300)

    init(_ script: String, version: String, _ arguments: [String], gateway: Gateway) throws {
        self.gateway = gateway
        client = try ManagedProcess(
            script, Installation.python(version), [Installation.file("clients/\(script)")] + arguments)
    }

    /// Waits for the case's line.
    /// - Throws: when the case failed, was skipped or never came.
    func passes(_ name: String) async throws {
        let line = try await client.line("the case \(name)", within: limit) { line in
            let words = line.split(separator: " ")
            return words.count >= 2 && (words[1] == name || words[1] == "\(name):")
        }
        guard line.hasPrefix("ok \(name) ") else {
            throw Overdue(description: "\(line)\nthe gateway's log ends with\n\(gateway.process.errors.tail())")
        }
    }

    /// Waits for the end of the run. Its last line must be `N passed, 0 failed`, and the gateway must be alive.
    func endsWell(passed: Int) async throws {
        let end = try await client.end(within: limit)
        let last = client.output.lines.last
        guard end == .exit(0), last == "\(passed) passed, 0 failed", !gateway.process.hasEnded else {
            throw Overdue(
                description: "\(client.name) ended with \(end) and '\(last ?? "")', where \(passed) should pass\n"
                    + "\(client.errors.tail(20))\nthe gateway's log ends with\n\(gateway.process.errors.tail())")
        }
    }

    /// The names of all cases that the client has.
    static func names(_ script: String, version: String) async throws -> [String] {
        let list = try ManagedProcess(
            script, Installation.python(version), [Installation.file("clients/\(script)"), "--list"])
        guard try await list.end() == .exit(0) else { throw Overdue(description: list.errors.tail(20)) }
        return list.output.lines
    }
}
