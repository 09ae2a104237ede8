// Runs the scripts of `attacks/` against the gateway that was built beside the tests, one after the other, since each
// measures memory or time.
import Foundation
import Testing

@Suite("Attacks", .serialized, .timeLimit(.minutes(6)))
struct AttackTests {
    /// For one script, on a slow and busy machine.
    private static let limit = Duration.seconds(300)
    /// Of what a script says, in the message of a failed test.
    private static let linesShown = 60

    @Test("What the script says must hold, holds", arguments: AttackScript.chosen)
    func holds(_ script: AttackScript) async throws {
        var environment = ProcessInfo.processInfo.environment
        environment["PATCHBAY"] = try Installation.gateway()
        // Python's own folder for temporary files: what a killed script leaves goes with the tests' scratch folder.
        environment["TMPDIR"] = Scratch.folder.path
        let process = try ManagedProcess(
            script.name, Installation.python("1.30.0"), ["-u", "-B", script.path], environment: environment)
        let end: ManagedProcess.End
        do {
            end = try await process.end(within: Self.limit)
        } catch {
            throw Overdue(description: "\(error)\n\(process.output.tail(Self.linesShown))")
        }
        for line in process.output.lines where line.hasPrefix("note:") { print("\(script.name): \(line)") }
        #expect(
            end == .exit(0) && process.output.lines.last == "PASS",
            "\(end)\n\(process.output.tail(Self.linesShown))\n\(process.errors.tail(20))")
    }

    @Test("The list and the folder have the same scripts")
    func listIsComplete() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Installation.file("attacks"))
            .filter { $0.hasSuffix(".py") }.map { String($0.dropLast(3)) }
        #expect(AttackScript.all.map(\.name).sorted() == names.sorted())
    }
}
