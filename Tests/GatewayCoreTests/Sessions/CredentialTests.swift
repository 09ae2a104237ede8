// Where instances check credentials, nobody gets anything of a session that the instance would not give: what the
// gateway has by itself is put to the instance first.

import NIOCore
import Testing
import TransportAPI

@testable import GatewayCore

@Suite("Credentials") struct CredentialTests {
    private let bench: StreamBench
    private var node: TestNode { bench.node }
    private static let alice = [("Authorization", "Bearer alice")]
    private static let fresh = [("Authorization", "Bearer alice-2")]
    private static let mallory = [("Authorization", "Bearer mallory")]

    init() throws {
        bench = try StreamBench(options: {
            $0.forwardsAuthorization = true
            $0.forwardedHeaders = [Array("x-api-key".utf8)]
        })
        // Its instance has accepted nothing of a session that began without credentials.
        try call(Self.alice).1.answer(Body.result())
    }

    private func call(_ headers: [(String, String)], id: Int = 2) throws -> (TestCall, ScriptedExchange) {
        let call = try node.post(Body.call(id: id), session: bench.session.token, headers: headers)
        return (call, try bench.last())
    }

    /// The ping by which the instance is asked.
    private func ping() throws -> ScriptedExchange {
        let last = try bench.last()
        #expect(last.body?.contains(#""method":"ping""#) == true)
        return last
    }

    private static let pong = #"{"jsonrpc":"2.0","id":"patchbay-credentials","result":{}}"#

    @Test("A GET with the accepted credentials goes straight to the instance")
    func acceptedOnes() throws {
        let stream = try bench.get(headers: Self.alice)
        let exchange = try bench.last()
        #expect(exchange.verb == .get)
        exchange.begin(200, .eventStream)
        #expect(stream.status == 200)
    }

    @Test("A stranger's GET is put to the instance, and its refusal is passed on")
    func strangersStream() throws {
        for headers in [[], Self.mallory] {
            let stream = try bench.get(headers: headers)
            let ping = try ping()
            #expect(ping.header("Authorization") == headers.first?.1)
            #expect(ping.header("Mcp-Session-Id") == "upstream-session")
            #expect(stream.status == nil)
            ping.begin(401, .json, length: 2, lines: "Content-Type: application/json\r\nWWW-Authenticate: Bearer\r\n")
            ping.send("{}")
            ping.end()
            #expect(stream.status == 401)
            #expect(stream.header("WWW-Authenticate") == "Bearer")
            #expect(stream.text == "{}")
        }
        #expect(node.worker.metrics.credentialsRefused == 2)
        #expect(bench.session.session.hasEnded == false)
    }

