// A connection between nodes that a test can stop, cut, garble and replay: `servers/wire.py`.
import Foundation

final class Wire: Sendable {
    /// The port to give out instead of the target's.
    let port: Int
    private let process: ManagedProcess
    private let control: RawConnection

    /// - Parameter target: the port on loopback that it relays to; nobody needs to listen there yet.
    init(to target: Int) async throws {
        process = try ManagedProcess(
            "the wire", Installation.python("1.30.0"), [Installation.file("servers/wire.py"), "--target", "\(target)"])
        let ready = try await process.line("its ready line") { $0.hasPrefix("ready ") }
        let ports = ready.split(separator: " ").dropFirst().compactMap { Int($0) }
        guard ports.count == 2 else { throw Overdue(description: "the wire said '\(ready)'") }
        port = ports[0]
        control = try RawConnection(to: ports[1])
    }

    /// Takes no more bytes from either side. Connections stay open.
    func stall() async throws { try await obey("stall") }

    /// Resets all connections and refuses new ones.
    func cut() async throws { try await obey("cut") }

    /// Relays again.
    func go() async throws { try await obey("go") }

    /// Flips one bit of the next piece in each direction.
    func garble() async throws { try await obey("garble") }

    /// Sends everything that went towards the target again.
    /// - Returns: how many connections it repeated, and how many bytes the target answered in all.
    func replay() async throws -> (connections: Int, answered: Int) {
        let words = try await tell("replay").split(separator: " ").compactMap { Int($0) }
        guard words.count == 2 else { throw Overdue(description: "the wire did not replay") }
        return (words[0], words[1])
    }

    private func obey(_ command: String) async throws {
        let answer = try await tell(command)
        guard answer == command else { throw Overdue(description: "the wire answered '\(answer)' to \(command)") }
    }

    private func tell(_ command: String) async throws -> String {
        await control.send(command + "\n")
        var answer: [UInt8] = []
        while answer.last != 0x0A {
            let bytes = try await control.receive()
            guard !bytes.isEmpty else { throw Overdue(description: "the wire is gone") }
            answer += bytes
        }
        return String(decoding: answer.dropLast(), as: UTF8.self)
    }
}
