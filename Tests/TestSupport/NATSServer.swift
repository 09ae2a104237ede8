// A real nats-server with JetStream, one for each test that wants one: on a port and in a folder of its own, to be
// stopped, killed, paused and started again. None outlives the tests, however they end.
import Foundation
import Synchronization

/// One nats-server. Its calls may block for a moment while it starts or stops.
public final class NATSServer: Sendable {
    /// What a test may choose.
    public struct Settings: Sendable {
        public var hasJetStream = true
        /// More lines for its configuration file: users, TLS, limits.
        public var lines = ""
        /// `tls` when the lines demand it.
        public var scheme = "nats"

        public init() {}
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private struct State {
        var child: pid_t?
        var port: Int
        var monitorPort: Int
    }

    private let settings: Settings
    private let executable: String
    /// Everything of this server; removed when it is let go.
    public let folder: URL
    private let guardian: Guardian
    private let state: Mutex<State>

    /// Where the program is; nil when it is not installed.
    public static let executable: String? = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (["/usr/sbin", "/usr/local/bin"] + path.split(separator: ":").map(String.init))
            .map { $0 + "/nats-server" }.first { access($0, X_OK) == 0 }
    }()

    /// Starts it, and returns when it listens.
    public init(_ settings: Settings = Settings()) throws {
        guard let executable = Self.executable else {
            throw Failure(description: "nats-server is not installed (Debian: nats-server)")
        }
        // Not of the kernel's own choice: it would give them to somebody else while the server is away.
        state = Mutex(State(port: try FreePort.take(), monitorPort: try FreePort.take()))
        self.settings = settings
        self.executable = executable
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("nats-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        guardian = try Guardian(folder: folder.path)
        try start()
    }

    deinit {
        kill()
        guardian.end()
    }

    public var url: String { "\(settings.scheme)://127.0.0.1:\(port)" }
    public var port: Int { state.withLock { $0.port } }
    /// Serves `/connz`, `/jsz` and so on, over HTTP.
    public var monitorPort: Int { state.withLock { $0.monitorPort } }
    /// Nil when it does not run.
    public var child: pid_t? { state.withLock { $0.child } }
    /// Where JetStream keeps its files.
    public var store: URL { folder.appendingPathComponent("store") }
    public var output: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }

    private var logFile: URL { folder.appendingPathComponent("log") }

    /// What its monitoring says at a path such as `/connz`.
    public func monitor(_ path: String) throws -> String {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw Failure(description: "no socket") }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(monitorPort).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, size) == 0 }
        }
        guard isConnected else { throw Failure(description: "the monitoring of nats-server does not listen") }
        let request = Array("GET \(path) HTTP/1.0\r\n\r\n".utf8)
        _ = request.withUnsafeBytes { write(socket, $0.baseAddress, $0.count) }
        var answer: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = part.withUnsafeMutableBytes { read(socket, $0.baseAddress, $0.count) }
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += part[..<count]
        }
    }

    /// The first number that its monitoring gives under a name.
    public func count(_ name: String, at path: String) throws -> Int {
        let text = try monitor(path)
        guard let range = text.range(of: "\"\(name)\":") else {
            throw Failure(description: "no \(name) in \(path): \(text.suffix(1_000))")
        }
        return Int(text[range.upperBound...].drop { $0 == " " }.prefix { $0.isNumber }) ?? -1
    }

    // MARK: Life

    /// Starts it again, on the same port and with what it had stored.
    public func start() throws {
        let (port, monitorPort) = state.withLock { ($0.port, $0.monitorPort) }
        let file = folder.appendingPathComponent("server.conf")
        let storage = settings.hasJetStream ? "jetstream { store_dir: \"\(store.path)\", max_file: 2GB }" : ""
        let text = """
            listen: "127.0.0.1:\(port)"
            http: "127.0.0.1:\(monitorPort)"
            ports_file_dir: "\(folder.path)"
            \(storage)
            \(settings.lines)
            """
        try text.write(to: file, atomically: true, encoding: .utf8)
        let child = try SpawnedServer.spawn(executable, ["-c", file.path, "-l", logFile.path])
        guardian.watch(child)
        state.withLock { $0.child = child }
        let ports = folder.appendingPathComponent("nats-server_\(child).ports")
        let limit = Date(timeIntervalSinceNow: 10)
        while Date() < limit {
            if let found = try? JSONDecoder().decode([String: [String]].self, from: Data(contentsOf: ports)),
                let port = Self.port(found["nats"]), let monitorPort = Self.port(found["monitoring"])
            {
                return state.withLock { ($0.port, $0.monitorPort) = (port, monitorPort) }
            }
            if SpawnedServer.hasEnded(child) { break }
            usleep(2_000)
        }
        kill()
        throw Failure(description: "nats-server did not start: \(output.suffix(2_000))")
    }

    private static func port(_ urls: [String]?) -> Int? { urls?.first.flatMap { URL(string: $0)?.port } }

    /// Ends it as an operator does, and returns when it has gone.
    public func stop() { end(SIGTERM) }

    /// Ends it as a crash does, and returns when it has gone.
    public func kill() { end(SIGKILL) }

    /// Stops its threads where they are, until ``resume()``. Its sockets stay open.
    public func pause() { state.withLock { $0.child.map { _ = Glibc.kill($0, SIGSTOP) } } }

    public func resume() { state.withLock { $0.child.map { _ = Glibc.kill($0, SIGCONT) } } }

    private func end(_ signal: Int32) {
        state.withLock { state in
            guard let child = state.child else { return }
            _ = Glibc.kill(child, signal)
            if signal != SIGKILL { _ = Glibc.kill(child, SIGCONT) }
            SpawnedServer.wait(child)
            guardian.forget()
            state.child = nil
        }
    }

    /// Throws away what JetStream has stored. Only while it does not run.
    public func eraseStore() throws { try FileManager.default.removeItem(at: store) }
}
