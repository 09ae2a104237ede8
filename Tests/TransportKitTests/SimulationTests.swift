// Many seeds of `Simulation`; with `PATCHBAY_SEEDS=5000` so many at least.
import Testing
import TransportAPI

@testable import TransportKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("Relay: simulation")
struct SimulationTests {
    static let seedsPerShare: UInt64 = {
        let wished = getenv("PATCHBAY_SEEDS").flatMap { UInt64(String(cString: $0)) } ?? 0
        return max(350, min(wished, 1_000_000_000) / 6 + 1)
    }()

    @Test("Whatever the bus does, every exchange ends once, truthfully, and nothing stays", arguments: UInt64(0)..<6)
    func faults(_ share: UInt64) {
        for seed in share * Self.seedsPerShare..<(share + 1) * Self.seedsPerShare {
            let simulation = Simulation(seed: seed)
            simulation.run()
            #expect(simulation.problems.isEmpty, "\(simulation.problems.joined(separator: "\n"))")
            if !simulation.problems.isEmpty { return }
        }
    }

    @Test("A run can be repeated, and the faults leave some exchanges whole and break others")
    func repeatable() {
        func outcomes(_ seed: UInt64) -> [String] {
            let simulation = Simulation(seed: seed)
            simulation.run()
            return simulation.stories.map { "\($0.recorder.outcome) \($0.recorder.body.readableBytes)" }
        }
        var all: [String: Int] = [:]
        for seed in UInt64(0)..<200 {
            let first = outcomes(seed)
            if seed < 20 { #expect(first == outcomes(seed)) }
            for outcome in first {
                all[outcome.split(separator: " ").dropLast().joined(separator: " "), default: 0] += 1
            }
        }
        for outcome in ["ended", "interrupted unknown", "timedOut unknown", "refused notDelivered"] {
            #expect(all[outcome, default: 0] > 10, "\(all)")
        }
    }
}
