// Two nodes that look like one: whatever began at one goes on at the other.

import NIOCore
import Testing
import TransportAPI
import TransportKit

@testable import GatewayCore

@Suite struct ClusterTests {
    private let cluster: TestCluster
    private var a: TestNode { cluster[0] }
    private var b: TestNode { cluster[1] }

    init() throws { cluster = try TestCluster(2) }

    private func open() throws -> String {
        let call = try a.post(Body.initialize())
        try #require(a.lane.last).answer(Body.initialized(), session: "up")
        cluster.settle()
        return try #require(call.header("Mcp-Session-Id"))
    }

    private func progress(_ number: Int) -> String {
        event(#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":\#(number)}}"#)
    }

    private func numbers(_ call: TestCall) -> [Int] {
        call.text.components(around: #""progress":"#).compactMap { Int($0.prefix { $0.isNumber }) }
    }

    @Test func knowEachOther() {
        #expect(a.worker.members.count == 1)
        #expect(b.worker.members.count == 1)
    }

    @Test func recordASessionBeforeItsClientHearsOfIt() throws {
        let call = try a.post(Body.initialize())
        try #require(a.lane.last).answer(Body.initialized(), session: "up")
        cluster.settle()
        let token = try #require(call.header("Mcp-Session-Id"))
        let session = try #require(Array(token.utf8).withUnsafeBytes { a.worker.find($0) })
        var found: SessionRecord?
        a.worker.lookUp(session) { found = $0 }
        cluster.settle()
        let record = try #require(found)
        #expect(record.state == .live)
        #expect(record.upstreamSessionID == Array("up".utf8))
        #expect(record.revision == session.revisionValue)
        #expect(String(decoding: record.handshake, as: UTF8.self).contains("clientInfo"))
    }

    @Test func serveSessionsOfEachOther() throws {
        let token = try open()
        let call = try b.post(Body.call(), session: token)
        #expect(b.lane.last?.header("Mcp-Session-Id") == "up")
        try #require(b.lane.last).answer(Body.result())
        #expect(call.status == 200)
    }

    @Test func endASessionEverywhere() throws {
        let token = try open()
        try b.post(Body.call(), session: token)
        try #require(b.lane.last).answer(Body.result())
        let deletion = try a.delete(session: token)
        cluster.settle()
        try #require(a.lane.last).accept()
        #expect(deletion.status == 200)
        #expect(try b.post(Body.call(), session: token).status == 404)
        #expect(try b.get(session: token).status == 404)
    }

    @Test func resumeACallOfAnotherNode() throws {
        let token = try open()
        let call = try a.post(Body.call(), session: token)
        let exchange = try #require(a.lane.last)
        exchange.begin(200, .eventStream)
        for number in 1...3 { exchange.send(progress(number)) }
        call.leave()
        exchange.send(progress(4))
        let back = try b.get(session: token, headers: [("Last-Event-ID", call.eventIDs[2])])
        cluster.settle()
        #expect(back.status == 200)
        #expect(numbers(back) == [3, 4])
        exchange.send(progress(5))
        exchange.send(event(Body.result()))
        exchange.end()
        cluster.settle()
        #expect(numbers(back) == [3, 4, 5])
        #expect(back.text.hasSuffix(event(Body.result())))
        #expect(back.isEnded)
        a.expectIdle()
        b.expectIdle()
    }

    @Test("A node that has just started hears of the others before it says that a stream is lost")
    func waitForOthersAtStart() throws {
        let token = try open()
        let call = try a.post(Body.call(), session: token)
        let exchange = try #require(a.lane.last)
        exchange.begin(200, .eventStream)
        exchange.send(progress(1))
        call.leave()
        let members = b.worker.members
        b.worker.members = [:]
        let back = try b.get(session: token, headers: [("Last-Event-ID", call.eventIDs[0])])
        #expect(back.status == nil)
        b.worker.members = members
        b.loop.advanceTime(by: .seconds(1))
        exchange.send(event(Body.result()))
        exchange.end()
        cluster.settle()
        #expect(back.text.hasSuffix(event(Body.result())))
    }

    @Test("A drain waits for calls whose clients can come back at another node")
    func waitForCallsOfClientsThatLeft() throws {
        let token = try open()
        let call = try a.post(Body.call(), session: token)
        let exchange = try #require(a.lane.last)
        exchange.begin(200, .eventStream)
        exchange.send(progress(1))
        call.leave()
        a.gateway.beginDrain()
        a.worker.endStreams()
        #expect(a.worker.awaitedCount == 1)
        let back = try b.get(session: token, headers: [("Last-Event-ID", call.eventIDs[0])])
        exchange.send(event(Body.result()))
        exchange.end()
        cluster.settle()
        #expect(back.text.hasSuffix(event(Body.result())))
        #expect(a.worker.awaitedCount == 0)
    }

    @Test func answerAQuestionOfAnotherNode() throws {
        let token = try open()
        let call = try a.post(Body.call(), session: token)
        let exchange = try #require(a.lane.last)
        exchange.begin(200, .eventStream)
        exchange.send(event(#"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}"#))
        let id = try #require(call.questionID)
        let receipt = try b.post(Body.result(named: id), session: token)
        #expect(b.lane.last?.body == #"{"jsonrpc":"2.0","id":"q","result":{}}"#)
        try #require(b.lane.last).accept()
        #expect(receipt.status == 202)
        cluster.settle()
        #expect(a.worker.questions.count == 0)
        let sent = a.lane.opened.count
        #expect(try a.post(Body.result(named: id), session: token).status == 202)
        #expect(a.lane.opened.count == sent)
    }

    @Test func joinTheSessionsStreamWhereItIsHeld() throws {
        let token = try open()
        let stream = try a.get(session: token)
        cluster.settle()
        let exchange = try #require(a.lane.last)
        exchange.begin(200, .eventStream)
        cluster.settle()
        exchange.send(progress(1))
        let other = try b.get(session: token)
        cluster.settle()
        #expect(stream.isEnded)
        #expect(b.lane.opened.isEmpty)
        exchange.send(progress(2))
        cluster.settle()
        #expect(numbers(other) == [2])
        let again = try b.get(session: token, headers: [("Last-Event-ID", stream.eventIDs[0])])
        cluster.settle()
        #expect(numbers(again) == [1, 2])
    }

    @Test("The end of a session ends its stream plainly, also where that is relayed")
    func endARelayedStream() throws {
        let token = try open()
        let stream = try a.get(session: token)
        cluster.settle()
        try #require(a.lane.last).begin(200, .eventStream)
        let relayed = try b.get(session: token)
        cluster.settle()
        #expect(stream.isEnded)
        // Word of the end comes before the host says that its stream is over.
        let session = try #require(Array(token.utf8).withUnsafeBytes { b.worker.find($0) })
        b.worker.end(session)
        b.pass(.seconds(1))
        #expect(relayed.isEnded)
    }

    @Test func readTheLogOfANodeThatIsGone() throws {
        let token = try open()
        let call = try a.post(Body.call(id: 6), session: token)
        let exchange = try #require(a.lane.last)
        exchange.begin(200, .eventStream)
        exchange.send(progress(1))
        call.leave()
        exchange.send(progress(2))
        cluster.settle()
        let id = call.eventIDs[0]
        cluster.kill(0)
        let node = cluster[0]
        let back = try node.get(session: token, headers: [("Last-Event-ID", id)])
        cluster.pass(.seconds(9))
        #expect(numbers(back) == [1, 2])
        #expect(back.text.contains(#""id":6,"error":"#))
        #expect(back.text.contains("outcome_unknown"))
        #expect(back.isEnded)
        node.expectIdle()
    }

    @Test func readACompleteStreamFromTheLog() throws {
        let token = try open()
        let call = try a.post(Body.call(id: 6), session: token)
        let exchange = try #require(a.lane.last)
        exchange.begin(200, .eventStream)
        call.leave()
        for number in 1...200 { exchange.send(progress(number)) }
        exchange.send(event(Body.result(id: 6)))
        exchange.end()
        cluster.settle()
        cluster.kill(0)
        let back = try cluster[0].get(session: token, headers: [("Last-Event-ID", call.eventIDs[0])])
        cluster.pass(.seconds(9))
        #expect(numbers(back) == Array(1...200))
        #expect(back.text.hasSuffix(event(Body.result(id: 6))))
        #expect(back.isEnded)
    }

    @Test func sayThatACallOfADeadNodeIsLost() throws {
        let token = try open()
        let call = try a.post(Body.call(id: 6), session: token)
        try #require(a.lane.last).begin(200, .eventStream)
        let id = call.eventIDs[0]
        cluster.kill(0)
        let back = try cluster[0].get(session: token, headers: [("Last-Event-ID", id)])
        cluster.pass(.seconds(9))
        #expect(back.text.contains(#""id":6,"error":"#))
        #expect(back.isEnded)
    }

    @Test func takeOverTheStreamOfANodeThatIsGone() throws {
        let token = try open()
        let stream = try a.get(session: token)
        cluster.settle()
        try #require(a.lane.last).begin(200, .eventStream)
        cluster.settle()
        let id = stream.eventIDs[0]
        cluster.kill(0)
        let node = cluster[0]
        let back = try node.get(session: token, headers: [("Last-Event-ID", id)])
        cluster.pass(.seconds(9))
        #expect(back.status == 200)
        let exchange = try #require(node.lane.last)
        #expect(exchange.verb == .get)
        #expect(exchange.header("Last-Event-ID") == nil)
        exchange.begin(200, .eventStream)
        exchange.send(progress(9))
        cluster.pass(.seconds(9))
        #expect(numbers(back) == [9])
        #expect(!back.sink.isOver)
    }
}
