// The fault plan alone: what it decides, how often, and that it decides the same again.
import MemoryTransport
import NIOCore
import Testing

@Suite("Fault plan")
struct FaultPlanTests {
    private static let draws: Range<UInt64> = 0..<10_000

    @Test("The same seed decides the same, another seed or lane something else")
    func deterministic() {
        let plan = FaultPlan.beyondContract(seed: 42)
        func fates(_ plan: FaultPlan, _ lane: UInt64) -> [FaultPlan.DeliveryFault] {
            Self.draws.map { plan.delivery($0, on: lane) }
        }
        #expect(fates(plan, 1) == fates(.beyondContract(seed: 42), 1))
        #expect(fates(plan, 1) != fates(plan, 2))
        #expect(fates(plan, 1) != fates(.beyondContract(seed: 43), 1))
        #expect(Self.draws.map { plan.call($0, on: 7) } == Self.draws.map { plan.call($0, on: 7) })
    }

    @Test("Without shares everything passes")
    func nothing() {
        let plan = FaultPlan(seed: 1)
        #expect(Self.draws.allSatisfy { plan.delivery($0, on: 3) == .pass && plan.call($0, on: 3) == .pass })
        #expect(!Self.draws.contains { plan.refusesPublish($0, on: 3) })
    }

    @Test("Faults come about as often as their shares say", arguments: [1, 2, 3] as [UInt64])
    func shares(seed: UInt64) {
        var plan = FaultPlan(seed: seed)
        plan.noticedLosses = 0.1
        plan.duplicates = 0.2
        plan.reorders = 0.3
        plan.timeouts = 0.5
        var counts: [String: Int] = [:]
        for number in Self.draws {
            switch plan.delivery(number, on: 9) {
            case .lost: counts["lost", default: 0] += 1
            case .duplicate: counts["duplicate", default: 0] += 1
            case .delayed: counts["delayed", default: 0] += 1
            case .pass: counts["pass", default: 0] += 1
            }
            if case .timedOut(true) = plan.call(number, on: 9) { counts["happened", default: 0] += 1 }
            if case .timedOut(false) = plan.call(number, on: 9) { counts["not happened", default: 0] += 1 }
        }
        let expected = [
            "lost": 1_000, "duplicate": 2_000, "delayed": 3_000, "pass": 4_000,
            "happened": 2_500, "not happened": 2_500,
        ]
        for (kind, count) in expected {
            #expect(abs(counts[kind, default: 0] - count) < 300, "seed \(seed): \(kind) \(counts[kind, default: 0])")
        }
    }

    @Test("Times are above nothing and at most the bound")
    func times() {
        var plan = FaultPlan(seed: 5)
        plan.noticedLosses = 0.5
        plan.delays = 0.5
        for number in Self.draws {
            switch plan.delivery(number, on: 1) {
            case .lost(let notice?): #expect(notice > .zero && notice <= plan.noticeMax)
            case .delayed(let time, keepsOrder: true): #expect(time > .zero && time <= plan.delayMax)
            case let other: Issue.record("\(other) was not asked for")
            }
        }
    }

    @Test("The plan within the contract has nothing that the contract forbids")
    func grades() {
        let within = FaultPlan.withinContract(seed: 1)
        #expect(within.silentLosses == 0 && within.duplicates == 0 && within.reorders == 0)
        #expect(!within.partitionsAreSilent)
        #expect(within.noticedLosses > 0 && within.delays > 0 && within.timeouts > 0)
        let beyond = FaultPlan.beyondContract(seed: 1)
        #expect(beyond.silentLosses > 0 && beyond.duplicates > 0 && beyond.reorders > 0)
    }
}
