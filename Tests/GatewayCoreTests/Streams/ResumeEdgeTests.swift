// Streams at awkward moments: before the head, while the instance refuses or is asked again, beyond a bound.

import Synchronization
import Testing

@testable import GatewayCore

@Suite struct ResumeEdgeTests {
    private func progress(_ number: Int, id: String? = nil) -> String { event(StreamBench.progress(number), id: id) }

    @Test func keepsWhatComesForAClientThatLeftBeforeTheHead() throws {
        let bench = try StreamBench()
        try bench.get().leave()
        let exchange = try bench.last()
        exchange.begin(200, .eventStream)
        exchange.send(progress(1))
        let back = try bench.get()
        #expect(bench.node.lane.last === exchange)
        #expect(back.status == 200)
        #expect(back.header("Content-Type") == "text/event-stream")
        exchange.send(progress(2))
        #expect(back.progress == [1, 2])
        back.leave()
        bench.expectRest()
    }

    @Test func saysThatListsMayHaveChangedToAClientThatLeftBeforeTheHead() throws {
        let bench = try StreamBench()
        bench.session.session.listKinds = [.tools]
        let (stream, first) = try bench.open()
        first.send(progress(1))
        stream.leave()
        bench.node.pass(.seconds(130))
        try bench.get(stream.eventIDs[1]).leave()
        try bench.last().begin(200, .eventStream)
        let back = try bench.get()
        #expect(back.text.contains("notifications/tools/list_changed"))
        back.leave()
        bench.expectRest()
    }

    @Test(arguments: [404, 405, 500]) func doesNotKeepARefusalThatNobodyHeard(status: Int) throws {
        let bench = try StreamBench()
        try bench.get().leave()
        let exchange = try bench.last()
        exchange.begin(status, .json, length: 100)
        #expect(exchange.isCancelled)
        bench.node.expectIdle()
        bench.session.expectQuiet()
        let back = try bench.get()
        #expect(bench.node.lane.last !== exchange)
        back.leave()
        bench.expectRest()
    }

    @Test func doesNotJoinARefusal() throws {
        let bench = try StreamBench()
        let first = try bench.get()
        let refusing = try bench.last()
        refusing.begin(405, .json, length: 4)
        let second = try bench.get()
        #expect(bench.node.lane.last !== refusing)
        try bench.last().begin(200, .eventStream)
        refusing.send("1234")
        refusing.end()
        #expect(first.status == 405)
        #expect(first.text == "1234")
        #expect(second.status == 200)
        #expect(!second.text.contains("1234"))
        second.leave()
        bench.expectRest()
    }

    @Test func announcesAfterALossOnlyBehindTheHead() throws {
        let bench = try StreamBench()
        bench.session.session.listKinds = [.tools]
        let (stream, first) = try bench.open()
        first.send(progress(1))
        stream.leave()
        bench.node.pass(.seconds(130))
        let waiting = try bench.get()
        let back = try bench.get(stream.eventIDs[1])
        #expect(waiting.status == 409)
        #expect(back.status == nil)
        try bench.last().begin(200, .eventStream)
        #expect(back.status == 200)
        #expect(back.text.components(around: "notifications/tools/list_changed").count == 1)
        #expect(back.eventIDs.map { $0.split(separator: ".").last } == ["0", "1"])
        back.leave()
        bench.expectRest()
    }

    @Test func saysSoWhenAPlainGetHasMissedTooMuch() throws {
        let bench = try StreamBench(parts: { $0.limits.replayEvents = 3 })
        bench.session.session.listKinds = [.tools]
        let (stream, exchange) = try bench.open()
        stream.leave()
        for number in 1...5 { exchange.send(progress(number)) }
        let back = try bench.get()
        #expect(back.progress == [3, 4, 5])
        #expect(back.text.contains("notifications/tools/list_changed"))
        exchange.send(progress(6))
        #expect(back.progress == [3, 4, 5, 6])
        back.leave()
        bench.expectRest()
    }

    @Test func keepsItsOwnEventIDsFromInstances() throws {
        let bench = try StreamBench()
        let (stream, exchange) = try bench.open()
        exchange.send(progress(1))
        stream.leave()
        bench.node.pass(.seconds(130))
        let back = try bench.get(stream.eventIDs[1])
        #expect(try bench.last().header("Last-Event-ID") == nil)
        back.leave()
        bench.expectRest()
    }

    @Test func tellsTheOutcomeWhereNoMoreMayRunUnheard() throws {
        let bench = try StreamBench(parts: { $0.limits.detachedExchanges = 0 })
        let (call, exchange) = try bench.call(id: 7)
        exchange.send(progress(1))
        call.leave()
        #expect(exchange.isCancelled)
        let back = try bench.get(call.eventIDs[1])
        #expect(back.text.contains(#"{"jsonrpc":"2.0","id":7,"error":"#))
        #expect(back.text.contains("outcome_unknown"))
        #expect(back.isEnded)
        bench.expectRest()
    }

