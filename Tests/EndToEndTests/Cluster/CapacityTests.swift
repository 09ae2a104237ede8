// Attachments that say how much their instances are made for: the nodes share out by that, and stop there.
import Foundation
import Testing

extension Cluster {
    @Suite(.timeLimit(.minutes(5)))
    struct CapacityTests {
        @Test(arguments: Topology.matrix(.attached))
        func sessionsBeyondTheCapacityAreRefused(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let plan = Deployment.Plan(attachmentOptions: ["--capacity", "2"])
            let nodes = try await Deployment.start(topology, [Publication(servers: fleet.servers)], plan)
            let most = 2 * fleet.servers.count
            // Nodes hear of each other's sessions once a second. Those by which they were found ready may not be
            // forgotten yet.
            var peers: [Peer] = []
            let refused = try await eventually("a full upstream") { () -> HTTPAnswer? in
                let node = nodes.nodes[peers.count % nodes.nodes.count]
                var peer = Peer(endpoint: node.endpoint())
                let answer = try await peer.post(Peer.initialize())
                guard let id = answer["Mcp-Session-Id"] else { return answer.status == 503 ? answer : nil }
                peer.headers.append(("Mcp-Session-Id", id))
                peers.append(peer)
                return nil
            }
            #expect(refused.text.contains(#""reason":"full""#), "\(refused.text)")
            #expect(refused["Retry-After"] == "5")
            print("\(topology): full with \(peers.count) sessions of \(most)")
            // Each node may fill it once more between two signs of life.
            #expect(!peers.isEmpty && peers.count <= most * (nodes.nodes.count + 1))
            for peer in peers { _ = try await peer.send("DELETE") }
            _ = try await eventually("room again") { try? await Peer.open(nodes.first.endpoint()) }
        }
    }
}
