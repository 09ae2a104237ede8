// The process of one real server, and its folder. Neither outlives the tests, however they end. Knows no server by its
// name: NATSServer and RedisServer say what to run and when it is ready.
import Foundation
import Synchronization

/// One program that is started any number of times, one after the other, in a folder of its own.
public final class ServerProgram: Sendable {
    /// How long it may take until it is ready.
    private static let patience: TimeInterval = 10

    let folder: URL
    private let executable: String
    /// What is run before it, and given it as an argument.
    private let entrance: [String]
    private let guardian: Guardian
    private let running = Mutex<pid_t?>(nil)

    /// - Parameters:
    ///   - executable: its path.
    ///   - disk: where it finds its files.
    init(_ executable: String, on disk: SmallDisk? = nil) throws {
        self.executable = executable
        entrance = disk?.entrance(executable) ?? [executable]
        let name = URL(fileURLWithPath: executable).lastPathComponent
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        guardian = try Guardian(folder: folder.path)
    }

    deinit {
        kill()
        guardian.end()
    }

    /// Where a program is; nil when it is not installed.
    static func path(of name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (["/usr/sbin", "/usr/local/bin"] + path.split(separator: ":").map(String.init))
            .map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
    }

    var child: pid_t? { running.withLock { $0 } }

    /// What all its runs have written.
    private var logFile: URL { folder.appendingPathComponent("log") }

    var output: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }

    /// Writes its configuration into its folder, and says where.
    func configure(_ text: String) throws -> String {
        let file = folder.appendingPathComponent("server.conf")
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    /// Starts it, and returns when it is ready.
    /// - Parameter isReady: is asked again and again, with the child.
    func start(_ arguments: [String], isReady: (pid_t) -> Bool) throws {
        let log = open(logFile.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(log) }
        let child = try SpawnedServer.spawn(entrance[0], entrance.dropFirst() + arguments, log: log)
        guardian.watch(child)
        running.withLock { $0 = child }
        let limit = Date(timeIntervalSinceNow: Self.patience)
        while Date() < limit {
            if isReady(child) { return }
            if SpawnedServer.hasEnded(child) { break }
            usleep(2_000)
        }
        kill()
        throw ToolFailure("\(executable) did not start: \(output.suffix(2_000))")
    }

    func stop() { end(SIGTERM) }

    func kill() { end(SIGKILL) }

    func pause() { running.withLock { $0.map { _ = Glibc.kill($0, SIGSTOP) } } }

    func resume() { running.withLock { $0.map { _ = Glibc.kill($0, SIGCONT) } } }

    private func end(_ signal: Int32) {
        running.withLock { running in
            guard let child = running else { return }
            _ = Glibc.kill(child, signal)
            if signal != SIGKILL { _ = Glibc.kill(child, SIGCONT) }
            SpawnedServer.wait(child)
            guardian.forget()
            running = nil
        }
    }
}
