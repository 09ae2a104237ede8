// Members that start together on a server that knows nothing of them yet.
#if NATS
import TestSupport
import Testing

@testable import NATSTransport

@Suite("JetStream: starts at once", .enabled(if: NATSServer.executable != nil), .timeLimit(.minutes(2)))
struct StoreStartRaceTests {
    @Test("Members that start at the same time make the streams once, and all of them start", arguments: 1...8)
    func together(_ round: Int) async throws {
        let server = try NATSServer()
        let failures = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 1...6 {
                group.addTask {
                    // There is room for one of each, and not for two.
                    let bench = KeptBench(server) { $0.bucketBytesMax = 700 << 20; $0.logBytesMax = 1_100 << 20 }
                    return try await bench.startFailure()
                }
            }
            return try await group.reduce(into: [String]()) { if let failure = $1 { $0.append(failure) } }
        }
        #expect(failures == [], "round \(round): \(server.output.suffix(1_000))")
    }
}
#endif
