// Faults as members see them: on an embedded loop, so that the times are exact and a run can be compared with the next.
import MemoryTransport
import NIOCore
import NIOEmbedded
import Testing
import TransportAPI

@Suite("Memory transport: faults")
struct FaultTests {
    private let topic = Subject.topic("t")

    private func plan(_ change: (inout FaultPlan) -> Void) -> FaultPlan {
        var plan = FaultPlan(seed: 11)
        change(&plan)
        return plan
    }

    /// What three members hear in a run with many faults.
    private func run(seed: UInt64) throws -> [[String]] {
        let cluster = try EmbeddedCluster(3, faults: .beyondContract(seed: seed))
        var recorders: [Recorder] = []
        for index in 0..<3 { recorders.append(try cluster.listen(index, to: topic).0) }
        for number in 0..<200 {
            let publisher = number % 3
            if failure({ try cluster.publish("\(number)", from: publisher, to: topic) }) != nil { continue }
            cluster.loop.advanceTime(by: .milliseconds(1))
        }
        cluster.loop.advanceTime(by: .seconds(1))
        return recorders.map(\.heard)
    }

    @Test("The same seed and the same calls give the same run", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func repeatable(seed: UInt64) throws {
        let first = try run(seed: seed)
        #expect(first == (try run(seed: seed)), "seed \(seed)")
        #expect(first != (try run(seed: seed + 100)), "seed \(seed)")
    }

    @Test("A loss within the contract ends the subscription soon, and a new one works")
    func noticedLoss() throws {
        let cluster = try EmbeddedCluster(faults: plan { $0.noticedLosses = 1 })
        let (recorder, _) = try cluster.listen(1, to: topic)
        try cluster.publish("1", from: 0, to: topic)
        cluster.loop.run()
        #expect(recorder.heard.isEmpty)
        cluster.loop.advanceTime(by: .milliseconds(50))
        #expect(recorder.heard == ["interrupted"])
        cluster.backend.setFaults(nil)
        let (again, _) = try cluster.listen(1, to: topic)
        try cluster.publish("2", from: 0, to: topic)
        cluster.loop.run()
        #expect(again.heard == ["2<a", "all"])
    }

    @Test("A silent loss tells nobody")
    func silentLoss() throws {
        let cluster = try EmbeddedCluster(faults: plan { $0.silentLosses = 1 })
        let (recorder, _) = try cluster.listen(1, to: topic)
        try cluster.publish("1", from: 0, to: topic)
        cluster.loop.advanceTime(by: .minutes(1))
        #expect(recorder.heard.isEmpty)
    }

    @Test("Late deliveries keep their order, also those that come when the faults are over")
    func delays() throws {
        let cluster = try EmbeddedCluster(faults: plan { $0.delays = 0.5 })
        let (recorder, _) = try cluster.listen(1, to: topic)
        for number in 0..<100 { try cluster.publish("\(number)", from: 0, to: topic) }
        cluster.loop.run()
        #expect(recorder.bodies.count < 100)
        cluster.backend.setFaults(nil)
        try cluster.publish("100", from: 0, to: topic)
        cluster.loop.advanceTime(by: .milliseconds(50))
        #expect(recorder.bodies == (0...100).map(String.init))
    }

    @Test("Late deliveries count towards the capacity", arguments: [true, false])
    func delaysAreBounded(keepsOrder: Bool) throws {
        let plan = plan {
            $0.delays = keepsOrder ? 1 : 0
            $0.reorders = keepsOrder ? 0 : 1
        }
        let cluster = try EmbeddedCluster(faults: plan)
        let (recorder, _) = try cluster.listen(1, to: topic, capacity: .init(envelopes: 3))
        for number in 0..<4 { try cluster.publish("\(number)", from: 0, to: topic) }
        cluster.loop.advanceTime(by: .seconds(1))
        #expect(recorder.heard == ["overflowed"])
    }

    @Test("Reordered deliveries come all, in another order")
    func reorders() throws {
        let cluster = try EmbeddedCluster(faults: plan { $0.reorders = 0.5 })
        let (recorder, _) = try cluster.listen(1, to: topic)
        for number in 0..<100 { try cluster.publish("\(number)", from: 0, to: topic) }
        cluster.loop.advanceTime(by: .seconds(1))
        #expect(recorder.bodies != (0..<100).map(String.init))
        #expect(recorder.bodies.compactMap { Int($0) }.sorted() == Array(0..<100))
    }

    @Test("Duplicates come twice")
    func duplicates() throws {
        let cluster = try EmbeddedCluster(faults: plan { $0.duplicates = 1 })
        let (recorder, _) = try cluster.listen(1, to: topic)
        try cluster.publish("1", from: 0, to: topic)
        cluster.loop.run()
        #expect(recorder.bodies == ["1", "1"])
    }

    @Test("A refused publish throws that it was not delivered, and nothing arrives")
    func refused() throws {
        let cluster = try EmbeddedCluster(faults: plan { $0.refusedPublishes = 1 })
        let (recorder, _) = try cluster.listen(1, to: topic)
        #expect(failure { try cluster.publish("1", from: 0, to: topic) } == .overloaded)
        cluster.loop.run()
        #expect(recorder.heard.isEmpty)
    }

    @Test("Sides of a partition do not hear each other until it heals; who lost a message is told")
    func partition() throws {
        let cluster = try EmbeddedCluster(3)
        var recorders: [Recorder] = []
        for index in 0..<3 { recorders.append(try cluster.listen(index, to: topic).0) }
        cluster.backend.partition([cluster.members[0], cluster.members[1]], [cluster.members[2]])
        try cluster.publish("1", from: 0, to: topic)
        cluster.loop.advanceTime(by: .seconds(1))
        #expect(recorders[0].bodies == ["1"] && recorders[1].bodies == ["1"])
        #expect(recorders[2].heard == ["interrupted"])
        cluster.backend.heal()
        let (again, _) = try cluster.listen(2, to: topic)
        try cluster.publish("2", from: 0, to: topic)
        cluster.loop.run()
        #expect(again.bodies == ["2"])
    }

    @Test("A silent partition tells nobody")
    func silentPartition() throws {
        let cluster = try EmbeddedCluster(faults: plan { $0.partitionsAreSilent = true })
        let (recorder, _) = try cluster.listen(1, to: topic)
        cluster.backend.partition([cluster.members[0]], [cluster.members[1]])
        try cluster.publish("1", from: 0, to: topic)
        cluster.backend.heal()
        try cluster.publish("2", from: 0, to: topic)
        cluster.loop.advanceTime(by: .seconds(1))
        #expect(recorder.bodies == ["2"])
        #expect(!recorder.heard.contains("interrupted"))
    }
}
