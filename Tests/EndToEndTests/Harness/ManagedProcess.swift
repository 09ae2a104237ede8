// A child process of the tests: started with three pipes, its output collected, its end awaited without blocking a
// thread that tests run on. It is killed when nobody holds it any more, and by the Guardian when the tests end.
import Foundation
import Synchronization

final class ManagedProcess: Sendable {
    /// How a process ended.
    enum End: Equatable, Sendable {
        case exit(Int32)
        case signal(Int32)
    }

    let name: String
    let id: pid_t
    let output = LineLog()
    let errors = LineLog()
    private let ending = Mutex<End?>(nil)
    private let input: Mutex<Int32>

    /// - Parameters:
    ///   - name: what messages call it.
    ///   - environment: nil passes this process's own on.
    init(
        _ name: String, _ executable: String, _ arguments: [String] = [], environment: [String: String]? = nil
    ) throws {
        let (stdin, stdout, stderr) = try (
            SpawnedChild.makePipe(), SpawnedChild.makePipe(), SpawnedChild.makePipe()
        )
        defer { for end in [stdin.reading, stdout.writing, stderr.writing] { close(end) } }
        self.name = name
        id = try SpawnedChild.spawn(
            executable, arguments, environment: environment, input: stdin.reading, output: stdout.writing,
            errors: stderr.writing)
        input = Mutex(stdin.writing)
        Guardian.shared.watch(id)
        Self.collect(stdout.reading, into: output)
        Self.collect(stderr.reading, into: errors)
        // A thread of its own, since waiting for a child can only block. It must not keep this object alive.
        let child = id
        Thread.detachNewThread { [weak self] in
            var about = siginfo_t()
            while waitid(P_PID, id_t(child), &about, WEXITED | WNOWAIT) != 0, errno == EINTR {}
            if let self { self.reap() } else { Self.reap(child) }
        }
    }

    deinit {
        input.withLock { if $0 >= 0 { close($0) } }
        ending.withLock { if $0 == nil { kill(-id, SIGKILL) } }
    }

    // MARK: Ending it

    var hasEnded: Bool { ending.withLock { $0 } != nil }

    /// - Throws: how it ended and the last lines of its standard error, if it has ended.
    func mustBeAlive() throws {
        guard let end = ending.withLock({ $0 }) else { return }
        throw Overdue(description: "\(name) ended by itself with \(end)\n\(errors.tail(20))")
    }

    /// Sends a signal, unless the process has ended.
    func send(_ signal: Int32) { ending.withLock { if $0 == nil { kill(id, signal) } } }

    /// Ends its standard input. The test servers take that as the sign to go.
    func closeInput() {
        input.withLock { descriptor in
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
    }

    /// How it ended, with everything that it wrote collected.
    func end(within limit: Duration = Deadline.usual) async throws -> End {
        try await eventually("the end of \(name)\n\(errors.tail())", within: limit) {
            output.hasEnded && errors.hasEnded ? ending.withLock { $0 } : nil
        }
    }

    /// kill -9, and waits until it is gone.
    func kill9() async throws {
        send(SIGKILL)
        try await until("the end of \(name)") { hasEnded }
    }

    /// The first line of its standard output, or of its standard error, for which `isWanted` holds.
    func line(
        _ what: String, of log: KeyPath<ManagedProcess, LineLog> & Sendable = \.output,
        within limit: Duration = Deadline.usual, where isWanted: (String) -> Bool
    ) async throws -> String {
        try await eventually("\(what) from \(name)\n\(errors.tail())", within: limit) {
            if let line = self[keyPath: log].first(where: isWanted) { return line }
            guard !self[keyPath: log].hasEnded else {
                throw Overdue(description: "\(name) ended without \(what)\n\(errors.tail(20))")
            }
            return nil
        }
    }

    // MARK: Below

    private func reap() {
        ending.withLock { $0 = Self.reap(id) }
    }

    @discardableResult
    private static func reap(_ child: pid_t) -> End {
        Guardian.shared.forget(child)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? .exit(status >> 8 & 0xFF) : .signal(signal)
    }

    /// On a thread of its own. A dispatch source would do with fewer, but on Linux it now and then misses the end.
    private static func collect(_ descriptor: Int32, into log: LineLog) {
        Thread.detachNewThread {
            var bytes = [UInt8](repeating: 0, count: 64 * 1024)
            while true {
                let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
                if count > 0 {
                    log.append(bytes.prefix(count))
                } else if count == 0 || errno != EINTR {
                    break
                }
            }
            close(descriptor)
            log.end()
        }
    }
}
