// The suite of everything that operators see and do: each test runs gateways of its own. One after the other, so that
// the machine has room for the servers, and the waits in one test are not those of another.
import Testing

@Suite(.serialized)
enum Operations {
    /// Health checks that notice soon when an instance is back. That one is gone shows by its refused connections; a
    /// busy machine alone must not take one out.
    static let quickHealth = "health: {interval: 500ms, timeout: 500ms, unhealthy_after: 20}"

    /// Two servers of their own, to be killed, with one tally.
    static func pair(
        _ name: String, _ options: String...
    ) async throws -> (one: TestServer, two: TestServer, tally: String) {
        let tally = Scratch.path("\(name).tally")
        async let one = TestServer.start("\(name)-1", options + ["--tally", tally])
        async let two = TestServer.start("\(name)-2", options + ["--tally", tally])
        return try await (one, two, tally)
    }

    /// Opens sessions until one lives on the server of this name.
    static func session(on server: TestServer, of gateway: Gateway) async throws -> Peer {
        try await eventually("a session on \(server.name)") {
            let peer = try await Peer.open(gateway.endpoint())
            return try await peer.call("whoami") == server.name ? peer : nil
        }
    }
}
