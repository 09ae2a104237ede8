// The lines that tell a balancer which node has begun a session: with answers that begin one, and no others.

import Testing

@testable import GatewayCore

@Suite struct AffinityHintTests {
    private let node: TestNode

    init() throws {
        node = try TestNode(
            parts: { $0.affinityLines = Array("patchbay-node: n-1\r\nSet-Cookie: node=n-1\r\n".utf8) })
    }

    private func expectHint(_ call: TestCall, _ isThere: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(call.header("patchbay-node") == (isThere ? "n-1" : nil), sourceLocation: sourceLocation)
        #expect(call.header("Set-Cookie") == (isThere ? "node=n-1" : nil), sourceLocation: sourceLocation)
    }

    @Test func goesWithWhatBeginsASession() throws {
        let call = try node.post(Body.initialize())
        try #require(node.lane.last).answer(Body.initialized(), session: "up")
        #expect(call.status == 200)
        expectHint(call, true)
        let token = try #require(call.header("Mcp-Session-Id"))
        let later = try node.post(Body.call(), session: token)
        try #require(node.lane.last).answer(Body.result())
        #expect(later.status == 200)
        expectHint(later, false)
    }

    @Test func staysAwayFromRefusals() throws {
        let call = try node.post(Body.initialize())
        try #require(node.lane.last).answer(Body.result(), 400)
        #expect(call.status == 400)
        expectHint(call, false)
        let refused = try node.post("{")
        #expect(refused.status == 400)
        expectHint(refused, false)
    }
}
