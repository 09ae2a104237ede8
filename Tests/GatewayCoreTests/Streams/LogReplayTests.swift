// Streams that are read from the log: exactly what is missing, from a host that is gone or from one that lives and had
// forgotten it, and nothing of anybody else.

import NIOCore
import Testing
import TransportAPI

@testable import GatewayCore

@Suite struct LogReplayTests {
    private let cluster: TestCluster
    private var a: TestNode { cluster[0] }

    init() throws {
        cluster = try TestCluster(2) { _ in } parts: { $0.limits.replayEvents = 4 }
    }

    private func open(_ id: String = "up") throws -> String {
        let call = try a.post(Body.initialize())
        try #require(a.lane.last).answer(Body.initialized(), session: id)
        cluster.settle()
        return try #require(call.header("Mcp-Session-Id"))
    }

    /// A call that has sent one event, with the id of that, and whose client has left.
    private func detached(_ token: String, id: Int = 6) throws -> (id: String, exchange: ScriptedExchange) {
        let call = try a.post(Body.call(id: id), session: token)
        return try leave(call, at: try #require(a.lane.last))
    }

    private func leave(
        _ call: TestCall, at exchange: ScriptedExchange
    ) throws -> (id: String, exchange: ScriptedExchange) {
        exchange.begin(200, .eventStream)
        send(1...1, on: exchange)
        let id = try #require(call.eventIDs.last)
        call.leave()
        return (id, exchange)
    }

    private func send(_ numbers: ClosedRange<Int>, on exchange: ScriptedExchange) {
        for number in numbers { exchange.send(event(StreamBench.progress(number))) }
        cluster.settle()
    }

    private func resume(_ node: TestNode, _ token: String, _ id: String) throws -> TestCall {
        let call = try node.get(session: token, headers: [("Last-Event-ID", id)])
        cluster.settle()
        return call
    }

    @Test("A client that writes another stream's name into its own event id reads nothing of another session")
    func forged() throws {
        let (victim, other) = (try open("victim"), try open("other"))
        let taken = try detached(victim)
        taken.exchange.send(event(#"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"secret"}}"#))
        let own = try detached(other)
        cluster.settle()
        var parts = own.id.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        parts[1] = String(taken.id.split(separator: ".")[1])
        parts[3] = "0"
        let forged = parts.joined(separator: ".")
        #expect(forged != own.id)
        #expect(try !resume(a, other, forged).text.contains("secret"))
        #expect(try !resume(cluster[1], other, forged).text.contains("secret"))
        // Nor when the host is gone, and the log is all there is.
        let later = cluster[1]
        cluster.kill(0)
        cluster.pass(.seconds(10))
        #expect(try !resume(later, other, forged).text.contains("secret"))
        #expect(try resume(later, victim, taken.id).text.contains("secret"))
    }

    @Test("A call that runs at a living host goes on from the log, and behind it from the host")
    func goesOnBehindTheLog() throws {
        let token = try open()
        let (id, exchange) = try detached(token)
        send(2...20, on: exchange)
        let resumed = try resume(a, token, id)
        #expect(resumed.progress == Array(2...20))
        #expect(!resumed.isEnded)
        send(21...22, on: exchange)
        exchange.send(event(Body.result(id: 6)))
        exchange.end()
        cluster.settle()
        #expect(resumed.progress == Array(2...22))
        #expect(resumed.text.contains(#""result""#))
        #expect(!resumed.text.contains("outcome_unknown"))
        #expect(resumed.isEnded)
    }

    @Test("So does the session's own stream, which sends nothing twice")
    func sessionStream() throws {
        let token = try open()
        let stream = try a.get(session: token)
        let (id, exchange) = try leave(stream, at: try #require(a.lane.last))
        send(2...20, on: exchange)
        let resumed = try resume(a, token, id)
        #expect(resumed.progress == Array(2...20))
        send(21...22, on: exchange)
        #expect(resumed.progress == Array(2...22))
        #expect(!resumed.isEnded)
    }

    @Test("A question of a call that runs is in the log, and asked again")
    func keepsQuestions() throws {
        let token = try open()
        let (id, exchange) = try detached(token)
        exchange.send(event(StreamBench.question("7")))
        send(2...20, on: exchange)
        let resumed = try resume(a, token, id)
        #expect(resumed.text.contains("elicitation/create"))
    }

    @Test("A call whose result is in the log without the mark of its end has not ended unknown")
    func answered() throws {
        let token = try open()
        let (id, exchange) = try detached(token)
        exchange.send(event(StreamBench.question("7")))
        exchange.send(event(Body.result(id: 6)))
        cluster.settle()
        let other = cluster[1]
        cluster.kill(0)
        cluster.pass(.seconds(10))
        let resumed = try resume(other, token, id)
        #expect(resumed.text.contains(#""result""#))
        #expect(!resumed.text.contains("outcome_unknown"))
        #expect(!resumed.text.contains("elicitation/create"), "its asker is gone")
        #expect(resumed.isEnded)
    }

    /// A client that asks another node for events 2 to 20 of a host that is dead, and still counts as present.
    private func resumedBehindDeadHost() throws -> TestCall {
        let token = try open()
        let (id, exchange) = try detached(token)
        send(2...20, on: exchange)
        let other = cluster[1]
        cluster.kill(0)
        let resumed = try resume(other, token, id)
        try #require(resumed.status == nil)
        return resumed
    }

    @Test("A client that takes nothing when the log takes the place of a host is sent nothing until it does")
    func takesNothingWhileHandedOver() throws {
        let resumed = try resumedBehindDeadHost()
        resumed.setWritable(false)
        cluster.pass(.seconds(10))
        #expect(resumed.status == 200)
        #expect(resumed.progress.isEmpty)
        resumed.setWritable(true)
        cluster.settle()
        #expect(resumed.progress == Array(2...20))
        #expect(resumed.isEnded)
    }

    @Test("One that takes nothing for too long is cut off, one that takes little is not", arguments: [true, false])
    func takesNothingForLong(_ takesLittle: Bool) throws {
        let resumed = try resumedBehindDeadHost()
        resumed.sink.queuedBytes = 1_000
        resumed.setWritable(false)
        cluster.pass(.seconds(10))
        let node = cluster[0]
        node.loop.advanceTime(by: .seconds(20))
        #expect(!resumed.sink.isAborted)
        if takesLittle { resumed.sink.queuedBytes = 900 }
        node.loop.advanceTime(by: .seconds(11))
        #expect(resumed.sink.isAborted != takesLittle)
        #expect(node.worker.metrics.slowClients == (takesLittle ? 0 : 1))
        node.loop.advanceTime(by: .seconds(31))
        #expect(resumed.sink.isAborted)
        resumed.setWritable(true)
        node.runLoops()
        #expect(resumed.progress.isEmpty)
        node.expectNoBreach()
    }

    @Test("Who leaves in the moment in which the log takes the place of a host is sent nothing more")
    func leavesWhileHandedOver() throws {
        let resumed = try resumedBehindDeadHost()
        resumed.sink.whenBegun = { resumed.leave() }
        cluster.pass(.seconds(10))
        #expect(resumed.status == 200)
        #expect(resumed.progress.isEmpty)
    }

    @Test("A call whose host was gone before its result has an unknown outcome")
    func unanswered() throws {
        let token = try open()
        let (id, exchange) = try detached(token)
        send(2...20, on: exchange)
        let other = cluster[1]
        cluster.kill(0)
        cluster.pass(.seconds(10))
        let resumed = try resume(other, token, id)
        #expect(resumed.progress == Array(2...20))
        #expect(resumed.text.contains("outcome_unknown"))
        #expect(resumed.isEnded)
    }
}
