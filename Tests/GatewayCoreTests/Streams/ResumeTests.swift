// Streams that a client leaves and takes up again: exactly what it has missed, in order, once.

import NIOCore
import Testing
import TransportAPI

@testable import GatewayCore

@Suite struct ResumeTests {
    private let node: TestNode
    private let session: TestSession

    init() throws {
        node = try TestNode(options: { $0.isResumable = true })
        session = try node.openSession()
    }

    private func call(id: Int = 2) throws -> (TestCall, ScriptedExchange) {
        let call = try node.post(Body.call(id: id), session: session.token)
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        return (call, exchange)
    }

    private func resume(_ id: String?) throws -> TestCall {
        try node.get(session: session.token, headers: id.map { [("Last-Event-ID", $0)] } ?? [])
    }

    private func progress(_ number: Int) -> String {
        event(#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":\#(number)}}"#)
    }

    /// The numbers of the progress notifications that a client has got, in order.
    private func numbers(_ call: TestCall) -> [Int] {
        call.text.components(around: #""progress":"#).compactMap { Int($0.prefix { $0.isNumber }) }
    }

    @Test func primesAStreamAndNumbersItsEvents() throws {
        let (call, exchange) = try call()
        #expect(call.text.hasPrefix("id: "))
        #expect(call.text.hasSuffix(".0\ndata: \n\n"))
        exchange.send(progress(1))
        exchange.send(event(Body.result()))
        exchange.end()
        #expect(call.isEnded)
        #expect(call.eventIDs.map { $0.split(separator: ".").last } == ["0", "1", "2"])
        #expect(call.text.hasSuffix(event(Body.result())))
        session.expectQuiet()
        node.expectIdle()
    }

    @Test(arguments: ["2025-03-26", "2025-06-18"]) func primesNoOlderClients(revision: String) throws {
        let old = try node.openSession(revision: revision)
        let call = try node.post(Body.call(), session: old.token)
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        #expect(call.status == 200)
        #expect(call.text.isEmpty)
        exchange.send(event(Body.result()))
        #expect(call.eventIDs.count == 1)
    }

    @Test func replaysWhatWasMissed() throws {
        let (call, exchange) = try call()
        for number in 1...3 { exchange.send(progress(number)) }
        call.leave()
        #expect(!exchange.isCancelled)
        for number in 4...6 { exchange.send(progress(number)) }
        // It has read two of the three that were sent.
        let back = try resume(call.eventIDs[2])
        #expect(back.status == 200)
        #expect(back.header("Content-Type") == "text/event-stream")
        #expect(numbers(back) == [3, 4, 5, 6])
        exchange.send(progress(7))
        exchange.send(event(Body.result()))
        exchange.end()
        #expect(numbers(back) == [3, 4, 5, 6, 7])
        #expect(back.text.hasSuffix(event(Body.result())))
        #expect(back.isEnded)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func keepsACompleteStreamForAWhile() throws {
        let (call, exchange) = try call()
        exchange.send(progress(1))
        call.leave()
        exchange.send(event(Body.result()))
        exchange.end()
        node.expectIdle()
        for _ in 0..<2 {
            let back = try resume(call.eventIDs[0])
            #expect(numbers(back) == [1])
            #expect(back.text.hasSuffix(event(Body.result())))
            #expect(back.isEnded)
        }
        // It has everything.
        let end = try resume(call.eventIDs[0].replacingLast("2"))
        #expect(end.isEnded)
        #expect(end.status == 200)
        node.pass(.seconds(61))
        let late = try resume(call.eventIDs[0])
        #expect(late.text.contains(#"{"jsonrpc":"2.0","id":2,"error":"#))
        #expect(late.text.contains(#""reason":"outcome_unknown""#))
        #expect(late.isEnded)
        #expect(node.worker.streams.count == 0)
        node.expectIdle()
    }

    @Test func handsTheStreamToTheNewestClient() throws {
        let (call, exchange) = try call()
        exchange.send(progress(1))
        let back = try resume(call.eventIDs[1])
        #expect(call.isEnded)
        exchange.send(progress(2))
        #expect(numbers(call) == [1])
        #expect(numbers(back) == [2])
        exchange.send(event(Body.result()))
        exchange.end()
        #expect(back.isEnded)
        node.expectIdle()
    }

    @Test func saysSoWhenTooMuchWasMissed() throws {
        let small = try TestNode(options: { $0.isResumable = true }, parts: { $0.limits.replayEvents = 3 })
        let session = try small.openSession()
        let call = try small.post(Body.call(id: 9), session: session.token)
        let exchange = try #require(small.lane.last)
        exchange.begin(200, .eventStream)
        exchange.send(progress(1))
        call.leave()
        for number in 2...5 { exchange.send(progress(number)) }
        let lost = try small.get(session: session.token, headers: [("Last-Event-ID", call.eventIDs[1])])
        #expect(lost.text.contains(#"{"jsonrpc":"2.0","id":9,"error":"#))
        let enough = try small.get(
            session: session.token, headers: [("Last-Event-ID", call.eventIDs[1].replacingLast("2"))])
        #expect(numbers(enough) == [3, 4, 5])
    }

    @Test func refusesIdsThatAreNotItsOwn() throws {
        let (call, exchange) = try call()
        exchange.send(progress(1))
        let own = call.eventIDs[1]
        let other = try node.openSession(id: "other")
        let foreign = try node.get(session: other.token, headers: [("Last-Event-ID", own)])
        #expect(foreign.status == 400)
        for id in ["", "1", "x.y.z.1", own + "1", own.replacingLast("7"), String(own.dropFirst()), own + ".1"] {
            let refused = try resume(id)
            #expect(refused.status == 400, "\(id)")
            #expect(refused.text == foreign.text)
        }
        #expect(!call.isEnded)
    }

    @Test func keepsAnErrorForAClientThatIsAway() throws {
        let (call, exchange) = try call(id: 5)
        call.leave()
        exchange.fail(.cut)
        let back = try resume(call.eventIDs[0])
        #expect(back.text.contains(#"{"jsonrpc":"2.0","id":5,"error":"#))
        #expect(back.text.contains(#""reason":"outcome_unknown""#))
        #expect(back.isEnded)
        node.expectIdle()
    }

    @Test func readsOnAtAnInstanceThatKeepsEvents() throws {
        let (call, exchange) = try call()
        exchange.send(event(Body.notification("notifications/progress"), id: "theirs-1"))
        exchange.end()
        #expect(!call.isEnded)
        node.pass(.seconds(1))
        let again = try #require(node.lane.last)
        #expect(again !== exchange)
        #expect(again.verb == .get)
        #expect(again.header("Last-Event-ID") == "theirs-1")
        again.begin(200, .eventStream)
        again.send(event(Body.result(), id: "theirs-2"))
        again.end()
        #expect(call.isEnded)
        #expect(!call.text.contains("theirs"))
        #expect(call.eventIDs.count == 3)
        node.expectIdle()
    }

    // MARK: The session's own stream

    private func open() throws -> (TestCall, ScriptedExchange) {
        let stream = try resume(nil)
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        return (stream, exchange)
    }

    @Test func goesOnWithTheSessionsStream() throws {
        let (stream, exchange) = try open()
        exchange.send(progress(1))
        stream.leave()
        exchange.send(progress(2))
        let back = try resume(nil)
        #expect(node.lane.opened.count == 2)
        // What no client was given.
        #expect(numbers(back) == [2])
        let again = try resume(stream.eventIDs[0])
        #expect(back.isEnded)
        #expect(numbers(again) == [1, 2])
        again.leave()
        node.pass(.seconds(62))
        #expect(exchange.isCancelled)
        node.expectIdle()
    }

    @Test func asksForANewStreamWhenItBreaks() throws {
        session.session.listKinds = [.tools, .resources]
        let (stream, exchange) = try open()
        exchange.send(progress(1))
        exchange.fail(.cut)
        #expect(!stream.sink.isOver)
        node.pass(.seconds(1))
        let again = try #require(node.lane.last)
        #expect(again !== exchange)
        again.begin(200, .eventStream)
        #expect(stream.text.contains("notifications/tools/list_changed"))
        #expect(stream.text.contains("notifications/resources/list_changed"))
        #expect(!stream.text.contains("notifications/prompts/list_changed"))
        again.send(progress(2))
        #expect(numbers(stream) == [1, 2])
        #expect(stream.eventIDs.map { $0.split(separator: ".").last } == ["0", "1", "2", "3", "4"])
    }

    @Test func endsWithItsSession() throws {
        let (stream, exchange) = try open()
        stream.leave()
        try node.delete(session: session.token)
        node.lane.last?.accept()
        node.pass(.seconds(1))
        #expect(exchange.isCancelled)
        #expect(node.worker.streams.count == 0)
        node.expectIdle()
    }

    @Test func tellsALateClientToReadItsListsAgain() throws {
        session.session.listKinds = [.tools]
        let (stream, exchange) = try open()
        exchange.send(progress(1))
        let id = stream.eventIDs[1]
        stream.leave()
        node.pass(.seconds(130))
        let back = try resume(id)
        let next = try #require(node.lane.last)
        #expect(next !== exchange)
        next.begin(200, .eventStream)
        #expect(back.text.contains("notifications/tools/list_changed"))
    }

    @Test func keepsWithinItsBounds() throws {
        let small = try TestNode(
            options: { $0.isResumable = true }, parts: { $0.limits.replayTotalBytes = 3 * HostedStream.fixedBytes })
        let session = try small.openSession()
        var ids: [String] = []
        for id in 1...20 {
            let call = try small.post(Body.call(id: id), session: session.token)
            let exchange = try #require(small.lane.last)
            exchange.begin(200, .eventStream)
            exchange.send(event(Body.result(id: id)))
            exchange.end()
            ids.append(call.eventIDs[0])
        }
        #expect(small.worker.streams.count <= 3)
        #expect(small.worker.streams.completeBytes <= 3 * HostedStream.fixedBytes)
        let newest = try small.get(session: session.token, headers: [("Last-Event-ID", try #require(ids.last))])
        #expect(newest.text.contains(#""id":20,"result""#))
        let oldest = try small.get(session: session.token, headers: [("Last-Event-ID", ids[0])])
        #expect(oldest.text.contains(#""id":1,"error""#))
    }
}

extension String {
    /// The same event id with another number.
    fileprivate func replacingLast(_ number: String) -> String {
        (split(separator: ".", omittingEmptySubsequences: false).dropLast() + [number[...]]).joined(separator: ".")
    }
}
