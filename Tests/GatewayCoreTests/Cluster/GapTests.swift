// What a node does when messages of the others may have been lost: it goes on, but believes no old knowledge unread.

import MemoryTransport
import NIOCore
import Synchronization
import Testing
import TransportAPI
import TransportKit

@testable import GatewayCore

@Suite struct GapTests {
    private let cluster: TestCluster
    private var a: TestNode { cluster[0] }
    private var b: TestNode { cluster[1] }

    init() throws { cluster = try TestCluster(2) }

    /// A session of A that B has served.
    private func sharedSession() throws -> String {
        let call = try a.post(Body.initialize())
        try #require(a.lane.last).answer(Body.initialized(), session: "up")
        cluster.settle()
        let token = try #require(call.header("Mcp-Session-Id"))
        try b.post(Body.call(), session: token)
        try #require(b.lane.last).answer(Body.result())
        cluster.settle()
        return token
    }

    private func interrupt(_ node: TestNode) {
        cluster.backend.interrupt(node.gateway.parts.member)
        cluster.settle()
    }

    private func makeCallsLate() {
        var late = FaultPlan(seed: 1)
        late.lateCalls = 1
        cluster.backend.setFaults(late)
    }

    @Test("A session that ended while its end could not be heard is refused")
    func refusesWhatEndedUnheard() throws {
        let token = try sharedSession()
        var silent = FaultPlan(seed: 1)
        silent.partitionsAreSilent = true
        cluster.backend.setFaults(silent)
        cluster.backend.partition([a.gateway.parts.member], [b.gateway.parts.member])
        try a.delete(session: token)
        cluster.settle()
        try #require(a.lane.last).accept()
        cluster.settle()
        cluster.backend.heal()
        interrupt(b)
        let opened = b.lane.opened.count
        let call = try b.post(Body.call(), session: token)
        cluster.settle()
        #expect(call.status == 404)
        #expect(b.lane.opened.count == opened)
    }

    @Test("A session is read once after a gap, and serves as before")
    func readsOnce() throws {
        let token = try sharedSession()
        interrupt(b)
        let opened = b.lane.opened.count
        makeCallsLate()
        let first = try b.post(Body.call(), session: token)
        #expect(b.lane.opened.count == opened)
        b.loop.advanceTime(by: .seconds(1))
        try #require(b.lane.last).answer(Body.result())
        #expect(first.status == 200)
        let second = try b.post(Body.call(), session: token)
        #expect(b.lane.opened.count == opened + 2)
        try #require(b.lane.last).answer(Body.result())
        #expect(second.status == 200)
    }

    @Test("No request is served while another one of the session reads")
    func holdsAllUntilItIsRead() throws {
        let token = try sharedSession()
        interrupt(b)
        let opened = b.lane.opened.count
        makeCallsLate()
        let first = try b.post(Body.call(), session: token)
        let second = try b.post(Body.call(id: 3), session: token)
        #expect(b.lane.opened.count == opened)
        b.loop.advanceTime(by: .seconds(1))
        #expect(b.lane.opened.count == opened + 2)
        for call in b.lane.opened.suffix(2) { call.answer(Body.result()) }
        #expect(first.status == 200 && second.status == 200)
    }

    @Test("What could not be read is read beside later requests, which do not wait for it")
    func readsAgainBeside() throws {
        let token = try sharedSession()
        interrupt(b)
        cluster.backend.cutOffStore(from: [b.gateway.parts.member])
        try b.post(Body.call(), session: token)
        b.loop.advanceTime(by: .seconds(10))
        try #require(b.lane.last).answer(Body.result())
        let failures = b.worker.metrics.recordFailures
        b.pass(.seconds(11))
        let opened = b.lane.opened.count
        try b.post(Body.call(), session: token)
        try b.post(Body.call(id: 3), session: token)
        #expect(b.lane.opened.count == opened + 2)
        b.loop.advanceTime(by: .seconds(10))
        #expect(b.worker.metrics.recordFailures == failures + 1)
    }

    @Test("Where the directory does not answer the node goes on with what it knows")
    func goesOnWithoutDirectory() throws {
        let token = try sharedSession()
        interrupt(b)
        cluster.backend.cutOffStore(from: [b.gateway.parts.member])
        let call = try b.post(Body.call(), session: token)
        b.loop.advanceTime(by: .seconds(10))
        try #require(b.lane.last).answer(Body.result())
        #expect(call.status == 200)
        #expect(b.worker.metrics.recordFailures > 0)
    }

    @Test("What a client has sent that left while it was held is carried out")
    func carriesOutWhatWasSent() throws {
        let token = try sharedSession()
        interrupt(b)
        let opened = b.lane.opened.count
        makeCallsLate()
        try b.post(Body.call(), session: token).leave()
        #expect(b.worker.metrics.exchanges == 1)
        #expect(b.lane.opened.count == opened)
        b.loop.advanceTime(by: .seconds(1))
        #expect(b.lane.opened.count == opened + 1)
        try #require(b.lane.last).answer(Body.result())
        b.expectIdle()
    }

    @Test("What waits for an event loop that stands still is bounded, and works again afterwards")
    func boundsWhatWaitsForALoop() throws {
        let cluster = try TestCluster(2) { _ in } parts: { $0.limits.handedBytes = 10_000 }
        let (a, b) = (cluster[0], cluster[1])
        var header = ByteBuffer()
        header.writeInteger(EnvelopeKind.relayRequest.rawValue)
        header.writeInteger(b.worker.index)
        let envelope = Envelope(header: header, body: ByteBuffer(repeating: 0, count: 4_000))
        let bus = try #require(a.gateway.parts.cluster?.bus)
        for _ in 0..<20 {
            try bus.publish(envelope, to: .inbox(b.gateway.parts.member))
            b.runFirstLoop()
        }
        #expect(b.worker.handedBytes.load(ordering: .relaxed) > 0)
        #expect(b.worker.handedBytes.load(ordering: .relaxed) <= 10_000)
        cluster.settle()
        #expect(b.worker.handedBytes.load(ordering: .relaxed) == 0)
    }

    @Test("A session behind an attachment outlives its idle time at a node: the attachment ends it")
    func leavesAttachedSessionsAlone() throws {
        let node = b
        let instance = try #require(
            node.upstream.attachedInstance(digest: 77, name: "beside", now: 1))
        let session = Session(
            id: SessionID(high: 1, low: 2), upstream: node.upstream, instance: instance,
            upstreamSessionID: Array("up".utf8), principal: .anonymous, messagePath: nil, now: 0, endsAt: .max)
        let opened = node.lane.opened.count
        node.worker.retire(session)
        cluster.settle()
        #expect(!session.hasEnded)
        #expect(node.lane.opened.count == opened)
    }
}
