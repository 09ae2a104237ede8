// A wall clock that jumps, for gateways that are started with it: `servers/clock.c`, compiled once per run.
import Foundation

struct ShiftedClock: Sendable {
    private static let library = Task {
        let path = Scratch.path("clock.so")
        let compiler = try ManagedProcess(
            "clang", "/usr/bin/env",
            ["clang", "-shared", "-fPIC", "-O1", "-o", path, Installation.file("servers/clock.c")])
        guard try await compiler.end() == .exit(0) else { throw Overdue(description: compiler.errors.tail(20)) }
        return path
    }

    private let file: String
    /// What a gateway needs to have this clock.
    let environment: [String: String]

    /// - Parameter seconds: by how much it is ahead of the machine's.
    init(by seconds: Int = 0) async throws {
        file = try Scratch.write("\(seconds)", as: "clock")
        var environment = ProcessInfo.processInfo.environment
        environment["LD_PRELOAD"] = try await Self.library.value
        environment["CLOCK_SHIFT"] = file
        self.environment = environment
    }

    /// From now on it is so much ahead of the machine's.
    func jump(to seconds: Int) throws { try "\(seconds)".write(toFile: file, atomically: true, encoding: .utf8) }
}
