// One real MCP server: a script from `servers/` in the environment of its SDK version. It picks its own port, and exits
// when its standard input closes.
import Foundation

final class TestServer: Sendable {
    let name: String
    let process: ManagedProcess
    let port: Int
    let scheme: String
    private let version: String
    private let script: String
    private let options: [String]

    private init(
        _ name: String, version: String, script: String, options: [String], port: Int = 0
    ) async throws {
        self.name = name
        self.version = version
        self.script = script
        self.options = options
        scheme = options.contains("--tls-cert") ? "https" : "http"
        process = try ManagedProcess(
            name, Installation.python(version),
            [Installation.file("servers/\(script)"), "--name", name, "--port", "\(port)"] + options)
        let ready = try await process.line("its ready line") { $0.hasPrefix("ready ") }
        guard let port = Int(ready.dropFirst("ready ".count)) else {
            throw Overdue(description: "\(name) said '\(ready)' where 'ready PORT' was expected")
        }
        self.port = port
    }

    /// A server of mcp 2.3.0 with both eras, or of mcp 1.30.0 with sessions.
    /// - Parameter options: as of `servers/modern.py` or `servers/stateful.py`.
    static func start(_ name: String, isModern: Bool = false, _ options: [String] = []) async throws -> TestServer {
        try await TestServer(
            name, version: isModern ? "2.3.0" : "1.30.0", script: isModern ? "modern.py" : "stateful.py",
            options: options)
    }

    /// No MCP SDK at all: an instance that tells what reached it, see `servers/recorder.py`.
    static func recorder(_ name: String, _ options: [String] = []) async throws -> TestServer {
        try await TestServer(name, version: "1.30.0", script: "recorder.py", options: options)
    }

    var url: String { "\(scheme)://127.0.0.1:\(port)/mcp" }

    var streamURL: String { "\(scheme)://127.0.0.1:\(port)/sse" }

    /// The same server again at the same port, with nothing of its memory.
    func restarted() async throws -> TestServer {
        try await TestServer(name, version: version, script: script, options: options, port: port)
    }
}

extension [TestServer] {
    /// The instances of an upstream, as YAML.
    var yaml: String { "[" + map { "\"\($0.url)\"" }.joined(separator: ", ") + "]" }
}
