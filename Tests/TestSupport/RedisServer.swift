// A real redis-server, or one that speaks like it, one for each test that wants one: on a port and in a folder of its
// own, to be stopped, killed, paused and started again.
import Foundation

/// One redis-server. `PATCHBAY_REDIS_SERVER` names another program, such as valkey-server.
public final class RedisServer: ChildServer {
    /// What becomes of a write that was acknowledged.
    public enum Persistence: String, Sendable {
        /// It is gone with the process.
        case none
        /// It is in a file, except while the disk is slow, and on the disk after a second. What Redis does by default.
        case everySecond = "everysec"
        /// It is on the disk before it is acknowledged.
        case always
    }

    /// What a test may choose.
    public struct Settings: Sendable {
        public var persistence = Persistence.everySecond
        /// Takes connections with TLS only. Certificates and the rest of TLS are said in the lines.
        public var isTLS = false
        /// More lines for its configuration file: users, TLS, limits.
        public var lines = ""
        /// What ``RedisServer/command(_:)`` says to AUTH: a password, or a user and a password.
        public var credentials: [String] = []
        /// Where it keeps its files; nil: in its folder.
        public var disk: SmallDisk?

        public init() {}
    }

    public let settings: Settings
    public let program: ServerProgram
    public let port: Int

    /// Where the program is; nil when it is not installed.
    private static let executable: String? = {
        let chosen = ProcessInfo.processInfo.environment["PATCHBAY_REDIS_SERVER"] ?? "redis-server"
        return chosen.contains("/") ? chosen : ServerProgram.path(of: chosen)
    }()

    /// Starts it, and returns when it answers.
    public init(_ settings: Settings = Settings()) throws {
        guard let executable = Self.executable else {
            throw ToolFailure("redis-server, or what PATCHBAY_REDIS_SERVER names, is not installed")
        }
        // Not of the kernel's own choice: it would give it to somebody else while the server is away.
        port = try FreePort.take()
        self.settings = settings
        program = try ServerProgram(executable, on: settings.disk)
        try start()
    }

    public var url: String { "\(settings.isTLS ? "rediss" : "redis")://127.0.0.1:\(port)" }

    /// Where it keeps its files.
    private var store: URL { program.folder.appendingPathComponent("store") }
    /// Through which tests ask it: no connection of a client is in the way, and TLS is not needed.
    private var door: String { program.folder.appendingPathComponent("door").path }

    // MARK: Asking it

    /// What it answers to a command, with a line for each element of a list.
    /// - Throws: also what it answers as an error.
    @discardableResult
    public func command(_ words: [String]) throws -> String {
        let socket = try BlockingSocket(path: door)
        if !settings.credentials.isEmpty { _ = try Self.answer(to: ["AUTH"] + settings.credentials, of: socket) }
        return try Self.answer(to: words, of: socket)
    }

    /// The number behind `NAME:` in what `INFO` says.
    public func count(_ name: String) throws -> Int {
        let lines = try command(["INFO", "everything"]).components(separatedBy: "\r\n")
        let line = lines.first { $0.hasPrefix(name + ":") }
        guard let count = line.flatMap({ Int($0.dropFirst(name.count + 1)) }) else {
            throw ToolFailure("INFO has no number \(name)")
        }
        return count
    }

    private static func answer(to words: [String], of socket: BlockingSocket) throws -> String {
        socket.send("*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined())
        return try reply(of: socket)
    }

    private static func reply(of socket: BlockingSocket) throws -> String {
        let line = try socket.line()
        let rest = String(line.dropFirst())
        switch line.first {
        case "-": throw ToolFailure(rest)
        case "$":
            guard let count = Int(rest), count >= 0 else { return "" }
            let text = try socket.bytes(count)
            _ = try socket.line()
            return text
        case "*":
            return try (0..<max(0, Int(rest) ?? 0)).map { _ in try reply(of: socket) }.joined(separator: "\n")
        default: return rest
        }
    }

    // MARK: Life

    public func start() throws {
        try FileManager.default.createDirectory(at: store, withIntermediateDirectories: true)
        let isKept = settings.persistence != .none
        let file = try program.configure(
            """
            bind 127.0.0.1
            port \(settings.isTLS ? 0 : port)
            \(settings.isTLS ? "tls-port \(port)" : "")
            unixsocket "\(door)"
            dir "\(settings.disk?.path ?? store.path)"
            save ""
            appendonly \(isKept ? "yes" : "no")
            appendfsync \(isKept ? settings.persistence.rawValue : "no")
            \(settings.lines)

            """)
        try program.start([file]) { _ in isReady }
    }

    /// It answers, be it with a refusal; while it reads its files it does not count.
    private var isReady: Bool {
        do {
            return try command(["PING"]) == "PONG"
        } catch {
            let refusals = ["NOAUTH", "NOPERM", "WRONGPASS"]
            return refusals.contains { (error as? ToolFailure)?.description.hasPrefix($0) == true }
        }
    }

    public func eraseStore() throws { try FileManager.default.removeItem(at: store) }
}
