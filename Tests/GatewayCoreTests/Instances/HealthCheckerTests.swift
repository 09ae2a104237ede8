// Checks and era probes: what is asked, what the answers mean, and that no check leaves a session behind.

import NIOCore
import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct HealthCheckerTests {
    private static let discovered = Body.result(id: 1, #"{"supportedVersions":["2026-07-28"],"capabilities":{}}"#)

    private func node(_ instances: Int = 1, era: Era = .unknown, hasStreamEndpoint: Bool = false) throws -> TestNode {
        try TestNode(
            instances: instances, era: era, hasStreamEndpoint: hasStreamEndpoint, looksAfterInstances: true,
            options: {
                $0.health.intervalMilliseconds = 5_000
                $0.health.timeoutMilliseconds = 2_000
                $0.health.unhealthyAfter = 2
            })
    }

    /// Probes one new instance with these answers; nil lets a request fail.
    private func probe(
        discover: (Int, String), initialize: (status: Int, body: String, session: String?)?,
        hasStreamEndpoint: Bool = false
    ) throws -> (era: Era, deletions: [String?]) {
        let node = try node(hasStreamEndpoint: hasStreamEndpoint)
        let first = try #require(node.lane.last)
        #expect(first.header("Mcp-Method") == "server/discover")
        first.answer(discover.1, discover.0)
        if let initialize {
            let second = try #require(node.lane.last)
            #expect(second.body?.contains(#""method":"initialize""#) == true)
            #expect(second.header("Mcp-Session-Id") == nil)
            second.answer(initialize.body, initialize.status, session: initialize.session)
        }
        let deletions = node.lane.opened.filter { $0.verb == .delete }
        return (node.instances[0].currentEra, deletions.map { $0.header("Mcp-Session-Id") })
    }

    @Test func tellsTheErasApart() throws {
        let none = (400, #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Missing session ID"}}"#)
        let stateful = try probe(discover: none, initialize: (200, Body.initialized(), "s1"))
        #expect(stateful.era == .stateful)
        #expect(stateful.deletions == ["s1"])
        let sessionless = try probe(discover: none, initialize: (200, Body.initialized(), nil))
        #expect(sessionless.era == .sessionless)
        #expect(sessionless.deletions.isEmpty)
        let both = try probe(discover: (200, Self.discovered), initialize: (200, Body.initialized(), "s2"))
        #expect(both.era == [.stateless, .stateful])
        #expect(both.deletions == ["s2"])
        let modern = try probe(discover: (200, Self.discovered), initialize: (400, none.1, nil))
        #expect(modern.era == .stateless)
        let old = try probe(discover: (404, "x"), initialize: (405, "x", nil), hasStreamEndpoint: true)
        #expect(old.era == .streamOnly)
        #expect(try probe(discover: (404, "x"), initialize: (405, "x", nil)).era == .unknown)
    }

    @Test func readsAnswersAsEvents() throws {
        let node = try node()
        node.lane.last?.begin(200, .eventStream)
        node.lane.opened[0].sendTogether([": hello\n\n", event(Self.discovered)])
        node.lane.opened[0].end()
        node.lane.last?.answer("{}", 400)
        #expect(node.instances[0].currentEra == .stateless)
    }

    @Test func takesAnotherVersionForNoVersion() throws {
        let other = Body.result(id: 1, #"{"supportedVersions":["2030-01-01"],"capabilities":{}}"#)
        #expect(try probe(discover: (200, other), initialize: (200, Body.initialized(), "s")).era == .stateful)
        #expect(try probe(discover: (200, "not json"), initialize: (200, Body.initialized(), "s")).era == .stateful)
    }

    @Test func leavesNoSessionBehindWhateverTheAnswerSays() throws {
        let error = #"{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"not now"}}"#
        #expect(try probe(discover: (404, ""), initialize: (200, error, "s1")).deletions == ["s1"])
        #expect(try probe(discover: (404, ""), initialize: (200, "not json", "s2")).deletions == ["s2"])
        let text = String(repeating: "x", count: 70_000)
        let long = Body.result(id: 1, #"{"protocolVersion":"2025-11-25","instructions":"\#(text)"}"#)
        #expect(try probe(discover: (404, ""), initialize: (200, long, "s3")).deletions == ["s3"])
    }

    @Test(arguments: [401, 403, 500, 503])
    func learnsNothingFromErrorsOfAnotherKind(_ status: Int) throws {
        #expect(try probe(discover: (status, ""), initialize: nil).era == .unknown)
    }

    @Test(arguments: [401, 403, 429, 500])
    func learnsNothingFromHalfOfAProbe(_ status: Int) throws {
        #expect(try probe(discover: (200, Self.discovered), initialize: (status, "", nil)).era == .unknown)
    }

    @Test func asksAnInstanceWithAKnownEraForALittleOnly() throws {
        let node = try node(era: .stateful)
        let check = try #require(node.lane.last)
        #expect(check.body?.contains(#""method":"ping""#) == true)
        // Without an id a server would make a session for it.
        #expect(check.header("Mcp-Session-Id") == "patchbay-check")
        check.answer("{}", 404)
        #expect(node.instances[0].isProven)
        #expect(node.gateway.isReady)
        #expect(node.instances[0].currentEra == .stateful)
    }

    /// Lets time pass until the next check is sent; its moment is spread at random.
    private func nextCheck(_ node: TestNode, within seconds: Int = 20) throws -> ScriptedExchange {
        let sent = node.lane.opened.count
        for _ in 0..<(seconds * 4) where node.lane.opened.count == sent { node.pass(.milliseconds(250)) }
        #expect(node.lane.opened.count == sent + 1)
        return try #require(node.lane.last)
    }

    @Test func asksAtItsInterval() throws {
        let node = try node(era: .stateful)
        node.lane.last?.answer("{}", 404)
        node.pass(.milliseconds(4750))
        #expect(node.lane.opened.count == 1)
        _ = try nextCheck(node, within: 1)
        // One at a time.
        node.pass(.milliseconds(1500))
        #expect(node.lane.opened.count == 2)
    }

    @Test func ejectsAndReadmits() throws {
        let node = try node(era: .stateful)
        node.lane.last?.answer("{}", 500)
        #expect(node.instances[0].isEligible)
        try nextCheck(node).fail(.cut)
        #expect(!node.instances[0].isEligible)
        #expect(!node.gateway.isReady)
        try nextCheck(node).answer("{}", 404)
        #expect(node.instances[0].isEligible)
        #expect(node.gateway.isReady)
    }

    @Test func asksAnInstanceThatIsDownMoreOften() throws {
        let node = try node(era: .stateful)
        node.lane.last?.fail(.refused)
        try nextCheck(node).fail(.refused)
        for _ in 0..<3 { try nextCheck(node, within: 2).fail(.refused) }
    }

    @Test func takesARefusalForAVerdictAtOnce() throws {
        let node = try node(era: .stateful)
        node.lane.last?.fail(.refused)
        #expect(!node.instances[0].isEligible)
    }

    @Test func takesSilenceForAFailure() throws {
        let node = try node(era: .stateful)
        let check = try #require(node.lane.last)
        node.pass(.seconds(3))
        #expect(check.isCancelled)
        #expect(node.instances[0].failuresInARow.load(ordering: .relaxed) == 1)
        _ = try nextCheck(node)
        node.pass(.seconds(3))
        #expect(!node.instances[0].isEligible)
    }

    @Test func probesAgainAfterAnEjection() throws {
        let node = try node()
        node.lane.last?.answer("", 404)
        let probe = try #require(node.lane.last)
        probe.answer(Body.initialized())
        #expect(node.instances[0].currentEra == .sessionless)
        let ping = try nextCheck(node)
        #expect(ping.body?.contains("ping") == true)
        ping.fail(.refused)
        // What comes back may be another version.
        let discover = try nextCheck(node)
        #expect(discover.header("Mcp-Method") == "server/discover")
        discover.answer(Self.discovered)
        node.lane.last?.answer("", 400)
        #expect(node.instances[0].currentEra == .stateless)
    }

    @Test func saysWhenEveryInstanceWasChecked() throws {
        let node = try node(2, era: .stateful)
        var isChecked = false
        node.worker.whenChecked { isChecked = true }
        node.lane.opened[0].answer("{}", 404)
        #expect(!isChecked)
        node.lane.opened[1].fail(.refused)
        #expect(isChecked)
        var isCheckedAtOnce = false
        node.worker.whenChecked { isCheckedAtOnce = true }
        #expect(isCheckedAtOnce)
    }

    @Test func bearsFailuresInsideOpen() throws {
        let node = try node(era: .stateful)
        node.lane.failsAtOnce = [0: .refused]
        node.lane.last?.answer("{}", 404)
        _ = try nextCheck(node)
        #expect(!node.instances[0].isEligible)
        node.lane.failsAtOnce = [:]
        try nextCheck(node).answer("{}", 404)
        #expect(node.instances[0].isEligible)
    }

    private static let noSession = (400, #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"No session"}}"#)

    private func deletions(_ node: TestNode) -> [ScriptedExchange] { node.lane.opened.filter { $0.verb == .delete } }

    @Test("An instance that is slow to initialize is up meanwhile, and its session is ended when it has a name")
    func waitsForSlowOnes() throws {
        let node = try node()
        node.lane.opened[0].answer(Self.noSession.1, Self.noSession.0)
        let slow = try #require(node.lane.last)
        #expect(!node.instances[0].isProven)
        node.pass(.seconds(3))
        #expect(node.instances[0].isProven)
        #expect(!slow.isCancelled)
        // Beside it checks go on.
        node.pass(.seconds(6))
        let check = try #require(node.lane.last)
        #expect(check.body?.contains("ping") == true)
        check.answer("{}", 404)
        slow.answer(Body.initialized(), session: "late")
        #expect(deletions(node).map { $0.header("Mcp-Session-Id") } == ["late"])
        #expect(node.instances[0].currentEra == .stateful)
        #expect(node.lane.opened.count { $0.body?.contains("initialize") == true } == 1)
    }

    @Test("An answer on a stream that stays open ends its session at once")
    func endsOpenStreams() throws {
        let node = try node()
        node.lane.opened[0].answer(Self.noSession.1, Self.noSession.0)
        let stream = try #require(node.lane.last)
        stream.begin(200, .eventStream, session: "open")
        stream.send(event(Body.notification("notifications/message")))
        #expect(!stream.isCancelled)
        stream.send(event(Body.initialized()))
        #expect(stream.isCancelled)
        #expect(deletions(node).map { $0.header("Mcp-Session-Id") } == ["open"])
        #expect(node.instances[0].currentEra == .stateful)
    }

    @Test("A head that names a session is enough to end it, also if no answer follows")
    func endsHalfAnswers() throws {
        let node = try node()
        node.lane.opened[0].answer(Self.noSession.1, Self.noSession.0)
        node.lane.last?.begin(200, .eventStream, session: "half")
        node.pass(.seconds(40))
        #expect(deletions(node).first?.header("Mcp-Session-Id") == "half")
    }

    @Test("Who does not let go of a probe's session is not asked for another while it is up")
    func asksNoMoreOfKeepers() throws {
        let node = try node()
        node.lane.opened[0].answer(Self.noSession.1, Self.noSession.0)
        node.lane.last?.answer(Body.initialized(), session: "kept")
        deletions(node).first?.answer("{}", 405)
        for _ in 0..<400 {
            node.pass(.seconds(1))
            for exchange in node.lane.running { exchange.answer("{}", 404) }
        }
        #expect(node.lane.opened.count { $0.body?.contains(#""method":"initialize""#) == true } == 1)
    }
}
