// A real nats-server with JetStream, one for each test that wants one: on a port and in a folder of its own, to be
// stopped, killed, paused and started again.
import Foundation
import Synchronization

/// One nats-server.
public final class NATSServer: ChildServer {
    /// What a test may choose.
    public struct Settings: Sendable {
        public var hasJetStream = true
        /// More lines for its configuration file: users, TLS, limits.
        public var lines = ""
        /// `tls` when the lines demand it.
        public var scheme = "nats"
        /// Where JetStream keeps its files; nil: in its folder.
        public var disk: SmallDisk?

        public init() {}
    }

    private struct Ports {
        var clients: Int
        var monitor: Int
    }

    private let settings: Settings
    public let program: ServerProgram
    private let ports: Mutex<Ports>

    /// Where the program is; nil when it is not installed.
    public static let executable = ServerProgram.path(of: "nats-server")

    /// Starts it, and returns when it listens.
    public init(_ settings: Settings = Settings()) throws {
        guard let executable = Self.executable else {
            throw ToolFailure("nats-server is not installed (Debian: nats-server)")
        }
        // Not of the kernel's own choice: it would give them to somebody else while the server is away.
        ports = Mutex(Ports(clients: try FreePort.take(), monitor: try FreePort.take()))
        self.settings = settings
        program = try ServerProgram(executable, on: settings.disk)
        try start()
    }

    public var url: String { "\(settings.scheme)://127.0.0.1:\(port)" }
    public var port: Int { ports.withLock { $0.clients } }
    /// Serves `/connz`, `/jsz` and so on, over HTTP.
    public var monitorPort: Int { ports.withLock { $0.monitor } }
    /// Where JetStream keeps its files.
    private var store: URL { program.folder.appendingPathComponent("store") }

    /// What its monitoring says at a path such as `/connz`.
    public func monitor(_ path: String) throws -> String {
        let socket = try BlockingSocket(port: monitorPort)
        socket.send("GET \(path) HTTP/1.0\r\n\r\n")
        return socket.rest()
    }

    /// The first number that its monitoring gives under a name.
    public func count(_ name: String, at path: String) throws -> Int {
        let text = try monitor(path)
        guard let range = text.range(of: "\"\(name)\":") else {
            throw ToolFailure("no \(name) in \(path): \(text.suffix(1_000))")
        }
        return Int(text[range.upperBound...].drop { $0 == " " }.prefix { $0.isNumber }) ?? -1
    }

    // MARK: Life

    public func start() throws {
        let (port, monitorPort) = ports.withLock { ($0.clients, $0.monitor) }
        let place = settings.disk?.path ?? store.path
        let storage = settings.hasJetStream ? "jetstream { store_dir: \"\(place)\", max_file: 2GB }" : ""
        let folder = program.folder
        let file = try program.configure(
            """
            listen: "127.0.0.1:\(port)"
            http: "127.0.0.1:\(monitorPort)"
            ports_file_dir: "\(folder.path)"
            \(storage)
            \(settings.lines)
            """)
        try program.start(["-c", file]) { child in
            let file = folder.appendingPathComponent("nats-server_\(child).ports")
            guard let found = try? JSONDecoder().decode([String: [String]].self, from: Data(contentsOf: file)),
                let port = Self.port(found["nats"]), let monitorPort = Self.port(found["monitoring"])
            else { return false }
            ports.withLock { $0 = Ports(clients: port, monitor: monitorPort) }
            return true
        }
    }

    private static func port(_ urls: [String]?) -> Int? { urls?.first.flatMap { URL(string: $0)?.port } }

    public func eraseStore() throws { try FileManager.default.removeItem(at: store) }
}
