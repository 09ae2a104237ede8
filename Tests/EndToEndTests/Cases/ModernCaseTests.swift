// The cases of the official client of mcp 2.3.0 (2026-07-28, and older revisions at the same door), through one gateway
// in front of two upstreams of three servers each. The cases themselves are in `clients/`; each is one test here.
import Testing

@Suite(.serialized)
struct ModernCaseTests {
    static let run = Task {
        async let modern = Fleet.modern.value
        async let json = Fleet.modernJSON.value
        let gateway = try await Gateway.start(
            [modern.upstream("modern", path: "/mcp"), json.upstream("json", path: "/json")],
            "timeouts: {sse_comment: 2s}")
        return try await CaseRun(
            "modern_cases.py", version: "2.3.0",
            [
                "--url", gateway.endpoint().url, "--json-url", gateway.endpoint("/json").url,
                "--comment-interval", "2", "--tally", modern.tally, json.tally,
            ], gateway: gateway)
    }

    @Test(.timeLimit(.minutes(5)), arguments: CaseName.modern)
    func passes(_ name: String) async throws {
        try await Self.run.value.passes(name)
    }

    @Test(.timeLimit(.minutes(5)))
    func runEndsWell() async throws {
        try await Self.run.value.endsWell(passed: CaseName.modern.count)
    }

    @Test func noCaseIsMissing() async throws {
        #expect(try await CaseRun.names("modern_cases.py", version: "2.3.0") == CaseName.modern)
    }
}
