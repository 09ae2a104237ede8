// SIGTERM: new sessions are refused, streams end politely, running calls finish or get an explicit error, and the node
// goes with 0.
import Foundation
import Testing

extension Operations {
    @Suite(.timeLimit(.minutes(5)))
    struct DrainTests {
        @Test func runningCallFinishes() async throws {
            let fleet = try await Fleet.stateful.value
            let gateway = try await Gateway.start(before: fleet.servers)
            let peer = try await Peer.open(gateway.endpoint())
            let label = "drain-\(gateway.port)"
            let call = Task { try await peer.post(Peer.call("slow", #"{"seconds":2,"label":"\#(label)"}"#, id: 7)) }
            try await until("the call at its server") { try !fleet.executions(label).isEmpty }
            #expect(try await gateway.stop() == .exit(0))
            let answer = try await call.value
            #expect(answer.status == 200 && answer.toolText == "slept" && answer.response["id"] == 7, "\(answer.text)")
            #expect(try fleet.executions(label).count == 2, "executed once, finished once")
        }

        /// Balancers get time to notice, and nobody is turned away.
        @Test func firstPhaseAcceptsNewWork() async throws {
            let gateway = try await Gateway.start(before: Fleet.stateful.value.servers, "drain_delay: 1h")
            gateway.process.send(SIGTERM)
            let unready = try await eventually("unready while draining") {
                let answer = try await gateway.admin("/readyz")
                return answer.status == 503 ? answer : nil
            }
            #expect(unready.text.contains("draining"))
            #expect(try await gateway.admin("/livez").status == 200)
            #expect(try await gateway.metric("patchbay_draining") == 1)
            let peer = try await Peer.open(gateway.endpoint())
            #expect(try await peer.call("counter") == "1")
            #expect(try await gateway.stop() == .exit(0), "a second signal ends it")
        }

        /// A call waits for the client's answer to a question, so it runs as long as this test wants it to.
        @Test func secondPhaseRefusesSessionsAndEndsStreams() async throws {
            let gateway = try await Gateway.start(before: Fleet.stateful.value.servers, "drain_timeout: 1h")
            let peer = try await Peer.open(gateway.endpoint())
            let stream = try await peer.stream("GET")
            let (call, question) = try await peer.question(id: 7)
            gateway.process.send(SIGTERM)

            let refused = try await refusedSession(gateway)
            #expect(refused.status == 503 && refused["Retry-After"] != nil, "\(refused.text)")
            #expect(refused.json["error"]["code"].integer == -32603 && refused.json["id"] == 0)
            var last: ServerEvent?
            while let event = try await stream.next() { last = event }
            let retry = last?.retry.flatMap { Int($0) } ?? 0
            #expect(retry >= 1000 && retry <= 60_000, "the stream ended with \(String(describing: last))")
            #expect(try await peer.post(Scene.ping).status == 200, "live sessions go on as long as a call runs")

            try await peer.answer(question)
            let whole = try await call.whole()
            #expect(whole.toolText == "accept w" && whole.response["id"] == 7, "\(whole.text)")
            #expect(try await gateway.process.end() == .exit(0))
        }

        /// A client that has just connected has lost nothing yet, and must not: its request gets an answer.
        @Test func freshConnectionGetsItsAnswer() async throws {
            let gateway = try await Gateway.start(before: Fleet.stateful.value.servers, "drain_timeout: 1h")
            let peer = try await Peer.open(gateway.endpoint())
            let (call, question) = try await peer.question(id: 7)
            let fresh = try RawConnection(to: gateway.port)
            gateway.process.send(SIGTERM)
            _ = try await refusedSession(gateway)
            let body = Array(Peer.call("counter").utf8)
            await fresh.send(HTTPAnswer.request(gateway.endpoint(), "POST", peer.headers, body: body))
            let answer = try await AnswerReader(fresh).answer()
            #expect(answer.toolText == "1" && answer.closes, "\(answer.status) \(answer.text)")
            try await peer.answer(question)
            #expect(try await call.whole().toolText == "accept w")
            #expect(try await gateway.process.end() == .exit(0))
        }

        /// The answer to `initialize` once the drain has begun.
        private func refusedSession(_ gateway: Gateway) async throws -> HTTPAnswer {
            try await eventually("a refused session") {
                let answer = try? await Peer(endpoint: gateway.endpoint()).post(Peer.initialize())
                return answer?.status == 200 ? nil : answer
            }
        }

        @Test(arguments: [false, true])
        func longerCallGetsAnExplicitError(answersWithJSON: Bool) async throws {
            let fleet = try await (answersWithJSON ? Fleet.json : Fleet.stateful).value
            let gateway = try await Gateway.start(before: fleet.servers, "drain_timeout: 500ms")
            let peer = try await Peer.open(gateway.endpoint())
            let label = "long-\(gateway.port)"
            let call = Task {
                try await peer.post(Peer.call("slow", #"{"seconds":120,"label":"\#(label)"}"#, id: 7))
            }
            try await until("the call at its server") { try !fleet.executions(label).isEmpty }
            #expect(try await gateway.stop() == .exit(0))
            let answer = try await call.value
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.response["id"] == 7 && answer.response["error"]["code"].integer == -32603, "\(answer.text)")
            #expect(answer.response["error"]["data"]["reason"] == "outcome_unknown", "\(answer.text)")
        }

        @Test func modernListenEndsWithItsResult() async throws {
            let gateway = try await Gateway.start(before: Fleet.modern.value.servers)
            var listen = ModernCall("subscriptions/listen", #""notifications":{"toolsListChanged":true},"#)
            listen.id = #""listen""#
            let stream = try await EventStream.open(gateway.endpoint(), "POST", listen.headers, body: listen.body)
            #expect(try await stream.next()?.message?["method"] == "notifications/subscriptions/acknowledged")
            gateway.process.send(SIGTERM)
            var last: ServerEvent?
            while let event = try await stream.next() { last = event }
            #expect(last?.message?["id"] == "listen")
            #expect(last?.message?["result"]["resultType"] == "complete", "\(String(describing: last))")
            #expect(
                last?.message?["result"]["_meta"]["\(ModernCall.prefix)/subscriptionId"] == "listen")
            #expect(try await gateway.process.end() == .exit(0))
        }
    }
}
