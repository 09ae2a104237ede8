// The cases of the official client of mcp 1.30.0, through one gateway in front of five upstreams of three servers each.
// The cases themselves are in `clients/`; each is one test here.
import Testing

@Suite(.serialized)
struct LegacyCaseTests {
    static let run = Task {
        async let stateful = Fleet.stateful.value
        async let json = Fleet.json.value
        async let stateless = Fleet.stateless.value
        async let sse = Fleet.sse.value
        async let events = Fleet.events.value
        let gateway = try await Gateway.start(
            [
                stateful.upstream("stateful", path: "/mcp"), json.upstream("json", path: "/json"),
                stateless.upstream("stateless", path: "/stateless"),
                sse.upstream("sse", path: "/legacy", offersStream: true), events.upstream("events", path: "/events"),
            ], "timeouts: {sse_comment: 2s}")
        let tallies = try await [stateful.tally, json.tally, stateless.tally, sse.tally, events.tally]
        return try CaseRun(
            "cases.py", version: "1.30.0",
            [
                "--url", gateway.endpoint().url, "--json-url", gateway.endpoint("/json").url,
                "--stateless-url", gateway.endpoint("/stateless").url,
                "--sse-url", gateway.endpoint("/legacy/sse").url, "--events-url", gateway.endpoint("/events").url,
                "--comment-interval", "2", "--tally",
            ] + tallies, gateway: gateway)
    }

    @Test(.timeLimit(.minutes(5)), arguments: CaseName.legacy)
    func passes(_ name: String) async throws {
        try await Self.run.value.passes(name)
    }

    @Test(.timeLimit(.minutes(5)))
    func runEndsWell() async throws {
        try await Self.run.value.endsWell(passed: CaseName.legacy.count)
    }

    @Test func noCaseIsMissing() async throws {
        #expect(try await CaseRun.names("cases.py", version: "1.30.0") == CaseName.legacy)
    }
}
