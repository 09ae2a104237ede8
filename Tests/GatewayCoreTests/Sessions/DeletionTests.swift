// DELETE ends the session here first and then at its instance, and says 200 whatever becomes of that.

import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct DeletionTests {
    private let node: TestNode
    private let session: TestSession

    init() throws {
        node = try TestNode()
        session = try node.openSession()
    }

    private func delete() throws -> (TestCall, ScriptedExchange) {
        let call = try node.delete(session: session.token)
        return (call, try #require(node.lane.last))
    }

    private func expectDeleted(_ call: TestCall) {
        #expect(call.status == 200)
        #expect(call.text.isEmpty)
        #expect(call.isEnded)
        #expect(session.session.hasEnded)
        #expect(node.gateway.sessions.count == 0)
        #expect(session.session.instance.sessions.load(ordering: .relaxed) == 0)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func endsTheSessionBeforeTheInstanceAnswers() throws {
        let (call, exchange) = try delete()
        #expect(exchange.verb == .delete)
        #expect(exchange.instance == session.session.instance.index)
        #expect(exchange.header("Mcp-Session-Id") == "upstream-session")
        #expect(session.session.hasEnded)
        #expect(try node.post(Body.call(), session: session.token).status == 404)
        exchange.answer("", 200)
        expectDeleted(call)
    }

    @Test(arguments: [200, 204, 400, 404, 405, 500])
    func says200WhateverTheInstanceSays(_ status: Int) throws {
        let (call, exchange) = try delete()
        exchange.answer("some text of the instance", status)
        expectDeleted(call)
    }

    @Test(arguments: [TransportError.refused, .cut, TransportError(.malformed, .unknown, "x")])
    func says200WhateverFails(_ error: TransportError) throws {
        let (call, exchange) = try delete()
        exchange.fail(error)
        #expect(node.lane.opened.count == 2)
        expectDeleted(call)
    }

    @Test("What may not have arrived is sent again, a few times")
    func comesAgain() throws {
        let (call, exchange) = try delete()
        exchange.fail(.cut)
        expectDeleted(call)
        for attempt in 1...5 {
            node.loop.advanceTime(by: .seconds(1))
            let again = try #require(node.lane.last)
            #expect(node.lane.opened.count == 2 + min(attempt, 3))
            #expect(again.verb == .delete && again.header("Mcp-Session-Id") == "upstream-session")
            if !again.isOver { again.fail(.cut) }
        }
        node.expectIdle()
    }

    @Test("An instance that is gone is not asked again")
    func staysAway() throws {
        try delete().1.fail(.refused)
        node.loop.advanceTime(by: .seconds(2))
        #expect(node.lane.opened.count == 2)
    }

    @Test func says200WhenTheAnswerBreaksOff() throws {
        let (call, exchange) = try delete()
        exchange.begin(200, .eventStream)
        exchange.send("data: x\n\n")
        exchange.fail(.cut)
        expectDeleted(call)
    }

    @Test func says200WhenTheInstanceSaysNothing() throws {
        let (call, exchange) = try delete()
        node.pass(.seconds(302))
        #expect(exchange.isCancelled)
        expectDeleted(call)
    }

    @Test func goesOnWithoutItsClient() throws {
        let (call, exchange) = try delete()
        call.leave()
        #expect(!exchange.isCancelled)
        exchange.answer("", 200)
        #expect(session.session.hasEnded)
        node.expectIdle()
    }

    @Test func happensOnce() throws {
        let (call, exchange) = try delete()
        #expect(try node.delete(session: session.token).status == 404)
        exchange.answer("", 200)
        expectDeleted(call)
        #expect(try node.delete(session: session.token).status == 404)
        #expect(node.lane.opened.count == 2)
    }

    @Test func leavesRunningCallsToTheirInstance() throws {
        let call = try node.post(Body.call(), session: session.token)
        let running = try #require(node.lane.last)
        let (deletion, exchange) = try delete()
        exchange.answer("", 200)
        #expect(deletion.status == 200)
        running.answer(Body.result())
        #expect(call.text == Body.result())
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func waitsForTheInstanceOnlyShortly() throws {
        let (call, exchange) = try delete()
        node.pass(.seconds(4))
        #expect(!call.isEnded)
        node.pass(.seconds(2))
        #expect(exchange.isCancelled)
        expectDeleted(call)
    }
}
