// What is kept of streams that still grow is bounded in all, also when single events are large; who keeps little loses
// nothing for those who keep much.

import Testing

@testable import GatewayCore

@Suite("Kept events") struct KeptEventsTests {
    private static let large = String(repeating: "x", count: 50_000)

    @Test("The largest forget first, their newest event included")
    func bound() throws {
        let bench = try StreamBench(parts: {
            $0.limits.replayLiveBytes = 200_000
            $0.limits.callsPerSession = 100
        })
        let (small, own) = try bench.call(id: 1)
        own.send(event(StreamBench.progress(7)))
        var calls: [(TestCall, ScriptedExchange)] = []
        for id in 2..<22 {
            let (call, exchange) = try bench.call(id: id)
            let params = #"{"data":"\#(Self.large)"}"#
            exchange.send(event(#"{"jsonrpc":"2.0","method":"notifications/message","params":\#(params)}"#))
            call.leave()
            calls.append((call, exchange))
            #expect(bench.node.worker.streams.liveBytes <= 200_000)
        }
        #expect(bench.node.worker.streams.forgotten > 0)
        // Who kept little is given what it has missed.
        let id = try #require(small.eventIDs.first)
        small.leave()
        #expect(try bench.get(id).progress == [7])
        // Who has lost it is told.
        let lost = try #require(calls.first?.0.eventIDs.first)
        let told = try bench.get(lost)
        #expect(told.text.contains("outcome_unknown"))
        // Its newest numbers go on.
        let newest = try #require(calls.last)
        newest.1.send(event(Body.result(id: 21)))
        newest.1.end()
    }
}
