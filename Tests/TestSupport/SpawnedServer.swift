// Starts a program with posix_spawn, with all signals in their default state (the threads that tests run on block most
// of them) and no descriptor of this process, so that no socket of a test stays open in it.
import Foundation

enum SpawnedServer {
    /// - Parameter log: gets what it writes; nil: nobody does.
    static func spawn(
        _ executable: String, _ arguments: [String], input: Int32? = nil, log: Int32? = nil
    ) throws -> pid_t {
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nothing) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (place, descriptor) in [input ?? nothing, log ?? nothing, log ?? nothing].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(place))
        }
        for descriptor in 3..<(highestDescriptor() + margin) {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var child: pid_t = 0
        let words = ([executable] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        let result = posix_spawn(&child, executable, &actions, &attributes, words + [nil], environ)
        guard result == 0 else {
            throw ToolFailure("cannot start \(executable): \(String(cString: strerror(result)))")
        }
        return child
    }

    /// Descriptors that may be opened while a child is being started.
    private static let margin: Int32 = 256

    private static func highestDescriptor() -> Int32 {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return open.compactMap { Int32($0) }.max() ?? 3
    }

    /// It is no longer there, or was never ours.
    static func hasEnded(_ child: pid_t) -> Bool {
        var state = siginfo_t()
        return waitid(P_PID, id_t(child), &state, WEXITED | WNOHANG | WNOWAIT) != 0 || state.si_signo != 0
    }

    /// - Returns: 0 when it has ended well.
    @discardableResult
    static func wait(_ child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) == -1, errno == EINTR {}
        return status
    }
}

/// A shell that kills a server and removes its folder when this process ends or says so.
final class Guardian: Sendable {
    private static let script = """
        while read -r line; do child=$line; done
        [ -z "$child" ] || kill -s KILL "$child"
        rm -rf "$1"
        """

    private let input: Int32
    private let shell: pid_t

    init(folder: String) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ToolFailure("cannot make a pipe") }
        input = ends[1]
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        defer { close(ends[0]) }
        shell = try SpawnedServer.spawn("/bin/sh", ["-c", Self.script, "guardian", folder], input: ends[0])
    }

    func watch(_ child: pid_t) { tell("\(child)\n") }

    func forget() { tell("\n") }

    private func tell(_ line: String) {
        _ = Array(line.utf8).withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
    }

    /// Once, when the server has gone.
    func end() {
        close(input)
        SpawnedServer.wait(shell)
    }
}
