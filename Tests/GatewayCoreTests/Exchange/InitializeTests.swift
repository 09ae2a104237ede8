// `initialize`: mints the client's session id, shows nothing of the instance's, and leaves no session behind that no
// client can ever use.

import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct InitializeTests {
    private let node: TestNode

    init() throws { node = try TestNode() }

    private func initialize() throws -> (TestCall, ScriptedExchange) {
        let call = try node.post(Body.initialize())
        return (call, try #require(node.lane.last))
    }

    private var deletions: [String?] {
        node.lane.opened.filter { $0.verb == .delete }.map { $0.header("Mcp-Session-Id") }
    }

    @Test func mintsAnIdAndHidesTheInstances() throws {
        let (call, exchange) = try initialize()
        #expect(exchange.header("Mcp-Session-Id") == nil)
        exchange.answer(Body.initialized(), session: "secret-upstream-id")
        let token = try #require(call.header("Mcp-Session-Id"))
        #expect(call.status == 200)
        #expect(call.text == Body.initialized())
        #expect(token.utf8.count <= 256)
        #expect(!call.sink.lines.contains("secret-upstream-id"))
        #expect(node.gateway.sessions.count == 1)
        #expect(node.instances[exchange.instance].sessions.load(ordering: .relaxed) == 1)
        try node.post(Body.call(), session: token)
        #expect(node.lane.last?.header("Mcp-Session-Id") == "secret-upstream-id")
        #expect(node.lane.last?.instance == exchange.instance)
    }

    @Test func mintsAnIdForAnAnswerAsEvents() throws {
        let (call, exchange) = try initialize()
        exchange.begin(200, .eventStream, session: "up")
        // The id says what was negotiated, so it waits for the result.
        #expect(call.status == nil)
        exchange.send(event(Body.initialized(revision: "2025-03-26")))
        #expect(call.header("Mcp-Session-Id") != nil)
        exchange.end()
        #expect(call.text == event(Body.initialized(revision: "2025-03-26")))
        let session = try #require(call.exchange?.newSession)
        #expect(session.revisionValue == 1)
        node.expectIdle()
    }

    @Test func mintsNothingWithoutAnId() throws {
        let (call, exchange) = try initialize()
        exchange.answer(Body.initialized())
        #expect(call.header("Mcp-Session-Id") == nil)
        #expect(node.gateway.sessions.count == 0)
        node.expectIdle()
    }

    @Test func mintsNothingForAnError() throws {
        let (call, exchange) = try initialize()
        exchange.answer("{}", 400, session: "up")
        #expect(call.header("Mcp-Session-Id") == nil)
        #expect(node.gateway.sessions.count == 0)
    }

    @Test func notesTheRevision() throws {
        let session = try node.openSession(revision: "2025-06-18")
        #expect(session.session.revisionValue == 2)
        #expect(try node.openSession(revision: "1999-01-01").session.revisionValue == nil)
    }

    @Test(arguments: ["", "a b", "tab\t", "ä", "del\u{7F}"])
    func refusesAnIdThatCannotBeSentBack(_ id: String) throws {
        let (call, exchange) = try initialize()
        exchange.begin(200, .json, session: id)
        #expect(call.status == 502)
        #expect(exchange.isCancelled)
        #expect(node.gateway.sessions.count == 0)
        node.expectIdle()
    }

    @Test func refusesAnIdThatIsTooLong() throws {
        let (call, exchange) = try initialize()
        exchange.begin(200, .json, session: String(repeating: "x", count: 1025))
        #expect(call.status == 502)
        node.expectIdle()
    }

    @Test func carriesALongIdInTheTableOnly() throws {
        let long = String(repeating: "x", count: 1024)
        let (call, exchange) = try initialize()
        exchange.answer(Body.initialized(), session: long)
        let token = try #require(call.header("Mcp-Session-Id"))
        #expect(token.utf8.count <= 256)
        try node.post(Body.call(), session: token)
        #expect(node.lane.last?.header("Mcp-Session-Id") == long)
    }

    @Test func refusesWhenTheTableIsFullAndTellsTheInstance() throws {
        let node = try TestNode(parts: { $0.limits.sessions = 1 })
        let first = try node.post(Body.initialize())
        let second = try node.post(Body.initialize(id: 9))
        node.lane.opened[0].answer(Body.initialized(), session: "one")
        node.lane.opened[1].begin(200, .json, session: "two")
        #expect(first.status == 200)
        #expect(second.status == 503)
        #expect(node.lane.opened[1].isCancelled)
        #expect(node.lane.last?.verb == .delete)
        #expect(node.lane.last?.header("Mcp-Session-Id") == "two")
        #expect(node.instances.reduce(0) { $0 + $1.sessions.load(ordering: .relaxed) } == 1)
        node.expectIdle()
    }

    @Test func endsTheSessionOfAClientThatLeftBeforeTheHead() throws {
        let (call, exchange) = try initialize()
        call.leave()
        #expect(!exchange.isCancelled)
        exchange.answer(Body.initialized(), session: "up")
        #expect(deletions == ["up"])
        #expect(node.gateway.sessions.count == 0)
        node.expectIdle()
    }

    @Test func endsTheSessionOfAClientThatLeftBeforeTheBody() throws {
        let (call, exchange) = try initialize()
        exchange.begin(200, .json, session: "up")
        call.leave()
        exchange.send(Body.initialized())
        exchange.end()
        #expect(deletions == ["up"])
        #expect(node.gateway.sessions.count == 0)
        node.expectIdle()
    }

    @Test func endsTheSessionOfAnAnswerThatFailed() throws {
        let (call, exchange) = try initialize()
        exchange.begin(200, .json, session: "up")
        exchange.fail(.cut)
        #expect(call.status == 502)
        #expect(call.header("Mcp-Session-Id") == nil)
        #expect(deletions == ["up"])
        #expect(node.gateway.sessions.count == 0)
        node.expectIdle()
    }

    @Test func keepsTheSessionOfAClientThatHasItsId() throws {
        let (call, exchange) = try initialize()
        exchange.begin(200, .eventStream, session: "up")
        exchange.send(event(Body.initialized()))
        call.leave()
        exchange.end()
        #expect(deletions.isEmpty)
        #expect(node.gateway.sessions.count == 1)
        node.expectIdle()
    }

    @Test func spreadsSessions() throws {
        let node = try TestNode(instances: 3)
        for _ in 0..<30 { _ = try node.openSession() }
        for instance in node.instances {
            #expect((6...14).contains(instance.sessions.load(ordering: .relaxed)))
        }
    }
}