    @Test func asksForNoRestBehindAnIDThatItCannotName() throws {
        let bench = try StreamBench()
        let (call, exchange) = try bench.call()
        exchange.send(progress(1, id: "a"))
        exchange.send(progress(2, id: String(repeating: "x", count: 2000)))
        exchange.fail(.cut)
        #expect(call.isEnded)
        #expect(call.text.contains("outcome_unknown"))
        bench.expectRest()
    }

    @Test func pausesTheRestForAClientThatDoesNotRead() throws {
        let bench = try StreamBench()
        let (stream, exchange) = try bench.open()
        exchange.send(progress(1))
        stream.setWritable(false)
        exchange.fail(.cut)
        bench.node.pass(.seconds(1))
        let again = try bench.last()
        #expect(again !== exchange)
        #expect(again.isPaused)
        stream.setWritable(true)
        #expect(!again.isPaused)
        stream.leave()
        bench.expectRest()
    }

    @Test func asksForTheRestWithTheClientsCredentials() throws {
        let bench = try StreamBench(options: { $0.forwardsAuthorization = true })
        let token = [("Authorization", "Bearer abc")]
        _ = try bench.node.post(Body.call(), session: bench.session.token, headers: token)
        try bench.last().answer(Body.result())
        let stream = try bench.get(headers: token)
        let exchange = try bench.last()
        exchange.begin(200, .eventStream)
        exchange.send(progress(1, id: "theirs"))
        exchange.fail(.cut)
        bench.node.pass(.seconds(1))
        let again = try bench.last()
        #expect(again !== exchange)
        #expect(again.header("Authorization") == "Bearer abc")
        #expect(again.header("Last-Event-ID") == "theirs")
        #expect(again.header("Mcp-Session-Id") == "upstream-session")
        stream.leave()
        bench.expectRest()
    }

    @Test func hidesAnInstancesIDsInTheAnswerToInitialize() throws {
        let bench = try StreamBench()
        let call = try bench.node.post(Body.initialize())
        let exchange = try bench.last()
        exchange.begin(200, .eventStream, session: "s")
        exchange.send("id: theirs-0\ndata: \n\n" + event(Body.initialized(), id: "theirs-1"))
        exchange.end()
        #expect(call.status == 200)
        #expect(call.text == event(Body.initialized()))
        bench.expectRest()
    }

    @Test func refusesAnAnswerToInitializeThatIsTooLarge() throws {
        let bench = try StreamBench(parts: { $0.limits.heldResultBytes = 1000 })
        let call = try bench.node.post(Body.initialize())
        let exchange = try bench.last()
        exchange.begin(200, .eventStream, session: "s")
        for number in 1...20 { exchange.send(progress(number)) }
        #expect(call.status == 502)
        #expect(call.text.contains("limits.result"))
        #expect(exchange.isCancelled)
        bench.expectRest()
    }

    @Test func answersACallOfABatchWhoseStreamBroke() throws {
        let bench = try StreamBench(revision: "2025-03-26")
        let call = try bench.node.post("[\(Body.call(id: 5))]", session: bench.session.token)
        let exchange = try bench.last()
        exchange.begin(200, .eventStream)
        exchange.send(progress(1, id: "theirs"))
        exchange.end()
        #expect(call.eventIDs.isEmpty)
        #expect(call.progress == [1])
        #expect(call.text.contains(#"{"jsonrpc":"2.0","id":5,"error":"#))
        #expect(call.isEnded)
        bench.expectRest()
    }

    @Test func completesAnEventWhoseLastLineEndIsCut() throws {
        let bench = try StreamBench()
        let (call, exchange) = try bench.call()
        exchange.send("data: \(Body.result())\r\n\r")
        #expect(call.text.hasSuffix("}\r\n\r\n"))
        exchange.send("\n")
        exchange.end()
        #expect(call.text.hasSuffix("}\r\n\r\n"))
        #expect(call.isEnded)
        bench.expectRest()
    }

    @Test func completesAPassedEventWhoseLastLineEndIsCut() throws {
        let bench = try StreamBench(options: { $0.isResumable = false })
        let (call, exchange) = try bench.call()
        exchange.send("data: \(Body.result())\r\n\r")
        #expect(call.text == "data: \(Body.result())\r\n\r\n")
        exchange.send("\n")
        exchange.end()
        #expect(call.text == "data: \(Body.result())\r\n\r\n")
        #expect(call.isEnded)
        bench.expectRest()
    }
}
