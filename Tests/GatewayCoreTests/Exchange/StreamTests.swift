// Answers as event streams, of calls and of GET: relayed event by event, flushed as they come, ended explicitly.

import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct StreamTests {
    private let node: TestNode
    private let session: TestSession

    init() throws {
        node = try TestNode()
        session = try node.openSession()
    }

    private func call(id: Int = 2) throws -> (TestCall, ScriptedExchange) {
        let call = try node.post(Body.call(id: id), session: session.token)
        return (call, try #require(node.lane.last))
    }

    @Test func relaysEventsAsTheyAre() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        #expect(call.status == 200)
        #expect(call.sink.length == nil)
        #expect(call.header("X-Accel-Buffering") == "no")
        #expect(call.header("Cache-Control") == "no-cache, no-transform")
        #expect(call.header("Content-Type") == "text/event-stream")
        let progress = event(Body.notification("notifications/progress"), id: "e-1")
        exchange.send(progress)
        #expect(call.sink.flushedBytes == progress.utf8.count)
        exchange.send(": ping\r\n\r\n")
        exchange.send(event(Body.result()))
        exchange.end()
        #expect(call.text == progress + ": ping\r\n\r\n" + event(Body.result()))
        #expect(call.isEnded)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func flushesTheHeadAtOnce() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        exchange.sendTogether([])
        #expect(call.status == 200)
        #expect(!call.isEnded)
        #expect(call.sink.bytes.isEmpty)
    }

    @Test func holdsAnEventBackUntilItIsWhole() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        exchange.send("data: {}\n\ndata: {\"half")
        #expect(call.text == "data: {}\n\n")
        exchange.send("\":1}\n\n")
        #expect(call.text == "data: {}\n\ndata: {\"half\":1}\n\n")
    }

    @Test func saysSoWhenTheStreamEndsWithoutTheAnswer() throws {
        let (call, exchange) = try call(id: 41)
        exchange.begin(200, .eventStream)
        exchange.send(event(Body.notification("notifications/progress")))
        exchange.send("data: cut in the middle of")
        exchange.end()
        #expect(call.isEnded)
        #expect(call.text.contains(#"data: {"jsonrpc":"2.0","id":41,"error":{"code":-32603"#))
        #expect(call.text.contains(#""reason":"outcome_unknown""#))
        #expect(!call.text.contains("cut in the middle"))
        node.expectIdle()
    }

    @Test func saysSoWhenTheInstanceFailsInMidStream() throws {
        let (call, exchange) = try call(id: 42)
        exchange.begin(200, .eventStream)
        exchange.send(event(Body.notification("notifications/progress")))
        exchange.fail(.cut)
        #expect(call.isEnded)
        #expect(call.text.hasSuffix("\n\n"))
        #expect(call.text.contains(#""id":42,"error":{"code":-32603"#))
        #expect(node.lane.opened.count == 2)
        node.expectIdle()
        session.expectQuiet()
    }

    @Test func leavesTheEndToTheClientThatCanResume() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        exchange.send("id: prime\ndata: \n\n")
        exchange.end()
        #expect(call.isEnded)
        #expect(call.text == "id: prime\ndata: \n\n")
        node.expectIdle()
    }

    @Test func cutsAStreamWhoseAnswerIsOut() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        exchange.send(event(Body.result()))
        exchange.fail(.cut)
        #expect(call.sink.isAborted)
        #expect(call.text == event(Body.result()))
        node.expectIdle()
    }

    @Test func endsAStreamWithAnEventThatIsTooLarge() throws {
        let node = try TestNode(parts: { $0.limits.eventBytes = 100 })
        let session = try node.openSession()
        let call = try node.post(Body.call(id: 6), session: session.token)
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        exchange.send("data: " + String(repeating: "x", count: 200))
        #expect(exchange.isCancelled)
        #expect(call.isEnded)
        #expect(call.text.contains(#""id":6,"error""#))
        #expect(!call.text.contains("xxx"))
        node.expectIdle()
    }

    // MARK: GET

    private func openGet(_ headers: [(String, String)] = []) throws -> (TestCall, ScriptedExchange) {
        let call = try node.get(session: session.token, headers: headers)
        return (call, try #require(node.lane.last))
    }

    @Test func opensAGetStreamAtTheSessionsInstance() throws {
        let (call, exchange) = try openGet([("Last-Event-ID", "e-7")])
        #expect(exchange.verb == .get)
        #expect(exchange.body == nil)
        #expect(exchange.instance == session.session.instance.index)
        #expect(exchange.header("Mcp-Session-Id") == "upstream-session")
        #expect(exchange.header("Last-Event-ID") == "e-7")
        #expect(node.worker.metrics.streams == 1)
        #expect(session.session.streams.load(ordering: .relaxed) == 1)
        exchange.begin(200, .eventStream)
        // Some balancers hold a head back until a byte of the body comes.
        #expect(call.text == ": keep-alive\n\n")
        exchange.send(event(Body.notification("notifications/tools/list_changed")))
        #expect(call.text == ": keep-alive\n\n" + event(Body.notification("notifications/tools/list_changed")))
        exchange.end()
        #expect(call.isEnded)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func asksAgainWhileTheInstanceHoldsTheLastStream() throws {
        let node = try TestNode(parts: { $0.limits.streamConflicts = 2 })
        let session = try node.openSession()
        let call = try node.get(session: session.token)
        for expected in 2...3 {
            #expect(node.lane.opened.count == expected)
            let exchange = try #require(node.lane.last)
            exchange.begin(409, .json)
            #expect(exchange.isCancelled)
            #expect(call.status == nil)
            #expect(node.worker.metrics.streams == 1)
            node.pass(.seconds(1))
        }
        let exchange = try #require(node.lane.last)
        #expect(session.session.instance.active.load(ordering: .relaxed) == 1)
        exchange.answer("{}", 409)
        #expect(call.status == 409)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func stopsAskingForAClientThatLeft() throws {
        let (call, exchange) = try openGet()
        exchange.begin(409, .json)
        call.leave()
        node.pass(.seconds(2))
        #expect(node.lane.opened.count == 2)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test(arguments: [405, 406])
    func passesARefusalOfGet(_ status: Int) throws {
        let (call, exchange) = try openGet()
        exchange.answer("{}", status)
        #expect(call.status == status)
        #expect(!session.session.hasEnded)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func cutsAGetStreamThatFails() throws {
        let (call, exchange) = try openGet()
        exchange.begin(200, .eventStream)
        exchange.fail(.cut)
        #expect(call.sink.isAborted)
        #expect(call.text == ": keep-alive\n\n")
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func endsTheGetStreamOfASessionThatHasEnded() throws {
        let (call, exchange) = try openGet()
        exchange.begin(200, .eventStream)
        try node.delete(session: session.token)
        node.lane.last?.accept()
        node.pass(.seconds(1))
        #expect(call.sink.isOver)
        #expect(exchange.isCancelled)
        session.expectQuiet()
        node.expectIdle()
    }
}
