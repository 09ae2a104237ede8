// A session that has ended at one node is not brought back at another that has never met it, whatever its instance does
// about its end.

import Testing

@testable import GatewayCore

@Suite("Sessions that ended elsewhere") struct EndedElsewhereTests {
    private let cluster: TestCluster
    private var a: TestNode { cluster[0] }
    private var b: TestNode { cluster[1] }

    init() throws { cluster = try TestCluster(2) }

    private func open() throws -> String {
        let call = try a.post(Body.initialize())
        try #require(a.lane.last).answer(Body.initialized(), session: "up")
        cluster.settle()
        return try #require(call.header("Mcp-Session-Id"))
    }

    private func end(_ token: String) throws {
        let deletion = try a.delete(session: token)
        cluster.settle()
        try #require(a.lane.last).answer("{}", 405)
        #expect(deletion.status == 200)
        cluster.settle()
    }

    @Test("Its first call there is not run")
    func firstContact() throws {
        let token = try open()
        try end(token)
        let call = try b.post(Body.call(), session: token)
        cluster.settle()
        #expect(call.status == 404)
        #expect(b.lane.opened.isEmpty)
    }

    @Test("Its first call is not run either where the note was missed: the record is read first")
    func missedNote() throws {
        let token = try open()
        try end(token)
        // As if the note had never come.
        for node in [b] { _ = node.gateway.sessions.expired(now: .max, idle: 1) }
        let call = try b.post(Body.call(), session: token)
        cluster.settle()
        #expect(call.status == 404)
        #expect(b.lane.opened.isEmpty)
    }

    @Test("A living one is served once its record was read")
    func livingOne() throws {
        let token = try open()
        let call = try b.post(Body.call(), session: token)
        cluster.settle()
        try #require(b.lane.last).answer(Body.result())
        #expect(call.status == 200)
        let next = try b.post(Body.call(id: 3), session: token)
        #expect(b.lane.opened.count == 2)
        try #require(b.lane.last).answer(Body.result(id: 3))
        #expect(next.status == 200)
    }

    @Test("Records are named by a digest of the session's identity")
    func names() throws {
        let id = SessionID(high: 1, low: 2)
        #expect(id.key.high != 1)
        #expect(id.key.low != 2)
        #expect(id.key != SessionID(high: 2, low: 1).key)
        #expect(id.key == SessionID(high: 1, low: 2).key)
    }
}
