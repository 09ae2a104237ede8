// What tests ask a real server about itself, its keys and its connections.
#if Redis
import Foundation
import TestSupport

extension RedisServer {
    func lines(_ words: String...) throws -> [String] {
        try command(words).split(whereSeparator: \.isNewline).map(String.init)
    }

    /// The text behind `NAME:` in what `INFO` says.
    func fact(_ name: String) throws -> String {
        guard let line = try lines("INFO", "everything").first(where: { $0.hasPrefix(name + ":") }) else {
            throw ToolFailure("INFO says no \(name)")
        }
        return String(line.dropFirst(name.count + 1))
    }

    /// The ids of the connections that call themselves so.
    func connections(_ name: String) throws -> [String] {
        try lines("CLIENT", "LIST").filter { $0.contains(" name=\(name) ") }.compactMap { line in
            line.split(separator: " ").first { $0.hasPrefix("id=") }.map { String($0.dropFirst(3)) }
        }
    }

    /// Ends them. Returns how many there were.
    @discardableResult
    func disconnect(_ name: String) throws -> Int {
        let found = try connections(name)
        for connection in found { try command(["CLIENT", "KILL", "ID", connection]) }
        return found.count
    }

    /// Stops it, and returns when none of its threads runs any more.
    func standStill() throws {
        guard let child else { throw ToolFailure("the server does not run") }
        pause()
        var state = siginfo_t()
        guard waitid(P_PID, id_t(child), &state, WSTOPPED | WNOWAIT) == 0 else {
            throw ToolFailure("the server cannot be stopped")
        }
    }
}
#endif
