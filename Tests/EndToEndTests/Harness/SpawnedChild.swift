// Starts a program with posix_spawn: nothing inherited but three descriptors, in a process group of its own, with all
// signals in their default state (the threads that tests run on block most of them). Used by ManagedProcess and
// Guardian; it waits for nothing.
import Foundation

enum SpawnedChild {
    struct Failure: Error, CustomStringConvertible {
        var what: String
        var number: Int32
        var description: String { "\(what): \(String(cString: strerror(number)))" }
    }

    static func makePipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(what: "cannot make a pipe", number: errno) }
        return (ends[0], ends[1])
    }

    /// Descriptors that may be opened while a child is being started.
    private static let margin: Int32 = 256

    private static func highestDescriptor() throws -> Int32 {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }.max() ?? 3
    }

    /// - Parameter environment: nil passes this process's own on.
    static func spawn(
        _ executable: String, _ arguments: [String], environment: [String: String]?,
        input: Int32, output: Int32, errors: Int32
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (place, descriptor) in [input, output, errors].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(place))
        }
        // Other tests run in this process. A socket of theirs in a child would stay open when they close it.
        for descriptor in 3..<(try highestDescriptor() + margin) {
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

        let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0.key)=\($0.value)" }
        var child: pid_t = 0
        let result = withCStrings([executable] + arguments) { words in
            withCStrings(variables) { environment in
                posix_spawn(&child, executable, &actions, &attributes, words, environment)
            }
        }
        guard result == 0 else { throw Failure(what: "cannot start \(executable)", number: result) }
        return child
    }

    private static func withCStrings<Result>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
