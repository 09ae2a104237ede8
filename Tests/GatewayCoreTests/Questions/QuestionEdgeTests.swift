// Questions at awkward moments: nobody listens, the stream is gone, the answer cannot be delivered, somebody guesses.

import Testing
import TransportAPI

@testable import GatewayCore

@Suite struct QuestionEdgeTests {
    private func ask(_ exchange: ScriptedExchange, _ id: String = "7") { exchange.send(event(StreamBench.question(id))) }

    private func answer(_ bench: StreamBench, _ id: String) throws -> TestCall {
        try bench.node.post(Body.result(named: id), session: bench.session.token)
    }

    /// What the instance was told about its question 7.
    private func told(_ bench: StreamBench) -> [String] {
        bench.node.lane.opened.compactMap(\.body).filter { $0.contains(#""id":7,"#) }
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
}
