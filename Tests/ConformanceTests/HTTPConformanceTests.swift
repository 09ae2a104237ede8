// The `http` cluster transport against the whole contract: three nodes on loopback sockets.
import HTTPTransport
import Testing
import TransportConformance

@Suite("HTTP peers: contract", .timeLimit(.minutes(1)))
struct HTTPConformanceTests {
    @Test("HTTP peers keep the contract", arguments: ConformanceCase.allCases)
    func keeps(_ testCase: ConformanceCase) async throws {
        try await Conformance.run(testCase, on: HTTPSubject.make())
    }
}
