// The runs of all case books over one topology: a process for each book, with all of its cases. Each is reported in a
// line that a test waits for. Used by CaseTests.
import Foundation
import Synchronization

final class CaseRun: Sendable {
    private static let limit = Duration.seconds(300)
    /// Comments on quiet streams come as often as the scripts expect them, see ``CaseBook/arguments(_:)``.
    private static let settings = "principal_from: x-test-principal\ntimeouts: {sse_comment: 2s}"

    private struct Started {
        var runs: [Topology: Task<CaseRun, any Error>] = [:]
        var last: Task<CaseRun, any Error>?
    }

    private static let started = Mutex(Started())

    private enum State {
        case running(Deployment)
        /// Its processes have left the machine to the next run's. What one of them died of before, if one did, and the
        /// ends of their logs.
        case over(death: (any Error)?, logs: String)
    }

    /// The one run over a topology. One topology after the other, in the order in which tests ask for them: together
    /// they would keep the machine so busy that answers come late.
    static func over(_ topology: Topology) async throws -> CaseRun {
        let run = started.withLock { started in
            if let run = started.runs[topology] { return run }
            let before = started.last
            let run = Task {
                try? await before?.value.isOver()
                return try await CaseRun(topology)
            }
            started.runs[topology] = run
            started.last = run
            return run
        }
        return try await run.value
    }

    private let topology: Topology
    private let state: Mutex<State>
    private let clients: [CaseBook: ManagedProcess]

    private init(_ topology: Topology) async throws {
        let fleets: [(Task<Fleet, any Error>, String, String)] = [
            (Fleet.stateful, "stateful", "/mcp"), (Fleet.json, "json", "/json"),
            (Fleet.stateless, "stateless", "/stateless"), (Fleet.sse, "sse", "/legacy"),
            (Fleet.events, "events", "/events"), (Fleet.resumed, "resumed", "/resumed"),
            (Fleet.modern, "modern", "/modern"),
            (Fleet.modernJSON, "modern-json", "/modern-json"),
        ]
        var publications: [Publication] = []
        var tallies: [String] = []
        for (fleet, name, path) in fleets {
            let servers = try await fleet.value.servers
            tallies.append(try await fleet.value.tally)
            publications.append(Publication(name: name, path: path, servers: servers, offersStream: name == "sse"))
        }
        let deployment = try await Deployment.start(
            topology, publications, Deployment.Plan(settings: Self.settings))
        self.topology = topology
        state = Mutex(.running(deployment))
        clients = try Dictionary(uniqueKeysWithValues: CaseBook.allCases.map { book in
            let options = book.arguments(deployment) + ["--tally"] + tallies
            let client = try ManagedProcess(
                "\(book.script) with \(topology) nodes", Installation.python(book.version),
                [Installation.file("clients/\(book.script)")] + options)
            return (book, client)
        })
    }

    /// Waits for the case's line.
    /// - Throws: when the case failed, was skipped or never came.
    func passes(_ id: CaseID) async throws {
        guard let client = clients[id.book] else { return }
        let line = try await client.line("the case \(id.name)", within: Self.limit) { line in
            let words = line.split(separator: " ")
            return words.count >= 2 && (words[1] == id.name || words[1] == "\(id.name):")
        }
        guard line.hasPrefix("ok \(id.name) ") else {
            let seed = client.errors.first { $0.hasPrefix("seed") } ?? ""
            throw Overdue(description: "\(line)\n\(seed)\n\(logs)")
        }
    }

    /// Waits for the end of a book's run. Its last line must be `N passed, 0 failed`, and the gateway must be alive.
    func endsWell(_ book: CaseBook) async throws {
        guard let client = clients[book] else { return }
        let end = try await client.end(within: Self.limit)
        let last = client.output.lines.last
        try mustBeAlive()
        let wanted = "\(book.names(over: topology).count) passed, 0 failed"
        guard end == .exit(0), last == wanted else {
            throw Overdue(
                description: "\(client.name) ended with \(end) and '\(last ?? "")' instead of '\(wanted)'"
                    + "\n\(client.errors.tail(20))\n\(logs)")
        }
    }

    private func isOver() async throws {
        for client in clients.values { _ = try await client.end(within: Self.limit) }
        state.withLock { state in
            guard case .running(let deployment) = state else { return }
            var death: (any Error)?
            do { try deployment.mustBeAlive() } catch { death = error }
            state = .over(death: death, logs: deployment.logs)
        }
    }

    private func mustBeAlive() throws {
        switch state.withLock({ $0 }) {
        case .running(let deployment): try deployment.mustBeAlive()
        case .over(let death, _): if let death { throw death }
        }
    }

    private var logs: String {
        switch state.withLock({ $0 }) {
        case .running(let deployment): deployment.logs
        case .over(_, let logs): logs
        }
    }

    /// The names of all cases that a script has.
    static func names(_ book: CaseBook) async throws -> [String] {
        let list = try ManagedProcess(
            book.script, Installation.python(book.version), [Installation.file("clients/\(book.script)"), "--list"])
        guard try await list.end() == .exit(0) else { throw Overdue(description: list.errors.tail(20)) }
        return list.output.lines
    }
}
