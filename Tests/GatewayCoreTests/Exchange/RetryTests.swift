// What may be sent again and what may not: provably unsent requests go elsewhere where any instance will do, reads are
// repeated once, and nothing else ever is.

import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct RetryTests {
    /// Lets the newest request fail, and returns whether another was sent.
    private func isRepeated(_ node: TestNode, _ error: TransportError) throws -> Bool {
        let before = node.lane.opened.count
        try #require(node.lane.last).fail(error)
        return node.lane.opened.count > before
    }

    @Test func takesAnUnsentInitializeElsewhere() throws {
        let node = try TestNode(instances: 3)
        let call = try node.post(Body.initialize())
        #expect(try isRepeated(node, .refused))
        #expect(try isRepeated(node, .refused))
        #expect(Set(node.lane.opened.map(\.instance)).count == 3)
        node.lane.last?.answer(Body.initialized(), session: "up")
        #expect(call.status == 200)
        #expect(node.worker.metrics.retries == [2])
        node.expectIdle()
    }

    @Test func takesAnUnsentStatelessCallElsewhere() throws {
        let node = try TestNode(instances: 2, era: .stateless)
        let call = try node.postModern("tools/call", name: "add", members: #""name":"add","#)
        #expect(try isRepeated(node, .refused))
        #expect(node.lane.opened[0].instance != node.lane.opened[1].instance)
        #expect(node.lane.opened[0].body == node.lane.opened[1].body)
        #expect(node.lane.opened[0].lines == node.lane.opened[1].lines)
        node.lane.last?.answer(Body.result())
        #expect(call.text == Body.result())
        node.expectIdle()
    }

    @Test func dealsWithFailuresInsideOpen() throws {
        let node = try TestNode(instances: 3)
        node.lane.failsAtOnce = [0: .refused, 1: .refused]
        for _ in 0..<10 {
            for instance in node.instances { instance.health.store(.healthy, ordering: .relaxed) }
            let call = try node.post(Body.initialize())
            let exchange = try #require(node.lane.last)
            #expect(exchange.instance == 2)
            // The handle is that of the attempt that lives.
            call.setWritable(false)
            #expect(exchange.isPaused)
            call.setWritable(true)
            exchange.answer(Body.initialized(), session: "up")
            #expect(call.status == 200)
        }
        node.expectIdle()
    }

    @Test func givesUpWhenEveryInstanceRefuses() throws {
        let node = try TestNode(instances: 2)
        node.lane.failsAtOnce = [0: .refused, 1: .refused]
        let call = try node.post(Body.initialize(id: 5))
        #expect(call.status == 503)
        #expect(call.header("Retry-After") == "1")
        #expect(call.text.contains(#""id":5"#))
        #expect(node.lane.opened.count == 2)
        #expect(node.instances.allSatisfy { !$0.isEligible })
        node.expectIdle()
    }

    @Test func stopsAtTheLimitOfAttempts() throws {
        let node = try TestNode(instances: 10, parts: { $0.limits.attempts = 3 })
        let error = TransportError(.timedOut, .notDelivered, "No connection in time.")
        let call = try node.post(Body.initialize())
        #expect(try isRepeated(node, error))
        #expect(try isRepeated(node, error))
        #expect(try !isRepeated(node, error))
        #expect(call.status == 503)
        #expect(call.text.contains(#""reason":"not_delivered""#))
        node.expectIdle()
    }

    @Test func neverTakesAPinnedRequestElsewhere() throws {
        let node = try TestNode(instances: 3)
        let session = try node.openSession()
        let error = TransportError(.timedOut, .notDelivered, "No connection in time.")
        let call = try node.post(Body.request("tools/list"), session: session.token)
        #expect(try !isRepeated(node, error))
        // Inside a live session a failed call is told in JSON-RPC: clients take an error status for the session's end.
        #expect(call.status == 200)
        #expect(call.text.contains(#""reason":"not_delivered""#))
        #expect(!session.session.hasEnded)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func endsTheSessionOfAnInstanceThatRefuses() throws {
        let node = try TestNode(instances: 3)
        let session = try node.openSession()
        let call = try node.post(Body.request("tools/list"), session: session.token)
        #expect(try !isRepeated(node, .refused))
        #expect(call.status == 404)
        #expect(session.session.hasEnded)
        #expect(try node.post(Body.call(), session: session.token).status == 404)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func keepsTheSessionWhenThisSideIsOverloaded() throws {
        let node = try TestNode()
        let session = try node.openSession()
        let call = try node.post(Body.call(), session: session.token)
        #expect(try !isRepeated(node, TransportError(.overloaded, .notDelivered, "Too many connections.")))
        #expect(call.status == 200)
        #expect(!session.session.hasEnded)
        #expect(session.session.instance.isEligible)
        #expect(session.session.instance.failuresInARow.load(ordering: .relaxed) == 0)
    }

    // MARK: Perhaps sent

    @Test(arguments: ["tools/list", "resources/read", "prompts/get", "ping", "completion/complete", "logging/setLevel"])
    func repeatsAnInterruptedReadOnce(_ method: String) throws {
        let node = try TestNode()
        let session = try node.openSession()
        let call = try node.post(Body.request(method, id: 8), session: session.token)
        #expect(try isRepeated(node, .cut))
        #expect(node.lane.last?.instance == session.session.instance.index)
        #expect(try !isRepeated(node, .cut))
        #expect(call.status == 200)
        #expect(call.text.contains(#""reason":"no_answer""#))
        session.expectQuiet()
        node.expectIdle()
    }

    @Test(arguments: ["tools/call", "tasks/update", "vendor/anything", "sampling/createMessage"])
    func neverRepeatsASideEffect(_ method: String) throws {
        let node = try TestNode()
        let session = try node.openSession()
        let call = try node.post(Body.request(method, id: 8), session: session.token)
        #expect(try !isRepeated(node, .cut))
        #expect(call.status == 200)
        #expect(call.text.hasPrefix(#"{"jsonrpc":"2.0","id":8,"error":{"code":-32603,"#))
        #expect(call.text.hasSuffix(#""data":{"reason":"outcome_unknown"}}}"#))
        #expect(node.worker.metrics.retries == [0])
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func neverRepeatsANotificationOrAnAnswer() throws {
        let node = try TestNode()
        let session = try node.openSession()
        for body in [
            Body.notification("notifications/cancelled"), Body.result(named: node.question(session, id: "4")),
        ] {
            let call = try node.post(body, session: session.token)
            #expect(try !isRepeated(node, .cut))
            // Nobody waits for more than a receipt, and clients take an error status for the session's end.
            #expect(call.status == 202)
            #expect(call.text.isEmpty)
        }
        node.expectIdle()
        let bare = try TestNode(era: .sessionless)
        let call = try bare.post(Body.notification("notifications/cancelled"))
        #expect(try !isRepeated(bare, .cut))
        #expect(call.status == 502)
    }

    @Test(arguments: [TransportError.Code.timedOut, .malformed, .overloaded, .cancelled])
    func repeatsNothingForOtherFailures(_ code: TransportError.Code) throws {
        let node = try TestNode()
        let session = try node.openSession()
        try node.post(Body.request("tools/list"), session: session.token)
        #expect(try !isRepeated(node, TransportError(code, .unknown, "x")))
        node.expectIdle()
    }

    @Test func repeatsNothingOfWhichSomethingCameBack() throws {
        let node = try TestNode()
        let session = try node.openSession()
        let call = try node.post(Body.request("tools/list"), session: session.token)
        node.lane.last?.begin(200, .json, length: 100)
        #expect(try !isRepeated(node, .cut))
        #expect(call.sink.isAborted)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func repeatsNothingForAClientThatLeft() throws {
        let node = try TestNode()
        let session = try node.openSession()
        let call = try node.post(Body.request("tools/list"), session: session.token)
        call.leave()
        #expect(try !isRepeated(node, .cut))
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func staysWithinTheBudget() throws {
        let node = try TestNode(parts: { $0.limits.retryPercent = 0 })
        let session = try node.openSession()
        var repeated = 0
        for id in 10..<30 {
            try node.post(Body.request("tools/list", id: id), session: session.token)
            if try isRepeated(node, .cut) { repeated += 1 }
            if !(node.lane.last?.isOver ?? true) { node.lane.last?.answer(Body.result(id: id)) }
            for instance in node.instances { instance.noteAnswer(HealthPolicy(), isCheck: true) }
        }
        #expect(repeated == 5)
        node.expectIdle()
    }

    @Test func repeatsAnInitializeOfWhichNothingCameBack() throws {
        let node = try TestNode()
        let call = try node.post(Body.initialize())
        #expect(try isRepeated(node, .cut))
        node.lane.last?.answer(Body.initialized(), session: "up")
        #expect(call.status == 200)
        node.expectIdle()
    }

    @Test func ejectsWhatFailsInARow() throws {
        let node = try TestNode(instances: 1)
        let session = try node.openSession()
        for _ in 0..<3 {
            try node.post(Body.call(), session: session.token)
            node.lane.last?.fail(.cut)
        }
        #expect(!node.instances[0].isEligible)
        // What lives there goes on.
        let call = try node.post(Body.call(), session: session.token)
        node.lane.last?.answer(Body.result())
        #expect(call.text == Body.result())
    }
}
