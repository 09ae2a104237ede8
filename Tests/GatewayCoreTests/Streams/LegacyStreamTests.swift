// HTTP+SSE of 2024-11-05: the `endpoint` event names the gateway's own path, messages reach the instance of their
// stream, and the session lives as long as the stream.

import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct LegacyStreamTests {
    private let node: TestNode

    init() throws { node = try TestNode(instances: 3, hasStreamEndpoint: true) }

    private func open(_ endpoint: String = "/messages/?session_id=abc") throws -> (TestCall, ScriptedExchange, String) {
        let call = try node.get("/sse")
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream, lines: "Content-Type: text/event-stream\r\nX-Instance: secret\r\n")
        exchange.send("event: endpoint\r\ndata: \(endpoint)\r\n\r\n")
        let token = String(try #require(call.text.firstMatch(of: /session_id=(\S+)/)?.1))
        return (call, exchange, token)
    }

    @Test func namesItsOwnEndpoint() throws {
        let (call, exchange, token) = try open()
        #expect(exchange.verb == .get)
        #expect(exchange.usesStreamEndpoint)
        #expect(call.status == 200)
        #expect(call.text == "event: endpoint\ndata: /mcp/messages?session_id=\(token)\n\n")
        #expect(call.header("Content-Type") == "text/event-stream")
        #expect(call.header("X-Accel-Buffering") == "no")
        #expect(call.header("Mcp-Session-Id") == nil)
        #expect(!call.text.contains("abc"))
        #expect(node.gateway.sessions.count == 1)
        #expect(node.worker.metrics.streams == 1)
    }

    @Test func answersNothingBeforeTheEndpointIsKnown() throws {
        let call = try node.get("/mcp/sse")
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        exchange.send(": hello\r\n\r\n")
        #expect(call.status == nil)
        node.pass(.seconds(20))
        #expect(call.sink.bytes.isEmpty)
        exchange.send("event: endpoint\r\ndata: /m?session_id=1\r\n\r\n")
        #expect(call.status == 200)
        node.pass(.seconds(16))
        #expect(call.text.hasSuffix(": keep-alive\n\n"))
    }

    @Test func sendsMessagesToTheInstanceOfTheStream() throws {
        let (call, exchange, token) = try open("https://internal.example:9000/messages/?session_id=abc")
        let post = try node.post(Body.call(), path: "/mcp/messages?session_id=\(token)")
        let message = try #require(node.lane.last)
        #expect(message.instance == exchange.instance)
        #expect(message.path == "/messages/?session_id=abc")
        #expect(message.body == Body.call())
        #expect(message.header("Mcp-Session-Id") == nil)
        message.begin(202, .other, length: 8)
        message.send("Accepted")
        message.end()
        #expect(post.status == 202)
        exchange.send(event(Body.result()))
        #expect(call.text.hasSuffix(event(Body.result())))
    }

    @Test func endsWithItsStream() throws {
        let (call, exchange, token) = try open()
        call.leave()
        #expect(exchange.isCancelled)
        #expect(node.gateway.sessions.count == 0)
        #expect(try node.post(Body.call(), path: "/mcp/messages?session_id=\(token)").status == 404)
        let (other, second, otherToken) = try open()
        second.end()
        #expect(other.isEnded)
        #expect(try node.post(Body.call(), path: "/mcp/messages?session_id=\(otherToken)").status == 404)
        node.expectIdle()
    }

    @Test func endsItsStreamWithItsSession() throws {
        let (call, exchange, token) = try open()
        try node.post(Body.call(), path: "/mcp/messages?session_id=\(token)")
        node.lane.last?.answer("{}", 404)
        node.pass(.seconds(1))
        #expect(call.sink.isOver)
        #expect(exchange.isCancelled)
        node.expectIdle()
    }

    @Test func refusesMessagesWithoutASession() throws {
        let (_, _, token) = try open()
        let sent = node.lane.opened.count
        #expect(try node.post(Body.call(), path: "/mcp/messages").status == 400)
        #expect(try node.post(Body.call(), path: "/mcp/messages?").status == 400)
        #expect(try node.post(Body.call(), path: "/mcp/messages?sessionId=\(token)").status == 400)
        #expect(try node.post(Body.call(), path: "/mcp/messages?session_id=").status == 404)
        #expect(try node.post(Body.call(), path: "/mcp/messages?session_id=unknown").status == 404)
        #expect(try node.post(Body.call(), path: "/mcp/messages?session_id=\(token)x").status == 404)
        #expect(try node.post("{", path: "/mcp/messages?session_id=\(token)").status == 400)
        #expect(try node.post("[" + Body.call() + "]", path: "/mcp/messages?session_id=\(token)").status == 400)
        #expect(node.lane.opened.count == sent)
        #expect(try node.post(Body.call(), path: "/mcp/messages?a=b&session_id=\(token)&c=d").status == nil)
    }

    @Test func isNotTheSessionOfAnotherTransport() throws {
        let (_, _, token) = try open()
        #expect(try node.post(Body.call(), session: token).status == 404)
        let session = try node.openSession()
        #expect(try node.post(Body.call(), path: "/mcp/messages?session_id=\(session.token)").status == 404)
    }

    @Test(arguments: [
        "relative/messages", "//evil.example/messages", "ftp://x/y", "", "/with space", "/ümlaut", "https://nopath",
        "/" + String(repeating: "x", count: 2048),
    ])
    func refusesAnEndpointThatItCannotUse(_ endpoint: String) throws {
        let call = try node.get("/sse")
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        exchange.send("event: endpoint\r\ndata: \(endpoint)\r\n\r\n")
        #expect(call.status == 502)
        #expect(call.isEnded)
        #expect(exchange.isCancelled)
        #expect(node.gateway.sessions.count == 0)
        node.expectIdle()
    }

    @Test func refusesAStreamThatBeginsOtherwise() throws {
        let call = try node.get("/sse")
        node.lane.last?.begin(200, .eventStream)
        node.lane.last?.send(event(Body.result()))
        #expect(call.status == 502)
        node.expectIdle()
    }

    @Test func refusesAStreamThatBreaksBeforeItsEndpoint() throws {
        let call = try node.get("/sse")
        node.lane.last?.begin(200, .eventStream)
        node.lane.last?.fail(.cut)
        #expect(call.status == 502)
        let other = try node.get("/sse")
        node.lane.last?.begin(200, .eventStream)
        node.lane.last?.end()
        #expect(other.status == 502)
        node.expectIdle()
    }

    @Test func refusesWhenTheTableIsFull() throws {
        let node = try TestNode(hasStreamEndpoint: true, parts: { $0.limits.sessions = 1 })
        let calls = [try node.get("/sse"), try node.get("/sse")]
        for exchange in node.lane.opened {
            exchange.begin(200, .eventStream)
            exchange.send("event: endpoint\r\ndata: /m?session_id=1\r\n\r\n")
        }
        #expect(calls.map(\.status) == [200, 503])
        #expect(node.lane.opened[1].isCancelled)
        #expect(node.gateway.sessions.count == 1)
    }

    @Test func passesTheInstancesRefusal() throws {
        let call = try node.get("/sse")
        node.lane.last?.answer("{}", 404)
        #expect(call.status == 404)
        node.expectIdle()
    }

    @Test func belongsToItsPrincipal() throws {
        let node = try TestNode(hasStreamEndpoint: true, parts: { $0.principalHeader = Array("x-user".utf8) })
        let call = try node.get("/sse", headers: [("X-User", "ann")])
        node.lane.last?.begin(200, .eventStream)
        node.lane.last?.send("event: endpoint\r\ndata: /m?session_id=1\r\n\r\n")
        let token = try #require(call.text.firstMatch(of: /session_id=(\S+)/)?.1)
        let path = "/mcp/messages?session_id=\(token)"
        #expect(try node.post(Body.call(), path: path, headers: [("X-User", "bob")]).status == 404)
        #expect(try node.post(Body.call(), path: path).status == 404)
        #expect(try node.post(Body.call(), path: path, headers: [("X-User", "ann")]).status == nil)
    }

    @Test func endsInADrainWhenNoCallRuns() throws {
        let (idle, idleExchange, _) = try open()
        let (busy, busyExchange, token) = try open()
        for id in 2...3 {
            try node.post(Body.call(id: id), path: "/mcp/messages?session_id=\(token)")
            node.lane.last?.accept()
        }
        node.gateway.beginDrain()
        node.worker.endStreams()
        #expect(idle.isEnded)
        #expect(idleExchange.isCancelled)
        #expect(!busy.sink.isOver)
        busyExchange.send(event(Body.result(id: 2)))
        node.pass(.seconds(1))
        #expect(!busy.sink.isOver)
        busyExchange.send(event(Body.result(id: 3)))
        node.pass(.seconds(1))
        #expect(busy.isEnded)
        #expect(busy.text.hasSuffix(event(Body.result(id: 3))))
        node.expectIdle()
    }

    @Test func endsInADrainAtTheLatestWhenItsTimeIsOver() throws {
        let (call, exchange, token) = try open()
        try node.post(Body.call(), path: "/mcp/messages?session_id=\(token)")
        node.lane.last?.accept()
        node.gateway.beginDrain()
        node.worker.endStreams()
        node.pass(.seconds(2))
        #expect(!call.sink.isOver)
        node.worker.endCalls()
        #expect(call.sink.isOver)
        #expect(exchange.isCancelled)
        node.expectIdle()
    }

    @Test func countsItsCallsUntilTheyAreAnswered() throws {
        let (call, exchange, token) = try open()
        let session = try #require(call.exchange?.newSession)
        func running() -> Int { session.calls.load(ordering: .relaxed) }
        try node.post(Body.call(id: 2), path: "/mcp/messages?session_id=\(token)")
        let message = try #require(node.lane.last)
        // The answer may overtake the receipt.
        exchange.send(event(Body.result(id: 2)))
        #expect(running() == 0)
        message.accept()
        #expect(running() == 0)
        exchange.send(event(Body.result(id: 99)))
        #expect(running() == 0)
        try node.post(Body.call(id: 3), path: "/mcp/messages?session_id=\(token)")
        node.lane.last?.answer("{}", 400)
        #expect(running() == 0)
        try node.post(Body.call(id: 4), path: "/mcp/messages?session_id=\(token)")
        node.lane.last?.fail(.cut)
        #expect(running() == 0)
    }

    @Test("A second endpoint event of the instance does not reach the client")
    func hidesLaterEndpoints() throws {
        let (call, exchange, _) = try open()
        let before = call.text
        exchange.send("event: endpoint\r\ndata: http://elsewhere.example/steal\r\n\r\n")
        exchange.send("data: /steal\nevent: endpoint\n\n")
        exchange.send("event: message\nevent: endpoint\ndata: /steal\n\n")
        #expect(call.text == before)
        exchange.send(event(Body.notification("notifications/tools/list_changed")))
        #expect(call.text.contains("list_changed"))
        #expect(!call.text.contains("steal"))
    }

    @Test("More calls than one session may have at once are refused on the stream")
    func boundsCalls() throws {
        let node = try TestNode(hasStreamEndpoint: true, parts: { $0.limits.callsPerSession = 2 })
        let call = try node.get("/sse")
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        exchange.send("event: endpoint\ndata: /m\n\n")
        let token = String(try #require(call.text.firstMatch(of: /session_id=(\S+)/)?.1))
        func post(_ id: Int) throws -> TestCall {
            let sent = node.lane.opened.count
            let post = try node.post(Body.call(id: id), path: "/mcp/messages?session_id=\(token)")
            if node.lane.opened.count > sent { node.lane.last?.accept() }
            node.runLoops()
            return post
        }
        #expect(try (1...4).map { try post($0).status } == [202, 202, 202, 202])
        #expect(node.lane.opened.count == 3)
        #expect(call.text.components(around: "too_many_calls").count == 2)
        #expect(call.text.contains(#"{"jsonrpc":"2.0","id":4,"error""#))
        // An answer makes room for another call.
        exchange.send(event(Body.result(id: 1)))
        _ = try post(5)
        #expect(node.lane.opened.count == 4)
    }
}
