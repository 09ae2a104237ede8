// Questions at awkward moments: nobody listens, the stream is gone, the answer cannot be delivered, somebody guesses.

import NIOCore
import Testing
import TransportAPI

@testable import GatewayCore

@Suite struct QuestionEdgeTests {
    private func ask(_ exchange: ScriptedExchange, _ id: String = "7") {
        exchange.send(event(StreamBench.question(id)))
    }

    private func answer(_ bench: StreamBench, _ id: String) throws -> TestCall {
        try bench.node.post(Body.result(named: id), session: bench.session.token)
    }

    /// What the instance was told about its question 7.
    private func told(_ bench: StreamBench) -> [String] {
        bench.node.lane.opened.compactMap(\.body).filter { $0.contains(#""id":7,"#) }
    }

    @Test func tellsTheServerThoughTheStreamIsGone() throws {
        let bench = try StreamBench()
        let (stream, exchange) = try bench.open()
        ask(exchange)
        stream.leave()
        bench.node.pass(.seconds(130))
        #expect(exchange.isCancelled)
        bench.node.pass(.seconds(200))
        #expect(told(bench).count == 1)
        #expect(told(bench).first?.contains("timed_out") == true)
        #expect(bench.node.worker.questions.count == 0)
        bench.expectRest()
    }

    @Test("All sessions together may ask so much; the server of one question more is told at once")
    func boundsAllSessionsTogether() throws {
        let bench = try StreamBench(parts: { $0.limits.questions = 1 })
        let (call, exchange) = try bench.call()
        ask(exchange, "6")
        ask(exchange, "7")
        #expect(told(bench).first?.contains("too_many_questions") == true)
        #expect(bench.node.worker.questions.count == 1)
        #expect(call.text.components(around: "elicitation/create").count == 1)
    }

    @Test func tellsTheServerThoughTheClientLeftBeforeTheHead() throws {
        let bench = try StreamBench()
        try bench.node.post(Body.call(), session: bench.session.token).leave()
        let exchange = try bench.last()
        exchange.begin(200, .eventStream)
        ask(exchange)
        exchange.send(event(#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#))
        #expect(bench.node.lane.opened.contains { $0.body == #"{"jsonrpc":"2.0","id":"p","result":{}}"# })
        bench.node.pass(.seconds(301))
        #expect(told(bench).count == 1)
        exchange.send(event(Body.result()))
        exchange.end()
        bench.expectRest()
    }

    @Test("A question is not withdrawn behind the response of its call")
    func saysNothingBehindTheResponse() throws {
        let bench = try StreamBench()
        let (call, exchange) = try bench.call()
        ask(exchange)
        exchange.send(event(Body.result()))
        bench.node.pass(.seconds(301))
        #expect(!call.text.contains("notifications/cancelled"))
        exchange.end()
        bench.expectRest()
    }

    @Test("Every node hears that a question is given up, so that none accepts a late answer")
    func tellsOtherNodes() throws {
        let bus = DeafBus()
        let bench = try StreamBench { _ in } parts: { $0.cluster = ClusterParts(bus: bus, isAlone: false) }
        let (_, exchange) = try bench.call()
        ask(exchange)
        #expect(bus.notes.isEmpty)
        bench.node.pass(.seconds(301))
        #expect(bus.notes.count == 1)
    }

    @Test func withdrawsOnNoOtherSessionsStream() throws {
        let bench = try StreamBench()
        let (stream, exchange) = try bench.open()
        ask(exchange)
        let token = try #require(stream.sealedQuestion)
        stream.leave()
        bench.node.pass(.seconds(130))
        // One of these is likely to stand where the ended exchange stood.
        let others = try (0..<40).map { try bench.node.openSession(id: "other-\($0)") }
        let calls = try others.map { other in
            let call = try bench.node.get(session: other.token)
            try bench.last().begin(200, .eventStream)
            return call
        }
        bench.node.pass(.seconds(200))
        #expect(told(bench).count == 1)
        for call in calls { #expect(!call.text.contains(token)) }
    }

    @Test func acceptsAnAnswerAgainThatNobodyGot() throws {
        let bench = try StreamBench()
        let (call, exchange) = try bench.call()
        ask(exchange)
        let token = try #require(call.sealedQuestion)
        bench.node.lane.failsAtOnce[exchange.instance] = TransportError(.overloaded, .notDelivered, "Full.")
        #expect(try answer(bench, token).status == 503)
        bench.node.lane.failsAtOnce = [:]
        let sent = bench.node.lane.opened.count
        let second = try answer(bench, token)
        #expect(bench.node.lane.opened.count == sent + 1)
        bench.node.lane.last?.accept()
        #expect(second.status == 202)
        #expect(try answer(bench, token).status == 202)
        #expect(bench.node.lane.opened.count == sent + 1)
    }

    @Test func tellsTheServerThatAnAnswerWasLostOnTheWay() throws {
        let bench = try StreamBench()
        let (call, exchange) = try bench.call()
        ask(exchange)
        let token = try #require(call.sealedQuestion)
        bench.node.lane.failsAtOnce[exchange.instance] = TransportError(.overloaded, .notDelivered, "Full.")
        #expect(try answer(bench, token).status == 503)
        bench.node.lane.failsAtOnce = [:]
        bench.node.pass(.seconds(301))
        #expect(told(bench).contains { $0.contains("timed_out") })
    }

    @Test func spendsNoAnswerOnABatchThatIsRefused() throws {
        let bench = try StreamBench(revision: "2025-03-26", parts: { $0.limits.callsPerSession = 1 })
        let (call, exchange) = try bench.call()
        ask(exchange)
        let token = try #require(call.sealedQuestion)
        let sent = bench.node.lane.opened.count
        let refused = try bench.node.post(
            "[\(Body.result(named: token)),\(Body.call(id: 3))]", session: bench.session.token)
        #expect(refused.text.contains("too_many_calls"))
        #expect(bench.node.lane.opened.count == sent)
        _ = try answer(bench, token)
        #expect(bench.node.lane.last?.body == #"{"jsonrpc":"2.0","id":7,"result":{}}"#)
    }

    @Test func spendsNoAnswerOnABatchOfALaterRevision() throws {
        let bench = try StreamBench()
        let (call, exchange) = try bench.call()
        ask(exchange)
        let token = try #require(call.sealedQuestion)
        #expect(try bench.node.post("[\(Body.result(named: token))]", session: bench.session.token).status == 400)
        _ = try answer(bench, token)
        #expect(bench.node.lane.last?.body == #"{"jsonrpc":"2.0","id":7,"result":{}}"#)
    }

    @Test(
        "A server whose answer was on its way at the deadline is told after a while, unless the answer has arrived",
        arguments: [true, false])
    func tellsNoServerTwice(_ arrives: Bool) throws {
        let bench = try StreamBench()
        let (call, exchange) = try bench.call()
        ask(exchange)
        let token = Array(try #require(call.sealedQuestion).utf8)
        let opened = try #require(token.withUnsafeBytes { QuestionToken.open($0, bench.node.worker.sealer) })
        // Another event loop has accepted the answer, and its word of it is still on the way.
        #expect(bench.node.gateway.answered.take(opened.nonce, expires: opened.expires))
        bench.node.pass(.seconds(301))
        #expect(told(bench).isEmpty)
        if arrives {
            bench.node.gateway.apply(.answered(nonce: opened.nonce))
            bench.node.runLoops()
        }
        bench.node.pass(.seconds(31))
        #expect(told(bench).count == (arrives ? 0 : 1))
        #expect(bench.node.worker.questions.count == 0)
    }
}

/// Keeps what is published, and delivers nothing.
private final class DeafBus: MessageBus, @unchecked Sendable {
    private(set) var notes: [ClusterNote] = []
    let envelopeBytesMax = 1 << 20

    func publish(_ envelope: Envelope, to subject: Subject) {
        if let note = ClusterNote(envelope) { notes.append(note) }
    }

    func subscribe(
        to subject: Subject, capacity: SubscriptionCapacity, on loop: any EventLoop, _ receiver: any EnvelopeReceiver
    ) -> EventLoopFuture<any Subscription> {
        loop.makeFailedFuture(TransportError(.closed, .notDelivered, "Nobody is heard here."))
    }
}
