// The memory transport against the whole contract, one line of the report for each promise.
import Testing
import TransportConformance

@Suite("Memory transport: contract")
struct MemoryConformanceTests {
    @Test("The memory transport keeps the contract", arguments: ConformanceCase.allCases)
    func keeps(_ testCase: ConformanceCase) async throws {
        try await Conformance.run(testCase, on: MemorySubject.make())
    }
}
