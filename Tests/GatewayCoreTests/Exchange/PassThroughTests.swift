// A call and its JSON answer: what goes to the instance, what comes back, and that neither is changed.

import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct PassThroughTests {
    private let node: TestNode
    private let session: TestSession

    init() throws {
        node = try TestNode()
        session = try node.openSession()
    }

    @Test func passesABodyByteForByte() throws {
        let body = #"  {"id" : "\u0041","jsonrpc":"2.0", "method":"tools/call","params":{"name":"ä","x":[1 ,2]}}"#
            + "\n"
        let call = try node.post(body, session: session.token)
        let exchange = try #require(node.lane.last)
        #expect(exchange.body == body)
        #expect(exchange.verb == .post)
        exchange.begin(200, .json, length: 9)
        exchange.sendTogether(["{\"a\"", ": 1} "])
        exchange.send(" ")
        #expect(!call.isEnded)
        exchange.end()
        #expect(call.status == 200)
        #expect(call.text == "{\"a\": 1}  ")
        #expect(call.isEnded)
        #expect(call.sink.length == 9)
    }

    @Test func sendsTheInstancesOwnSessionId() throws {
        try node.post(Body.call(), session: session.token)
        let exchange = try #require(node.lane.last)
        #expect(exchange.header("Mcp-Session-Id") == "upstream-session")
        #expect(!exchange.lines.contains(session.token))
        #expect(exchange.instance == session.session.instance.index)
    }

    @Test func forwardsTheAllowListOnly() throws {
        let headers = [
            ("MCP-Protocol-Version", "2025-11-25"), ("User-Agent", "client/1"), ("Accept-Language", "de"),
            ("traceparent", "00-1"), ("Mcp-Param-Region", "eu"), ("Authorization", "Bearer x"), ("Cookie", "a=b"),
            ("X-Tenant", "t1"), ("Connection", "keep-alive, X-Tenant"), ("Origin", "http://localhost"),
            ("X-Forwarded-For", "1.2.3.4"), ("Last-Event-ID", "7"), ("TE", "trailers"), ("Expect", "100-continue"),
        ]
        try node.post(Body.call(), session: session.token, headers: headers)
        let lines = try #require(node.lane.last?.lines)
        for (name, value) in headers.prefix(5) { #expect(Headers.value(name, in: lines) == value) }
        for (name, _) in headers.dropFirst(5) { #expect(Headers.value(name, in: lines) == nil, "\(name)") }
        for name in ["Host", "Content-Length"] { #expect(Headers.value(name, in: lines) == nil) }
        #expect(Headers.value("Accept", in: lines) == "application/json, text/event-stream")
        #expect(Headers.value("Content-Type", in: lines) == "application/json")
    }

    @Test func forwardsWhatTheConfigNames() throws {
        let node = try TestNode(era: .sessionless, options: {
            $0.forwardsAuthorization = true
            $0.forwardedHeaders = [Array("x-tenant".utf8), Array("connection".utf8)]
        })
        try node.post(
            Body.call(),
            headers: [("AUTHORIZATION", "Bearer x"), ("X-TENANT", "t1"), ("Connection", "x"), ("X-Other", "y")])
        let exchange = try #require(node.lane.last)
        #expect(exchange.header("Authorization") == "Bearer x")
        #expect(exchange.header("x-tenant") == "t1")
        #expect(exchange.header("Connection") == nil)
        #expect(exchange.header("X-Other") == nil)
    }

    @Test(arguments: [200, 202, 400, 401, 404, 409, 500, 503])
    func passesStatusAndLines(_ status: Int) throws {
        let call = try node.post(Body.notification("notifications/progress"), session: session.token)
        let exchange = try #require(node.lane.last)
        exchange.begin(status, .other, length: 2, lines: "WWW-Authenticate: Bearer\r\nX-Own: 1\r\n")
        exchange.send("no")
        exchange.end()
        #expect(call.status == status)
        #expect(call.header("WWW-Authenticate") == "Bearer")
        #expect(call.header("X-Own") == "1")
        #expect(call.header("Mcp-Session-Id") == nil)
        #expect(call.text == "no")
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func endsTheSessionThatItsInstanceDoesNotKnow() throws {
        let call = try node.post(Body.call(), session: session.token)
        node.lane.last?.answer(#"{"jsonrpc":"2.0","id":2,"error":{"code":-32600,"message":"Session not found"}}"#, 404)
        #expect(call.status == 404)
        #expect(session.session.hasEnded)
        #expect(node.gateway.sessions.count == 0)
        #expect(try node.post(Body.call(), session: session.token).status == 404)
        #expect(node.lane.opened.count == 2)
        #expect(session.session.instance.sessions.load(ordering: .relaxed) == 0)
    }

    @Test func acceptsNotificationsAndAnswers() throws {
        let call = try node.post(Body.notification("notifications/initialized"), session: session.token)
        node.lane.last?.accept()
        #expect(call.status == 202)
        #expect(call.sink.length == 0)
        #expect(call.isEnded)
        let answer = try node.post(Body.result(named: node.question(session, id: "77")), session: session.token)
        #expect(node.lane.last?.instance == session.session.instance.index)
        #expect(node.lane.last?.body == Body.result(id: 77))
        node.lane.last?.accept()
        #expect(answer.status == 202)
        node.expectIdle()
    }

    @Test func countsWhatRuns() throws {
        try node.post(Body.call(id: 2), session: session.token)
        try node.post(Body.call(id: 3), session: session.token)
        try node.post(Body.notification("notifications/progress"), session: session.token)
        let instance = session.session.instance
        #expect(instance.active.load(ordering: .relaxed) == 3)
        #expect(session.session.calls.load(ordering: .relaxed) == 2)
        #expect(node.worker.metrics.exchanges == 3)
        // The middle one ends first: the list of exchanges is mended.
        node.lane.opened[2].answer(Body.result(id: 3))
        node.lane.opened[1].answer(Body.result(id: 2))
        node.lane.opened[3].accept()
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func passesAnEmptyAnswer() throws {
        let call = try node.post(Body.call(), session: session.token)
        let exchange = try #require(node.lane.last)
        exchange.begin(204, .none)
        exchange.end()
        #expect(call.status == 204)
        #expect(call.text.isEmpty)
        node.expectIdle()
    }

    @Test(arguments: [301, 307, 308])
    func neverPassesARedirectOn(_ status: Int) throws {
        let node = try TestNode()
        let call = try node.post(Body.initialize())
        node.lane.last?.begin(status, .none, length: 0, lines: "Location: http://10.0.0.1:9001/mcp/\r\n")
        #expect(call.status == 502)
        #expect(call.text.contains(#""reason":"redirect""#))
        #expect(!call.text.contains("10.0.0.1"))
        node.expectIdle()
    }
}
