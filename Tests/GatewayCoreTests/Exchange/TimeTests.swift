// What time does to an exchange: comments on quiet streams, answers that do not begin, streams that go quiet.

import NIOCore
import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct TimeTests {
    private let node: TestNode
    private let session: TestSession

    init() throws {
        node = try TestNode(
            options: {
                $0.answerTimeoutMilliseconds = 60_000
                $0.idleTimeoutMilliseconds = 120_000
            }, parts: { $0.waits.comment = .seconds(15) })
        session = try node.openSession()
    }

    private func call(_ body: String = Body.call()) throws -> (TestCall, ScriptedExchange) {
        let call = try node.post(body, session: session.token)
        return (call, try #require(node.lane.last))
    }

    @Test func sendsACommentOnAQuietStream() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        node.pass(.seconds(14))
        #expect(call.text.isEmpty)
        node.pass(.seconds(2))
        #expect(call.text == ": keep-alive\n\n")
        #expect(call.sink.flushedBytes == call.sink.bytes.count)
        node.pass(.seconds(15))
        #expect(call.text == ": keep-alive\n\n: keep-alive\n\n")
        exchange.send("data: x\n\n")
        node.pass(.seconds(10))
        #expect(call.text.hasSuffix("data: x\n\n"))
    }

    @Test func putsNoCommentIntoAnEvent() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        exchange.send("data: half an ev")
        node.pass(.seconds(16))
        exchange.send("ent\n\n")
        #expect(call.text == ": keep-alive\n\ndata: half an event\n\n")
    }

    @Test func sendsNoCommentWhereThereIsNoStream() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .json, length: 2)
        node.pass(.seconds(40))
        #expect(call.text.isEmpty)
        exchange.send("{}")
        exchange.end()
        node.expectIdle()
    }

    @Test func sendsNoCommentToAClientThatDoesNotRead() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        call.setWritable(false)
        node.pass(.seconds(20))
        #expect(call.text.isEmpty)
    }

    @Test func waitsForAnAnswerForSoLong() throws {
        let (call, exchange) = try call(Body.call(id: 31))
        node.pass(.seconds(59))
        #expect(call.status == nil)
        node.pass(.seconds(3))
        #expect(exchange.isCancelled)
        #expect(call.status == 200)
        #expect(call.text.contains(#""id":31"#))
        #expect(call.text.contains("outcome_unknown"))
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func answers504OutsideOfASession() throws {
        let node = try TestNode(era: .sessionless, options: { $0.answerTimeoutMilliseconds = 60_000 })
        let call = try node.post(Body.request("tools/list"))
        node.pass(.seconds(62))
        #expect(call.status == 504)
        #expect(call.text.contains("no_answer"))
        node.expectIdle()
    }

    @Test func endsAStreamThatWentQuiet() throws {
        let (call, exchange) = try call(Body.call(id: 32))
        exchange.begin(200, .eventStream)
        exchange.send(": ping\n\n")
        node.pass(.seconds(119))
        #expect(!call.sink.isOver)
        node.pass(.seconds(3))
        #expect(exchange.isCancelled)
        #expect(call.isEnded)
        #expect(call.text.contains(#""id":32,"error""#))
        node.expectIdle()
    }

    @Test func doesNotBlameTheInstanceForASlowClient() throws {
        let node = try TestNode(
            options: { $0.idleTimeoutMilliseconds = 10_000 }, parts: { $0.waits.slowClient = .seconds(60) })
        let session = try node.openSession()
        let call = try node.post(Body.call(), session: session.token)
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        call.setWritable(false)
        node.pass(.seconds(30))
        #expect(!call.sink.isOver)
        #expect(!exchange.isCancelled)
        call.setWritable(true)
        node.pass(.seconds(5))
        #expect(!exchange.isCancelled)
        exchange.end()
    }

    @Test func givesUpAnAnswerThatNobodyWaitsFor() throws {
        let (call, exchange) = try call()
        call.leave()
        node.pass(.seconds(62))
        #expect(exchange.isCancelled)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func endsIdleSessionsAtTheirInstances() throws {
        let node = try TestNode(looksAfterInstances: true, parts: { $0.waits.sessionIdle = .seconds(100) })
        for check in node.lane.running { check.answer("{}", 400) }
        let (idle, busy) = (try node.openSession(id: "idle"), try node.openSession(id: "busy"))
        try node.get(session: busy.token)
        node.lane.last?.begin(200, .eventStream)
        node.pass(.seconds(130))
        #expect(idle.session.hasEnded)
        #expect(!busy.session.hasEnded)
        let deletions = node.lane.opened.filter { $0.verb == .delete }
        #expect(deletions.map { $0.header("Mcp-Session-Id") } == ["idle"])
        #expect(try node.post(Body.call(), session: idle.token).status == 404)
        #expect(node.gateway.sessions.count == 1)
    }

    @Test func givesUpADeletionThatNobodyAnswers() throws {
        node.worker.endUpstream(node.upstream, node.instances[0], Array("x".utf8))
        let deletion = try #require(node.lane.last)
        #expect(deletion.verb == .delete)
        node.pass(.seconds(4))
        #expect(!deletion.isCancelled)
        node.pass(.seconds(3))
        #expect(deletion.isCancelled)
    }
}
