// One running gateway: the real binary with a configuration of its own, on free ports.
import Foundation

final class Gateway: Operated {
    let process: ManagedProcess
    let port: Int

    /// Starts `patchbay serve` and waits until it is ready.
    /// - Parameters:
    ///   - upstreams: one YAML flow mapping per upstream, such as `{name: main, instances: […]}`.
    ///   - settings: further lines of the configuration.
    static func start(_ upstreams: [String], _ settings: String = "") async throws -> Gateway {
        let file = try configuration(upstreams, settings)
        return try await Gateway(["serve", "--config", file], lines: upstreams.count)
    }

    /// In front of these servers as one upstream at /mcp.
    static func start(before servers: [TestServer], _ settings: String = "") async throws -> Gateway {
        try await start(["{name: main, instances: \(servers.yaml)}"], settings)
    }

    /// Writes a configuration with free ports for both listeners.
    static func configuration(_ upstreams: [String], _ settings: String = "") throws -> String {
        let lines = ["listen: 127.0.0.1:0", "admin: {listen: \"127.0.0.1:0\"}", "upstreams:"]
            + upstreams.map { "  - \($0)" } + [settings, ""]
        return try Scratch.write(lines.joined(separator: "\n"), as: "gateway.yaml")
    }

    /// - Parameter lines: how many ready lines to wait for.
    init(_ arguments: [String], lines: Int = 1, environment: [String: String]? = nil) async throws {
        let process = try ManagedProcess(
            "the gateway", Installation.gateway(), arguments, environment: environment)
        self.process = process
        let ready = try await eventually("the gateway's ready lines\n\(process.errors.tail())") {
            if process.hasEnded {
                throw Overdue(description: "the gateway ended at its start:\n\(process.errors.tail(20))")
            }
            let found = process.output.lines
            return found.count >= lines ? found : nil
        }
        guard let port = ready.first?.split(separator: "/").dropFirst().first?.split(separator: ":").last,
            let port = Int(port)
        else { throw Overdue(description: "the gateway said '\(ready)' where 'patchbay ready URL' was expected") }
        self.port = port
    }

    // MARK: Asking it

    func endpoint(_ path: String = "/mcp") -> Endpoint { Endpoint(port: port, path: path) }

    /// Resident memory, in bytes.
    func residentBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.id)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// SIGTERM, and how it ended.
    func stop() async throws -> ManagedProcess.End {
        process.send(SIGTERM)
        return try await process.end()
    }
}
