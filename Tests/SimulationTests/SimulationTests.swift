// Runs of the whole cluster in one thread and in virtual time. `PATCHBAY_SEEDS=5000` runs more of them, from
// `PATCHBAY_FIRST` on, and `PATCHBAY_SEED=123` one again, with what it did. Who is hostile the seed decides, unless
// `PATCHBAY_HOSTILE` does: 0 nobody, 1 instances, 2 clients, 3 both.

import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("Simulation")
struct SimulationTests {
    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }

    /// The seeds of this run.
    private static let seeds: Range<UInt64> = {
        if let one = number("PATCHBAY_SEED") { return one..<(one + 1) }
        let first = number("PATCHBAY_FIRST") ?? 1
        return first..<(first + (number("PATCHBAY_SEEDS") ?? 100))
    }()

    private static var isOne: Bool { number("PATCHBAY_SEED") != nil }

    private static let hostility = number("PATCHBAY_HOSTILE")

    private static func drawn(_ random: inout Generator) -> Scenario {
        var scenario = Scenario.drawn(&random)
        if let hostility { scenario.makeHostile(instances: hostility & 1 != 0, clients: hostility & 2 != 0) }
        return scenario
    }

    /// Failing seeds that are reported. Beyond: the run stops.
    private static let failuresMax = 5

    private func run(_ seeds: [UInt64], _ make: (inout Generator) -> Scenario) throws {
        var counts: [String: Int] = [:]
        var failures = 0
        for seed in seeds {
            let world = try Simulation(seed: seed, scenario: make).run()
            counts.merge(world.counts) { $0 + $1 }
            if Self.isOne { print(world.trace.joined(separator: "\n")) }
            if world.violations.isEmpty { continue }
            Issue.record("\(world.report)\(Self.hostility.map { ", with PATCHBAY_HOSTILE=\($0)" } ?? "")")
            failures += 1
            if failures == Self.failuresMax { break }
        }
        if Self.seeds.count > 100 || Self.isOne {
            print(counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n"))
        }
    }

    @Test("Without faults every call gets its result, and nothing is left behind")
    func calm() throws { try run(Array(Self.seeds.prefix(max(20, Self.seeds.count / 10))), Scenario.calm) }

    @Test(
        "Whatever goes wrong, requests end once, streams have no silent gap, and all comes to rest", arguments: 0..<4)
    func faults(quarter: UInt64) throws { try run(Self.seeds.filter { $0 % 4 == quarter }, Self.drawn) }

    @Test("Hostile clients and instances get nothing of another's session, and cost nobody else his answer")
    func hostile() throws {
        try run(Array(Self.seeds.prefix(max(20, Self.seeds.count / 10))), Scenario.hostile)
    }

    @Test("A seed gives the same run each time")
    func repeatable() throws {
        for seed in Self.seeds.prefix(5) {
            let digests = try (0..<2).map { _ in try Simulation(seed: seed, scenario: Self.drawn).run().digest }
            #expect(digests[0] == digests[1], "seed \(seed)")
        }
    }
}
