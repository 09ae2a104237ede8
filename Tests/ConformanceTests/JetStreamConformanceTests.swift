// Directory and log of the `nats` transport against the contract, on a real server.
import Testing
import TestSupport
import TransportConformance

@Suite("JetStream: contract", .enabled(if: NATSServer.executable != nil), .timeLimit(.minutes(1)))
struct JetStreamConformanceTests {
    @Test(
        "JetStream keeps the contract of directory and log",
        arguments: ConformanceCase.allCases.filter { $0.port != .bus })
    func keeps(_ testCase: ConformanceCase) async throws {
        try await Conformance.run(testCase, on: JetStreamSubject.make())
    }
}
