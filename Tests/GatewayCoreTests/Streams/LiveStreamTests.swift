// Streams that still grow: what all of them keep, who listens, and what the gateway says on their behalf.

import Testing

@testable import GatewayCore

@Suite struct LiveStreamTests {
    private func progress(_ number: Int) -> String { event(StreamBench.progress(number)) }

    @Test("Own answers to an instance bear the client's credentials, in time and late")
    func answersWithTheClientsCredentials() throws {
        let bench = try StreamBench(options: { $0.forwardsAuthorization = true })
        let call = try bench.node.post(
            Body.call(), session: bench.session.token, headers: [("Authorization", "Bearer abc"), ("X-Other", "1")])
        let exchange = try bench.last()
        exchange.begin(200, .eventStream)
        exchange.send(event(#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#))
        let pong = try bench.last()
        #expect(pong.header("Authorization") == "Bearer abc")
        #expect(pong.header("X-Other") == nil)
        #expect(pong.header("Content-Type") == "application/json")
        exchange.send(event(StreamBench.question("7")))
        bench.node.pass(.seconds(301))
        let late = try bench.last()
        #expect(late.body?.contains("timed_out") == true)
        #expect(late.header("Authorization") == "Bearer abc")
        exchange.send(event(Body.result()))
        exchange.end()
        #expect(call.isEnded)
    }

    @Test("A client whose next request is for the very stream that it just lost is heard")
    func takesBackWhatItLost() throws {
        let bench = try StreamBench()
        let (first, exchange) = try bench.open()
        exchange.send(progress(1))
        let id = try #require(first.eventIDs.last)
        var again: TestCall?
        first.sink.next = { again = try? bench.get(id) }
        let second = try bench.get(id)
        exchange.send(progress(2))
        #expect(first.isEnded)
        #expect(second.isEnded)
        let heard = try #require(again)
        #expect(heard.text.contains(#""progress":2"#))
        #expect(!heard.isEnded)
        heard.leave()
        bench.node.pass(.seconds(130))
        bench.expectRest()
    }

    @Test("What all growing streams keep is bounded, and who needs more is told that it is lost")
    func boundsWhatLiveStreamsKeep() throws {
        let bench = try StreamBench(parts: { $0.limits.replayLiveBytes = 3 * HostedStream.fixedBytes })
        let (call, exchange) = try bench.call()
        for number in 1...20 { exchange.send(progress(number)) }
        #expect(bench.node.worker.streams.liveBytes <= 3 * HostedStream.fixedBytes)
        let ids = call.eventIDs
        call.leave()
        let late = try bench.get(ids[1])
        #expect(late.text.contains("outcome_unknown"))
        let timely = try bench.get(ids[ids.count - 1])
        exchange.send(event(Body.result()))
        exchange.end()
        #expect(timely.text.hasSuffix(event(Body.result())))
        bench.node.pass(.seconds(130))
        #expect(bench.node.worker.streams.liveBytes == 0)
    }
}
