// The `nats` cluster transport against the whole contract.
#if NATS
import TestSupport
import Testing
import TransportConformance

@Suite("NATS: contract", .timeLimit(.minutes(2)))
struct NATSConformanceTests {
    @Test("NATS keeps the contract", arguments: ConformanceCase.allCases)
    func keeps(_ testCase: ConformanceCase) async throws {
        try await Conformance.run(testCase, on: NATSSubject.make())
    }
}

#endif