    @Test("A stranger does not take up a stream with an event id")
    func strangersResume() throws {
        let (running, exchange) = try call(Self.alice, id: 9)
        exchange.begin(200, .eventStream)
        exchange.send(event(StreamBench.progress(1)))
        let id = try #require(running.eventIDs.last)
        running.leave()
        let stolen = try bench.get(id, headers: Self.mallory)
        try ping().answer("{}", 401)
        #expect(stolen.status == 401)
        exchange.send(event(Body.result(id: 9, #"{"secret":1}"#)))
        exchange.end()
        #expect(!stolen.text.contains("secret"))
        let own = try bench.get(id, headers: Self.alice)
        #expect(own.text.contains("secret"))
    }

    @Test("A stranger's DELETE ends nothing")
    func strangersDelete() throws {
        let deletion = try node.delete(session: bench.session.token)
        try ping().answer("{}", 401)
        #expect(deletion.status == 401)
        #expect(!bench.session.session.hasEnded)
        _ = try node.delete(session: bench.session.token, headers: Self.alice)
        #expect(bench.session.session.hasEnded)
        #expect(try bench.last().verb == .delete)
    }

    @Test("A 404 to a stranger ends nothing, one to the owner ends the session")
    func notFound() throws {
        let (stranger, first) = try call(Self.mallory)
        first.answer("{}", 404)
        #expect(stranger.status == 404)
        #expect(!bench.session.session.hasEnded)
        let (owner, second) = try call(Self.alice)
        second.answer("{}", 404)
        #expect(owner.status == 404)
        #expect(bench.session.session.hasEnded)
    }

    @Test("A stranger's answer to a question does not take the place of the owner's")
    func strangersAnswer() throws {
        let (running, exchange) = try call(Self.alice, id: 9)
        exchange.begin(200, .eventStream)
        exchange.send(event(StreamBench.question("5")))
        let body = Body.result(named: try #require(running.sealedQuestion))
        let stolen = try node.post(body, session: bench.session.token, headers: Self.mallory)
        let ping = try ping()
        // While she waits, the owner answers.
        let own = try node.post(body, session: bench.session.token, headers: Self.alice)
        #expect(try bench.last().body?.contains(#""id":5"#) == true)
        try bench.last().accept()
        ping.answer("{}", 401)
        #expect(stolen.status == 401)
        #expect(own.status == 202)
        #expect(bench.session.session.calls.load(ordering: .relaxed) == 1)
    }

    @Test("A GET's 404 says nothing of the session, but the instance is asked")
    func listener() throws {
        for (status, told) in [(200, 405), (404, 404)] {
            let stream = try bench.get(headers: Self.alice)
            try bench.last().answer("{}", 404)
            #expect(stream.status == nil)
            try ping().answer(status == 200 ? Self.pong : "{}", status)
            #expect(stream.status == told)
        }
        #expect(bench.session.session.hasEnded)
    }

    @Test("A server that refuses with 200 accepts nobody by that")
    func refusalInBody() throws {
        for _ in 0..<2 {
            let stream = try bench.get(headers: Self.mallory)
            try ping().answer(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"Unauthorized"}}"#)
            #expect(stream.status == 503)
        }
        #expect(node.worker.metrics.credentialsAsked == 2)
    }

    @Test("A refreshed token is asked for once, and is accepted from then on")
    func refreshed() throws {
        let stream = try bench.get(headers: Self.fresh)
        try ping().answer(Self.pong)
        let exchange = try bench.last()
        #expect(exchange.verb == .get)
        #expect(exchange.header("Authorization") == "Bearer alice-2")
        exchange.begin(200, .eventStream)
        #expect(stream.status == 200)
        let again = try bench.get(headers: Self.fresh)
        #expect(again.status == 200)
        #expect(node.worker.metrics.credentialsAsked == 1)
    }

    @Test("What the gateway says by itself bears the newest accepted credentials")
    func ownMessages() throws {
        let (_, exchange) = try call(Self.alice, id: 5)
        exchange.begin(200, .eventStream)
        try call(Self.fresh, id: 6).1.answer(Body.result(id: 6))
        exchange.send(event(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#))
        #expect(try bench.last().header("Authorization") == "Bearer alice-2")
        exchange.send(event(StreamBench.question("3")))
        node.pass(.seconds(301))
        let late = try bench.last()
        #expect(late.body?.contains("did not answer in time") == true)
        #expect(late.header("Authorization") == "Bearer alice-2")
    }

    @Test("A broken stream of the instance is asked for again with the newest accepted credentials")
    func reopening() throws {
        let (_, exchange) = try call(Self.alice, id: 5)
        exchange.begin(200, .eventStream)
        exchange.send(event(StreamBench.progress(1), id: "up-1"))
        try call(Self.fresh, id: 6).1.answer(Body.result(id: 6))
        exchange.fail(.cut)
        node.pass(.seconds(1))
        let again = try bench.last()
        #expect(again.header("Last-Event-ID") == "up-1")
        #expect(again.header("Authorization") == "Bearer alice-2")
    }

    @Test("A key in a forwarded header is a credential too")
    func forwardedKey() throws {
        try call(Self.alice + [("X-API-Key", "k")]).1.answer(Body.result())
        _ = try bench.get(headers: Self.alice)
        #expect(try ping().header("X-API-Key") == nil)
    }

    @Test("An instance that cannot be asked gives no verdict")
    func noVerdict() throws {
        for failure in [ScriptedUpstream.cut, ScriptedUpstream.refusedLater] {
            let stream = try bench.get(headers: Self.mallory)
            // A ping may be sent twice.
            try ping().fail(failure)
            for exchange in node.lane.running { exchange.fail(failure) }
            #expect(stream.status == 503)
            #expect(stream.header("Retry-After") == "1")
        }
        #expect(!bench.session.session.hasEnded)
    }

    @Test("Nothing is asked where no credentials are forwarded")
    func nothingForwarded() throws {
        let open = try StreamBench()
        _ = try open.get(headers: Self.mallory)
        #expect(try open.last().verb == .get)
        #expect(open.node.worker.metrics.credentialsAsked == 0)
    }

    @Test("The expired session of a client is ended at its instance with its credentials")
    func idleSession() throws {
        node.worker.retire(bench.session.session)
        #expect(try bench.last().verb == .delete)
        #expect(try bench.last().header("Authorization") == "Bearer alice")
    }

    @Test("Long credentials are told apart by their digest, and not kept")
    func longOnes() throws {
        let long = Array(repeating: UInt8(ascii: "a"), count: 100)
        let other = long.dropLast() + [UInt8(ascii: "b")]
        let kept = Credentials(long, bytesMax: 100)
        let digested = Credentials(long, bytesMax: 99)
        #expect(kept.lines == long)
        #expect(digested.lines.isEmpty)
        #expect(digested != Credentials(Array(other), bytesMax: 99))
        #expect(digested == Credentials(long, bytesMax: 99))
    }
}

extension ScriptedUpstream {
    static let cut = TransportError.cut
    /// There is no way to it, but its process may live.
    static let refusedLater = TransportError(.unreachable, .notDelivered, "No route.")
}
