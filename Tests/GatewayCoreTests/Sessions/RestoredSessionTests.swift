// Tokens from before a restart with the same secret: the token alone routes, and what has ended stays ended.

import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct RestoredSessionTests {
    /// A node that started anew, and a session of the one before.
    private func restart(
        upstreamID: String = "up", looksAfterInstances: Bool = false, parts: (inout Gateway.Parts) -> Void = { _ in }
    ) throws -> (TestNode, String, Int) {
        let old = try TestNode()
        let session = try old.openSession(id: upstreamID)
        let node = try TestNode(looksAfterInstances: looksAfterInstances, parts: parts)
        for check in node.lane.running { check.answer("{}", 400) }
        return (node, session.token, session.session.instance.index)
    }

    @Test func goesOnAtItsInstance() throws {
        let (node, token, index) = try restart()
        let call = try node.post(Body.call(), session: token)
        #expect(node.lane.last?.instance == index)
        #expect(node.lane.last?.header("Mcp-Session-Id") == "up")
        node.lane.last?.answer(Body.result())
        #expect(call.text == Body.result())
        #expect(node.gateway.sessions.count == 1)
        try node.post(Body.call(), session: token)
        #expect(node.gateway.sessions.count == 1)
        #expect(node.instances[index].sessions.load(ordering: .relaxed) == 1)
    }

    @Test func doesNotComeBackFromADeletion() throws {
        let (node, token, _) = try restart()
        let call = try node.delete(session: token)
        node.lane.last?.answer("", 405)
        #expect(call.status == 200)
        node.pass(.seconds(60))
        let sent = node.lane.opened.count
        #expect(try node.post(Body.call(), session: token).status == 404)
        #expect(try node.get(session: token).status == 404)
        #expect(node.lane.opened.count == sent)
    }

    @Test func doesNotComeBackWhenItsInstanceDoesNotKnowIt() throws {
        let (node, token, _) = try restart()
        try node.post(Body.call(), session: token)
        node.lane.last?.answer("{}", 404)
        node.pass(.seconds(60))
        let sent = node.lane.opened.count
        #expect(try node.post(Body.call(), session: token).status == 404)
        #expect(node.lane.opened.count == sent)
    }

    @Test func doesNotComeBackWhenItWasIdle() throws {
        let (node, token, _) = try restart(looksAfterInstances: true, parts: { $0.waits.sessionIdle = .seconds(50) })
        try node.post(Body.call(), session: token)
        node.lane.last?.answer(Body.result())
        node.pass(.seconds(70))
        #expect(node.lane.opened.filter { $0.verb == .delete }.count == 1)
        #expect(try node.post(Body.call(), session: token).status == 404)
        node.pass(.seconds(70))
        #expect(try node.post(Body.call(), session: token).status == 404)
        #expect(node.lane.opened.filter { $0.verb == .delete }.count == 1)
    }

    @Test func needsAnInstanceThatIsStillThere() throws {
        let old = try TestNode(instances: 1)
        let session = try old.openSession()
        let node = try TestNode(parts: { parts in
            let group = parts.upstreams[0]
            parts.upstreams = [
                UpstreamGroup(
                    index: 0, name: group.name, digest: group.digest, path: group.path,
                    instances: [Instance(index: 0, name: "new", digest: 777, hasStreamEndpoint: false, era: .stateful)],
                    transport: group.transport, options: group.options)
            ]
        })
        #expect(try node.post(Body.call(), session: session.token).status == 404)
    }

    @Test func needsTheInstancesIdInTheToken() throws {
        let (node, token, _) = try restart(upstreamID: String(repeating: "x", count: 65))
        #expect(try node.post(Body.call(), session: token).status == 404)
    }

    @Test func isNoStreamOf2024() throws {
        let old = try TestNode(hasStreamEndpoint: true)
        let stream = try old.get("/sse")
        old.lane.last?.begin(200, .eventStream)
        old.lane.last?.send("event: endpoint\r\ndata: /messages/?session_id=abc\r\n\r\n")
        let token = try #require(stream.text.firstMatch(of: /session_id=(\S+)/)?.1)
        // Its session lived on one stream of the node before; it is no session of the newer transport.
        let node = try TestNode(hasStreamEndpoint: true)
        #expect(try node.post(Body.call(), session: String(token)).status == 404)
        #expect(try node.post(Body.call(), path: "/mcp/messages?session_id=\(token)").status == 404)
        #expect(node.lane.opened.isEmpty)
    }
}
