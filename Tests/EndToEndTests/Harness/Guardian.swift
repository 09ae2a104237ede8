// Sees to it that no child outlives the tests, however they end: a shell of its own holds the list of children and
// kills them when the pipe from this process closes. Used by ManagedProcess and Scratch only.
import Foundation

/// The shell that cleans up behind the test process.
final class Guardian: Sendable {
    static let shared = Guardian()

    /// `+ PID` and `- PID` add and remove a child, which leads a process group of its own. At the end of the input the
    /// groups that are left are killed and the scratch folder is removed.
    private static let script = """
        children=
        while read -r sign child; do
            kept=
            for each in $children; do [ "$each" = "$child" ] || kept="$kept $each"; done
            children=$kept
            [ "$sign" = - ] || children="$children $child"
        done
        for each in $children; do kill -s KILL -- "-$each"; done
        rm -rf "$1"
        """

    private let input: Int32
    private let lock = NSLock()

    private init() {
        let pipe = try? SpawnedChild.makePipe()
        input = pipe?.writing ?? -1
        guard let pipe else { return }
        let none = open("/dev/null", O_WRONLY | O_CLOEXEC)
        _ = try? SpawnedChild.spawn(
            "/bin/sh", ["-c", Self.script, "guardian", Scratch.folder.path], environment: nil,
            input: pipe.reading, output: none, errors: none)
        close(pipe.reading)
        close(none)
    }

    func watch(_ child: pid_t) { tell("+ \(child)\n") }

    func forget(_ child: pid_t) { tell("- \(child)\n") }

    private func tell(_ line: String) {
        lock.withLock {
            let bytes = Array(line.utf8)
            _ = bytes.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
        }
    }
}
