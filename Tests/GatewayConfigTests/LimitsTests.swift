// The bounds of the whole node: that they arrive, and what of them each event loop has.

import GatewayConfig
import Testing

@Suite struct LimitsTests {
    @Test func everyBoundOfTheNodeArrives() throws {
        let limits = try load(
            """
            limits: {json_number: 100, incoming: 5MiB, requests: 6MiB, held: 7MiB, queued: 8MiB, replay_live: 9MiB}
            \(smallUpstream)
            """).configuration.limits
        #expect(limits.jsonNumber == 100)
        #expect(limits.incoming == 5 << 20)
        #expect(limits.requests == 6 << 20)
        #expect(limits.held == 7 << 20)
        #expect(limits.queued == 8 << 20)
        #expect(limits.replayLive == 9 << 20)
    }

    @Test func headersOfAnswersArrive() throws {
        let text = "upstreams: [{name: main, instances: ['http://a'], forward_answer_headers: [X-One, set-cookie]}]"
        let upstream = try #require(try load(text).configuration.upstreams.first)
        #expect(upstream.forwardAnswerHeaders == ["x-one", "set-cookie"])
        #expect(GatewayConfiguration.Upstream(name: "a", instances: []).forwardAnswerHeaders == [])
    }

    @Test(arguments: [(1, 96, 96), (2, 96, 48), (7, 96, 13), (256, 96, 1), (0, 96, 96), (3, 1, 1)])
    func eventLoopsHaveEqualShares(_ loops: Int, _ total: Int, _ share: Int) {
        var configuration = GatewayConfiguration()
        configuration.eventLoops = loops
        #expect(configuration.share(of: total) == share)
    }
}
