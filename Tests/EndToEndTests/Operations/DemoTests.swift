// Runs the demo's own script, as `make demo` does, with the gateway that was built beside the tests.
import Foundation
import Testing

extension Operations {
    @Suite(.timeLimit(.minutes(5)))
    struct DemoTests {
        @Test func demoShowsWhatItPromises() async throws {
            var environment = ProcessInfo.processInfo.environment
            environment["PATCHBAY_BIN"] = try Installation.gateway()
            environment["KEEP"] = nil
            let script = Installation.root.appendingPathComponent("deploy/quickstart/demo.sh").path
            let demo = try ManagedProcess("demo.sh", script, environment: environment)
            let end = try await demo.end(within: .seconds(150))
            let said = demo.output.text
            #expect(end == .exit(0), "\(said)\n\(demo.errors.text)")
            for words in [
                "Three MCP servers (official Python SDK 1.30.0), unchanged:",
                "patchbay serve --upstream http://127.0.0.1:",
                "every session stuck to its server, and together they use all 3",
                "counted on from 4 to 23: none lost, none doubled",
                "step 5 of 5",
                "the server asks, in the middle of the call:",
                "the answer found the waiting call",
                "Everything was as it must be.",
            ] {
                #expect(said.contains(words), "the demo did not say '\(words)':\n\(said)")
            }
            #expect(demo.errors.text.isEmpty, "\(demo.errors.text)")
        }
    }
}
