// The real servers that all tests share, three of a kind, each kind started when it is first asked for and once only.
// Sessions are apart from each other, so any number of gateways may stand in front of the same servers.
import Foundation

struct Fleet: Sendable {
    let servers: [TestServer]
    /// Gets one line per executed tool, see `servers/hosting.py`.
    let tally: String

    static let stateful = Task { try await start("stateful") }
    /// For the cases about resumption: sessions spread over servers that nobody else keeps busy.
    static let resumed = Task { try await start("resumed") }
    static let json = Task { try await start("json", "--json") }
    static let stateless = Task { try await start("stateless", "--stateless") }
    static let sse = Task { try await start("sse", "--sse") }
    static let events = Task { try await start("events", "--event-store") }
    static let modern = Task { try await start("modern", isModern: true) }
    static let modernJSON = Task { try await start("modern-json", "--json", isModern: true) }

    /// An upstream that stands before these servers.
    func upstream(_ name: String, path: String, offersStream: Bool = false) -> String {
        Publication(name: name, path: path, servers: servers, offersStream: offersStream).upstream()
    }

    /// Lines of the tally with this label: `SERVER TOOL LABEL [NOTE]` each.
    func executions(_ label: String) throws -> [String] { try Self.executions(label, in: tally) }

    /// The label of every execution, once for each.
    func begun() throws -> [String] {
        try String(contentsOfFile: tally, encoding: .utf8).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            return words.count == 3 ? String(words[2]) : nil
        }
    }

    static func executions(_ label: String, in tally: String) throws -> [String] {
        try String(contentsOfFile: tally, encoding: .utf8).split(separator: "\n").map(String.init)
            .filter { $0.split(separator: " ").contains(Substring(label)) }
    }

    private static func start(_ name: String, _ options: String..., isModern: Bool = false) async throws -> Fleet {
        let tally = Scratch.path("\(name).tally")
        let all = options + ["--tally", tally]
        let servers = try await withThrowingTaskGroup(of: TestServer.self) { group in
            for number in 1...3 {
                group.addTask { try await .start("\(name)-\(number)", isModern: isModern, all) }
            }
            var started: [TestServer] = []
            for try await server in group { started.append(server) }
            return started.sorted { $0.name < $1.name }
        }
        return Fleet(servers: servers, tally: tally)
    }
}
