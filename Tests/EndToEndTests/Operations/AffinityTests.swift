// Nodes that name themselves for balancers, wherever the session's instance is reached.
import Testing

extension Operations {
    @Suite(.timeLimit(.minutes(5)))
    struct AffinityTests {
        @Test(arguments: [Topology.single, .attached])
        func answersThatBeginASessionNameTheNode(_ topology: Topology) async throws {
            let nodes = try await Deployment.start(
                topology, before: Fleet.stateful.value.servers,
                "node_name: here\naffinity: {header: Patchbay-Node, cookie: node}")
            var peer = Peer(endpoint: nodes.first.endpoint())
            let begun = try await peer.post(Peer.initialize())
            #expect(begun.status == 200)
            #expect(begun["Patchbay-Node"] == "here")
            #expect(begun["Set-Cookie"] == "node=here; Path=/; HttpOnly; SameSite=Lax")
            peer.headers.append(("Mcp-Session-Id", try #require(begun["Mcp-Session-Id"])))
            let later = try await peer.post(Scene.ping)
            #expect(later.status == 200)
            #expect(later["Patchbay-Node"] == nil)
            #expect(later["Set-Cookie"] == nil)
        }
    }
}
