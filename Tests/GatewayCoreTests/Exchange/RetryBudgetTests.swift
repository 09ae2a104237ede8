// The share of retries, its floor and its ceiling.

import Testing

@testable import GatewayCore

@Suite struct RetryBudgetTests {
    private func drain(_ budget: inout RetryBudget) -> Int {
        var taken = 0
        while taken < 10_000, budget.take() { taken += 1 }
        return taken
    }

    @Test func beginsWithItsFloor() {
        var budget = RetryBudget(percent: 0)
        #expect(drain(&budget) == 5)
    }

    @Test func growsByAShareOfTheRequests() {
        var budget = RetryBudget(percent: 10)
        _ = drain(&budget)
        for _ in 0..<105 { budget.noteRequest() }
        #expect(drain(&budget) == 10)
    }

    @Test func isFilledToItsFloorWithinASecond() {
        var budget = RetryBudget(percent: 0)
        _ = drain(&budget)
        budget.tick()
        #expect(drain(&budget) == 1)
        for _ in 0..<1000 { budget.tick() }
        #expect((5...6).contains(drain(&budget)))
    }

    @Test func hasACeiling() {
        var budget = RetryBudget(percent: 50)
        for _ in 0..<100_000 { budget.noteRequest() }
        #expect(drain(&budget) == 100)
    }
}
