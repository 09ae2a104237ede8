// Requests of the stateful revisions that go no further, each with its status and code (mcp-wire 2.5).

import Testing

@testable import GatewayCore

@Suite struct LegacyRoutingTests {
    private func expect(
        _ call: TestCall, _ status: Int, _ code: Int, id: String = "null",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(call.status == status, sourceLocation: sourceLocation)
        #expect(
            call.text.hasPrefix(#"{"jsonrpc":"2.0","id":\#(id),"error":{"code":\#(code),"#), "\(call.text)",
            sourceLocation: sourceLocation)
        #expect(call.isEnded, sourceLocation: sourceLocation)
    }

    @Test func refusesWhatIsNoMessage() throws {
        let node = try TestNode()
        expect(try node.post(""), 400, -32700)
        expect(try node.post("{"), 400, -32700)
        expect(try node.post("{}"), 400, -32600)
        expect(try node.post("7"), 400, -32600)
        expect(try node.post("[]"), 400, -32600)
        expect(try node.post(#"{"jsonrpc":"1.0","id":5,"method":"ping"}"#), 400, -32600, id: "5")
        expect(try node.post(#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#), 400, -32600)
        expect(try node.post(#"{"jsonrpc":"2.0","id":"a","id":"a","method":"ping"}"#), 400, -32600)
        #expect(node.lane.opened.isEmpty)
        node.expectIdle()
    }

    @Test func wantsASessionId() throws {
        let node = try TestNode()
        expect(try node.post(Body.call(id: 9)), 400, -32600, id: "9")
        expect(try node.post(Body.notification("notifications/initialized")), 400, -32600)
        expect(try node.post(Body.result(id: 3)), 400, -32600)
        expect(try node.get(), 400, -32600)
        expect(try node.delete(session: nil), 400, -32600)
        #expect(node.lane.opened.isEmpty)
        node.expectIdle()
    }

    @Test func answersUnknownForeignAndTamperedIdsAlike() throws {
        let node = try TestNode()
        let session = try node.openSession()
        var tampered = Array(session.token.utf8)
        tampered[40] ^= 1
        let other = try TestNode(parts: { $0.keys = [SealedBoxKey.other] })
        let foreign = try other.openSession()
        for token in ["x", "upstream-session", String(decoding: tampered, as: UTF8.self), foreign.token] {
            let texts = [
                try node.post(Body.call(), session: token), try node.get(session: token),
                try node.delete(session: token),
            ]
            for call in texts {
                #expect(call.status == 404)
                #expect(call.text.contains("Session not found"))
            }
        }
        #expect(node.lane.opened.count == 1)
        node.expectIdle()
    }

    @Test func refusesARepeatedSessionId() throws {
        let node = try TestNode()
        let session = try node.openSession()
        let call = try node.post(Body.call(), session: session.token, headers: [("Mcp-Session-Id", session.token)])
        expect(call, 400, -32600, id: "2")
        #expect(try node.get(session: session.token, headers: [("mcp-session-id", "x")]).status == 400)
    }

    @Test func refusesAnEndedSession() throws {
        let node = try TestNode()
        let session = try node.openSession()
        node.worker.end(session.session)
        expect(try node.post(Body.call(), session: session.token), 404, -32600, id: "2")
        #expect(try node.get(session: session.token).status == 404)
        #expect(try node.delete(session: session.token).status == 404)
    }

    @Test func refusesATokenOfAnotherUpstream() throws {
        let node = try TestNode(parts: { parts in
            let group = UpstreamGroup(
                index: 1, name: "other", digest: 0xBBBB, path: "/other",
                instances: [Instance(index: 0, name: "x", digest: 100, hasStreamEndpoint: false, era: .stateful)],
                transport: ScriptedUpstream(), options: UpstreamGroup.Options())
            parts.upstreams.append(group)
        })
        let session = try node.openSession()
        expect(try node.post(Body.call(), session: session.token, path: "/other"), 404, -32600, id: "2")
    }

    @Test func refusesVersionsThatNobodySpeaks() throws {
        let node = try TestNode()
        let session = try node.openSession()
        for version in ["2024-13-01", "", "2025-06-18 ", "latest\u{22}"] {
            let call = try node.post(Body.call(), session: session.token, headers: [("MCP-Protocol-Version", version)])
            if version == "2025-06-18 " {
                #expect(call.status == nil)
            } else {
                expect(call, 400, -32022, id: "2")
                #expect(call.text.contains(#""supported":["2025-11-25","2025-06-18","2025-03-26"]"#))
            }
        }
        let twice = [("MCP-Protocol-Version", "2025-06-18"), ("MCP-Protocol-Version", "2025-11-25")]
        expect(try node.post(Body.call(), session: session.token, headers: twice), 400, -32022, id: "2")
        #expect(try node.get(session: session.token, headers: [("MCP-Protocol-Version", "x")]).status == 400)
        let modern = try node.get(session: session.token, headers: [("MCP-Protocol-Version", "2026-07-28")])
        #expect(modern.status == 405)
        #expect(modern.header("Allow") == "POST")
    }

    @Test func capsCallsAndStreamsOfASession() throws {
        let node = try TestNode(parts: {
            $0.limits.callsPerSession = 2
            $0.limits.streamsPerSession = 1
        })
        let session = try node.openSession()
        try node.post(Body.call(id: 10), session: session.token)
        try node.post(Body.call(id: 11), session: session.token)
        let call = try node.post(Body.call(id: 12), session: session.token)
        expect(call, 200, -32603, id: "12")
        #expect(call.text.contains(#""reason":"too_many_calls""#))
        // Answers and notifications are no calls.
        let answer = Body.result(named: node.question(session, id: "1"))
        #expect(try node.post(answer, session: session.token).status == nil)
        #expect(try node.get(session: session.token).status == nil)
        expect(try node.get(session: session.token), 429, -32600)
        for exchange in node.lane.running { exchange.answer(Body.result()) }
        session.expectQuiet()
        #expect(try node.post(Body.call(id: 13), session: session.token).status == nil)
    }

    @Test func capsSessions() throws {
        let node = try TestNode(parts: { $0.limits.sessions = 1 })
        _ = try node.openSession()
        let call = try node.post(Body.initialize(id: 4))
        expect(call, 503, -32603, id: "4")
        #expect(call.header("Retry-After") == "5")
        node.expectIdle()
    }

    @Test func takesNoNewSessionsWhileItDrains() throws {
        let node = try TestNode(hasStreamEndpoint: true)
        let session = try node.openSession()
        node.gateway.beginDrain()
        let call = try node.post(Body.initialize())
        expect(call, 503, -32603, id: "1")
        #expect(call.header("Retry-After") == "1")
        #expect(try node.get(session: session.token).status == 503)
        #expect(try node.get("/sse").status == 503)
        #expect(try node.post(Body.call(), session: session.token).status == nil)
    }

    @Test func offersNoSessionWhereInstancesKeepNone() throws {
        let node = try TestNode(era: .sessionless)
        #expect(try node.get().status == 405)
        #expect(try node.delete(session: nil).status == 405)
        #expect(try node.post(Body.call()).status == nil)
        #expect(node.lane.last?.header("Mcp-Session-Id") == nil)
    }

    @Test func beginsSessionsWhereThereAreSuch() throws {
        let mixed = try TestNode(instances: 2)
        mixed.instances[0].era.store(Era.stateless.rawValue, ordering: .relaxed)
        for _ in 0..<10 { try mixed.post(Body.initialize()) }
        #expect(mixed.lane.opened.allSatisfy { $0.instance == 1 })
        // Until eras are translated: a clear error, and never one that a client takes for an old server.
        let modern = try TestNode(era: .stateless)
        let call = try modern.post(Body.initialize(id: 6))
        expect(call, 400, -32022, id: "6")
        #expect(call.text.contains(#""supported":["2026-07-28"]"#))
        #expect(call.text.contains(#""requested":"2025-11-25""#))
        #expect(try modern.get().status == 405)
        #expect(try modern.delete(session: nil).status == 405)
        #expect(modern.lane.opened.isEmpty)
    }

    @Test func saysThatNoInstanceIsThere() throws {
        let node = try TestNode(era: .sessionless)
        for instance in node.instances { instance.health.store(.ejected, ordering: .relaxed) }
        let call = try node.post(Body.call())
        expect(call, 503, -32603, id: "2")
        #expect(call.text.contains(#""reason":"no_instance""#))
        #expect(try node.post(Body.initialize()).status == 503)
        node.expectIdle()
    }
}
