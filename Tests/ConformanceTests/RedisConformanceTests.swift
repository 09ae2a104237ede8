// The `redis` cluster transport against the whole contract.
#if Redis
import Testing
import TransportConformance

@Suite("Redis: contract", .timeLimit(.minutes(2)))
struct RedisConformanceTests {
    @Test("Redis keeps the contract", arguments: ConformanceCase.allCases)
    func keeps(_ testCase: ConformanceCase) async throws {
        try await Conformance.run(testCase, on: RedisSubject.make())
    }
}

#endif
