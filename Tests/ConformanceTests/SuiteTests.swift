// The contract suite itself: that each kind of broken promise makes it fail, and that gaps cannot be declared falsely.
import MemoryTransport
import NIOCore
import Testing
import TransportAPI
import TransportConformance

@Suite("Contract suite")
struct SuiteTests {
    /// Short, because what is waited for never comes.
    private static let patience = TimeAmount.milliseconds(300)

    private func run(_ testCase: ConformanceCase, _ change: (inout FaultPlan) -> Void) async throws {
        var plan = FaultPlan(seed: 1)
        change(&plan)
        try await Conformance.run(testCase, on: MemorySubject.make(faults: plan, patience: Self.patience))
    }

    @Test("Each port has cases, and each case one sentence of its own")
    func cases() {
        for port in Port.allCases { #expect(ConformanceCase.allCases.filter { $0.port == port }.count >= 11) }
        #expect(Set(ConformanceCase.allCases.map(\.title)).count == ConformanceCase.allCases.count)
        for testCase in ConformanceCase.allCases { #expect("\(testCase)".hasPrefix(testCase.port.rawValue)) }
    }

    @Test("A bus that delivers twice fails")
    func duplicates() async {
        for testCase in [ConformanceCase.busReachesEverySubscription, .busOrderOfOnePublisher, .busBytesSurvive] {
            await #expect(throws: ConformanceFailure.self) { try await run(testCase) { $0.duplicates = 1 } }
        }
    }

    @Test("A bus that loses messages silently fails")
    func silentLosses() async {
        for testCase in [ConformanceCase.busActiveWhenCompleted, .busFloodLeavesNoSilentGap, .busSenderIsAuthentic] {
            await #expect(throws: ConformanceFailure.self) { try await run(testCase) { $0.silentLosses = 0.3 } }
        }
    }

    @Test("A bus that reorders fails")
    func reorders() async {
        for testCase in [ConformanceCase.busOrderOfOnePublisher, .busOrderOfManyThreads] {
            await #expect(throws: ConformanceFailure.self) { try await run(testCase) { $0.reorders = 0.2 } }
        }
    }

    @Test("A bus that is only late keeps the order")
    func delays() async throws {
        try await run(.busOrderOfOnePublisher) {
            $0.delays = 0.05
            $0.delayMax = .milliseconds(2)
        }
    }

    @Test("A directory and a log that fail are reported with what failed")
    func storeFaults() async {
        let error = await #expect(throws: ConformanceFailure.self) {
            try await run(.directoryCreatedIsRead) { $0.unreachables = 1 }
        }
        #expect(error?.message.contains("memory") == true)
        #expect(error?.message.contains("unreachable") == true)
        await #expect(throws: ConformanceFailure.self) {
            try await run(.logReadsWhatWasAppended) { $0.unreachables = 1 }
        }
    }

    @Test("A gap that passes is a failure, a true one is an outcome with its reason")
    func gaps() async throws {
        var subject = MemorySubject.make()
        subject.gaps = [KnownGap(.busOrderOfOnePublisher, because: "not true")]
        await #expect(throws: ConformanceFailure.self) {
            try await Conformance.run(.busOrderOfOnePublisher, on: subject)
        }
        let outcome = try await Conformance.run(.busStrangerIsNotHeard, on: MemorySubject.make())
        #expect(outcome == .gap(reason: MemorySubject.gaps[0].reason))
        subject.gaps = []
        await #expect(throws: ConformanceFailure.self) {
            try await Conformance.run(.busStrangerIsNotHeard, on: subject)
        }
    }

    @Test("A missing port must be declared, and a port that is there must not be")
    func ports() async throws {
        var subject = MemorySubject.make()
        let whole = subject.makeCluster
        subject.makeCluster = { count in
            var cluster = try await whole(count)
            cluster.members = cluster.members.map { ConformanceMember(id: $0.id, transport: BusOnly($0.transport)) }
            return cluster
        }
        await #expect(throws: ConformanceFailure.self) {
            try await Conformance.run(.logReadsWhatWasAppended, on: subject)
        }
        subject.gaps = [.port(.log, because: "no log"), .port(.bus, because: "not true")]
        let outcome = try await Conformance.run(.logReadsWhatWasAppended, on: subject)
        #expect(outcome == .gap(reason: "no log"))
        await #expect(throws: ConformanceFailure.self) {
            try await Conformance.run(.busPublisherHearsItself, on: subject)
        }
    }
}

/// A transport of which only the bus is there.
private final class BusOnly: ClusterTransport {
    private let whole: any ClusterTransport

    init(_ whole: any ClusterTransport) { self.whole = whole }

    var bus: (any MessageBus)? { whole.bus }
    var directory: (any SessionDirectory)? { nil }
    var log: (any StreamLog)? { nil }

    func start(on loop: any EventLoop) -> EventLoopFuture<Void> { whole.start(on: loop) }
    func close(on loop: any EventLoop) -> EventLoopFuture<Void> { whole.close(on: loop) }
}
