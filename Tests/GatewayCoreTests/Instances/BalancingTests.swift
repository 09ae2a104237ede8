// The choice of an instance: the less loaded of two, never an ejected, draining or excluded one, and only those that
// can meet the request's need.

import Testing

@testable import GatewayCore

@Suite struct BalancingTests {
    private func counts(
        _ group: UpstreamGroup, _ need: UpstreamGroup.Need = .session, excluding: UInt64 = 0, seed: UInt64 = 1,
        rounds: Int = 10_000
    ) -> [Int] {
        var random = FastRandom(seed: seed)
        var counts = Array(repeating: 0, count: group.instances.count)
        for _ in 0..<rounds {
            if let chosen = group.choose(need, excluding: excluding, random: &random) { counts[chosen.index] += 1 }
        }
        return counts
    }

    @Test func spreadsEvenlyWhenLoadsAreEqual() {
        for seed in [UInt64(1), 42, .max] {
            for count in counts(Sessions.group(4), seed: seed) {
                #expect((2_200...2_800).contains(count), "seed \(seed)")
            }
        }
    }

    @Test func neverTakesTheMostLoadedOfTwoThatDiffer() {
        let group = Sessions.group(2)
        group.instances[0].active.add(1, ordering: .relaxed)
        // The loaded one is chosen only when both draws name it.
        let counts = counts(group)
        #expect((2_200...2_800).contains(counts[0]))
        #expect(counts[1] == 10_000 - counts[0])
    }

    @Test func countsSessionsAsLoad() {
        let group = Sessions.group(2)
        let session = Sessions.make(1, on: group)
        #expect(group.instances[0].load == 1)
        #expect(counts(group)[0] < counts(group)[1])
        session.end()
        #expect(group.instances[0].load == 0)
    }

    @Test func sharesOutByCapacityWhereBothSayOne() {
        let group = Sessions.group(2, capacities: [100, 10])
        group.instances[0].sessions.add(50, ordering: .relaxed)
        group.instances[1].sessions.add(6, ordering: .relaxed)
        #expect(counts(group)[0] > counts(group)[1])
        group.instances[0].sessions.add(20, ordering: .relaxed)
        #expect(counts(group)[0] < counts(group)[1])
        let unsaid = Sessions.group(2, capacities: [100, 0])
        unsaid.instances[0].sessions.add(50, ordering: .relaxed)
        unsaid.instances[1].sessions.add(6, ordering: .relaxed)
        #expect(counts(unsaid)[0] < counts(unsaid)[1])
    }

    @Test func leavesOutWhatIsFull() {
        let group = Sessions.group(2, capacities: [2, 3])
        group.instances[0].sessions.add(2, ordering: .relaxed)
        group.instances[1].sessions.add(2, ordering: .relaxed)
        #expect(counts(group) == [0, 10_000])
        #expect(!group.isFull(.session))
        group.instances[1].active.add(1, ordering: .relaxed)
        #expect(counts(group) == [0, 0])
        #expect(group.isFull(.session))
        group.instances[0].sessions.subtract(1, ordering: .relaxed)
        #expect(counts(group) == [10_000, 0])
    }

    @Test func countsNoStreamsBesideTheirSessions() {
        let group = Sessions.group(1, capacities: [2])
        group.instances[0].sessions.add(1, ordering: .relaxed)
        group.instances[0].active.add(1, ordering: .relaxed)
        #expect(group.isFull(.session))
        group.instances[0].streams.add(1, ordering: .relaxed)
        #expect(group.instances[0].load == 1)
        #expect(!group.isFull(.session))
    }

    @Test func leavesOutWhatIsEjectedDrainingOrExcluded() {
        let group = Sessions.group(4)
        group.instances[0].health.store(.ejected, ordering: .relaxed)
        group.instances[1].drain()
        let counts = counts(group, excluding: 0b100)
        #expect(counts == [0, 0, 0, 10_000])
        #expect(self.counts(group, excluding: 0b1100) == [0, 0, 0, 0])
    }

    @Test func usesUncheckedInstances() {
        #expect(counts(Sessions.group(1)) == [10_000])
    }

    @Test func choosesNothingFromNothing() {
        #expect(counts(Sessions.group(0)).isEmpty)
        var random = FastRandom(seed: 1)
        #expect(Sessions.group(0).choose(.session, random: &random) == nil)
    }

    @Test func reachesEveryOneOfManyInstances() {
        let counts = counts(Sessions.group(100), rounds: 2000)
        #expect(counts.allSatisfy { $0 > 0 })
        // Beyond 64 an instance cannot be excluded, and must not be confused with a lower one.
        #expect(self.counts(Sessions.group(66), excluding: 0b11, rounds: 1000).prefix(2) == [0, 0])
    }

    @Test func meetsNeedsByEra() {
        let eras: [Era] = [.unknown, .stateless, .stateful, .sessionless, .streamOnly, [.stateless, .stateful]]
        let group = Sessions.group(6, eras: eras)
        func met(_ need: UpstreamGroup.Need) -> [Int] {
            group.instances.filter { need.isMet(by: $0) }.map(\.index)
        }
        #expect(met(.session) == [0, 2, 3, 5])
        #expect(met(.sessionless) == [0, 3])
        #expect(met(.stateless) == [0, 1, 5])
        #expect(met(.stream) == [])
        let chosen = counts(group, .stateless)
        #expect(chosen[2] == 0 && chosen[3] == 0 && chosen[4] == 0)
        #expect(Sessions.group(1, eras: [.stateful]).couldMeet(.stateless) == false)
        #expect(Sessions.group(1, hasStreamEndpoint: true).couldMeet(.stream))
    }

    @Test func findsAnInstanceByItsDigest() {
        let group = Sessions.group(3)
        #expect(group.instance(digest: 2)?.index == 1)
        #expect(group.instance(digest: 77) == nil)
    }
}
