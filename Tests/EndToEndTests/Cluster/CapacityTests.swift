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
            // Those by which the nodes were found ready have to be over first: each node hears of it once a second.
            var peers: [Peer] = []
            for place in 0..<most {
                let node = nodes.nodes[place % nodes.nodes.count]
                peers.append(try await eventually("room for \(most) sessions") { try? await .open(node.endpoint()) })
            }
            let refused = try await eventually("a full upstream") { () -> HTTPAnswer? in
                let answer = try await Peer(endpoint: nodes.first.endpoint()).post(Peer.initialize())
                if let id = answer["Mcp-Session-Id"] {
                    // Another node's session that this one had not heard of yet.
                    var late = Peer(endpoint: nodes.first.endpoint())
                    late.headers.append(("Mcp-Session-Id", id))
                    _ = try await late.send("DELETE")
                }
                return answer.status == 503 ? answer : nil
            }
            #expect(refused.text.contains(#""reason":"full""#), "\(refused.text)")
            #expect(refused["Retry-After"] == "5")
            for peer in peers { #expect(try await !peer.call("counter").isEmpty) }
            _ = try await peers[0].send("DELETE")
            _ = try await eventually("room again") { try? await Peer.open(nodes.first.endpoint()) }
        }
    }
}
