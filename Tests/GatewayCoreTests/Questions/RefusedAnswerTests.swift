// An answer that the server refuses was not given: it may come again, and if it does not the server hears an error.

import NIOCore
import Testing

@testable import GatewayCore

@Suite("Refused answers") struct RefusedAnswerTests {
    private let bench: StreamBench

    init() throws { bench = try StreamBench(parts: { $0.waits.question = .seconds(60) }) }

    private func ask() throws -> (String, ScriptedExchange) {
        let (call, exchange) = try bench.call()
        exchange.send(event(StreamBench.question("5")))
        return (try #require(call.sealedQuestion), exchange)
    }

    private func answer(_ token: String) throws -> TestCall {
        try bench.node.post(Body.result(named: token), session: bench.session.token)
    }

    @Test("The second answer reaches the server", arguments: [401, 403, 429, 500, 503])
    func again(status: Int) throws {
        let (token, _) = try ask()
        let first = try answer(token)
        try bench.last().answer("{}", status)
        #expect(first.status == status)
        #expect(bench.node.worker.questions.count == 1)
        let sent = bench.node.lane.opened.count
        let second = try answer(token)
        #expect(bench.node.lane.opened.count == sent + 1)
        try bench.last().accept()
        #expect(second.status == 202)
        #expect(bench.node.worker.questions.count == 0)
        #expect(bench.node.worker.metrics.questionsAnswered == 1)
    }

    @Test("Without a second answer the server hears that the time is over", arguments: [401, 503])
    func never(status: Int) throws {
        let (token, _) = try ask()
        _ = try answer(token)
        try bench.last().answer("{}", status)
        bench.node.pass(.seconds(62))
        #expect(bench.node.lane.opened.contains { $0.body?.contains("did not answer in time") == true })
    }

    @Test("An answer of which nobody knows whether it arrived is not given twice")
    func unknown() throws {
        let (token, _) = try ask()
        _ = try answer(token)
        try bench.last().fail(.cut)
        let sent = bench.node.lane.opened.count
        #expect(try answer(token).status == 202)
        #expect(bench.node.lane.opened.count == sent)
    }

    @Test("Questions that expire together are settled in turns, each with an error")
    func storm() throws {
        let storm = try StreamBench(parts: {
            $0.waits.question = .seconds(60)
            $0.limits.questionsPerSession = 40
            $0.limits.expiriesAtOnce = 10
            $0.limits.ownMessagesAtOnce = 4
        })
        let (_, exchange) = try storm.call()
        for number in 0..<40 { exchange.send(event(StreamBench.question("\(number)"))) }
        storm.node.pass(.seconds(59))
        let before = storm.node.lane.opened.count
        storm.node.pass(.seconds(2))
        #expect(storm.node.worker.questions.count < 40)
        #expect(storm.node.worker.questions.count > 0)
        // No more at once than the bound, and the others in turn.
        #expect(storm.node.lane.opened.count - before <= 4)
        var errors = 0
        for _ in 0..<100 {
            for message in storm.node.lane.running where message !== exchange {
                #expect(message.body?.contains("did not answer in time") == true)
                errors += 1
                message.accept()
            }
            storm.node.pass(.seconds(1))
        }
        #expect(errors == 40)
        #expect(storm.node.worker.ownMessages.count == 0)
    }
}
