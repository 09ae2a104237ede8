// Sessions that are used at several nodes: nobody ends what another uses, and what nobody uses ends everywhere.

import NIOCore
import Testing
import TransportAPI

@testable import GatewayCore

@Suite struct SharedSessionTests {
    private func makeCluster(
        _ parts: @escaping (inout Gateway.Parts) -> Void = { _ in }
    ) throws -> TestCluster {
        try TestCluster(2) { _ in } parts: {
            $0.waits.sessionIdle = .seconds(400)
            parts(&$0)
        }
    }

    private func open(_ cluster: TestCluster, id: String = "up") throws -> String {
        let call = try cluster[0].post(Body.initialize())
        try #require(cluster[0].lane.last).answer(Body.initialized(), session: id)
        cluster.settle()
        return try #require(call.header("Mcp-Session-Id"))
    }

    private func serve(_ node: TestNode, _ token: String) throws -> TestCall {
        let opened = node.lane.opened.count
        let call = try node.post(Body.call(), session: token)
        if node.lane.opened.count > opened { try #require(node.lane.last).answer(Body.result()) }
        return call
    }

    private func deletions(_ cluster: TestCluster) -> Int {
        cluster.nodes.flatMap(\.lanes).reduce(0) { $0 + $1.opened.count { $0.verb == .delete } }
    }

    @Test("A session whose client only listens, at another node, is not idle")
    func countsStreamsOfOtherNodes() throws {
        let cluster = try makeCluster()
        let token = try open(cluster)
        let stream = try cluster[1].get(session: token)
        cluster.settle()
        try #require(cluster[1].lane.last).begin(200, .eventStream)
        for _ in 0..<12 { cluster.passLong(100) }
        #expect(!stream.isEnded)
        #expect(deletions(cluster) == 0)
        #expect(try serve(cluster[0], token).status == 200)
    }

    @Test("A session that is used at another node is served where it began, however long that did not see it")
    func staysKnownWhereItBegan() throws {
        let cluster = try makeCluster()
        let token = try open(cluster)
        for _ in 0..<12 {
            cluster.passLong(100)
            #expect(try serve(cluster[1], token).status == 200)
            cluster.settle()
        }
        #expect(try serve(cluster[0], token).status == 200)
        #expect(deletions(cluster) == 0)
    }

    @Test("A session that comes to another node late in its idle time has all of it again")
    func recordsTheFirstUseElsewhere() throws {
        let cluster = try makeCluster()
        let token = try open(cluster)
        cluster.passLong(360)
        #expect(try serve(cluster[1], token).status == 200)
        cluster.passLong(200)
        #expect(deletions(cluster) == 0)
        #expect(try serve(cluster[1], token).status == 200)
    }

    @Test("A session that nobody uses ends once, and everywhere")
    func endsWhatNobodyUses() throws {
        let cluster = try makeCluster()
        let token = try open(cluster)
        #expect(try serve(cluster[1], token).status == 200)
        for _ in 0..<12 { cluster.passLong(100) }
        #expect(deletions(cluster) == 1)
        #expect(try serve(cluster[0], token).status == 404)
        #expect(try serve(cluster[1], token).status == 404)
    }

    @Test("A session without a record is ended where it began")
    func endsWhatIsNotOnRecord() throws {
        let cluster = try makeCluster()
        let member = cluster[0].gateway.parts.member
        cluster.backend.cutOffStore(from: [member])
        let call = try cluster[0].post(Body.initialize())
        try #require(cluster[0].lane.last).answer(Body.initialized(), session: "up")
        cluster[0].loop.advanceTime(by: .seconds(10))
        #expect(call.status == 200)
        cluster.backend.heal()
        for _ in 0..<12 { cluster.passLong(100) }
        #expect(deletions(cluster) == 1)
    }

    @Test("A session whose record is lost stays as long as another node uses it, and ends once when none does")
    func staysWhenItsRecordIsLost() throws {
        let cluster = try makeCluster()
        let token = try open(cluster)
        #expect(try serve(cluster[1], token).status == 200)
        cluster.settle()
        cluster.backend.forget()
        for _ in 0..<12 {
            cluster.passLong(100)
            #expect(try serve(cluster[1], token).status == 200)
            cluster.settle()
        }
        #expect(deletions(cluster) == 0)
        #expect(try serve(cluster[0], token).status == 200)
        for _ in 0..<12 { cluster.passLong(100) }
        #expect(deletions(cluster) == 1)
        #expect(try serve(cluster[1], token).status == 404)
    }

    @Test("What is on no record is forgotten where it is idle, and known again when it is used")
    func forgetsWhatIsNotOnRecord() throws {
        let cluster = try makeCluster()
        let token = try open(cluster)
        #expect(try serve(cluster[1], token).status == 200)
        cluster.kill(0)
        cluster.backend.forget()
        for _ in 0..<6 { cluster.passLong(100) }
        #expect(cluster[0].gateway.sessions.count == 0)
        #expect(deletions(cluster) == 0)
        #expect(try serve(cluster[0], token).status == 200)
    }

    @Test("A node that is full says so, and leaves the session alive")
    func saysThatItIsFull() throws {
        let cluster = try makeCluster { $0.limits.sessions = 1 }
        let token = try open(cluster)
        let own = try cluster[1].post(Body.initialize())
        try #require(cluster[1].lane.last).answer(Body.initialized(), session: "other")
        cluster.settle()
        let ownToken = try #require(own.header("Mcp-Session-Id"))
        let refused = try cluster[1].post(Body.call(), session: token)
        #expect(refused.status == 503)
        #expect(refused.header("Retry-After") != nil)
        #expect(try serve(cluster[0], token).status == 200)
        try cluster[1].delete(session: ownToken)
        cluster.settle()
        try #require(cluster[1].lane.last).accept()
        for _ in 0..<2 { cluster.passLong(20) }
        #expect(try serve(cluster[1], token).status == 200)
    }

    @Test("An instance's id that is too long for the token is read from the record", arguments: [65, 400])
    func readsLongIDs(_ length: Int) throws {
        let cluster = try makeCluster()
        let id = String(repeating: "x", count: length)
        let token = try open(cluster, id: id)
        let call = try cluster[1].post(Body.call(), session: token)
        cluster.settle()
        #expect(cluster[1].lane.last?.header("Mcp-Session-Id") == id)
        try #require(cluster[1].lane.last).answer(Body.result())
        #expect(call.status == 200)
        cluster.backend.forget()
        let third = try TestNode()
        #expect(try third.post(Body.call(), session: token).status == 404)
    }

    @Test("While the record cannot be read, a session with a long id is not called gone")
    func waitsForTheRecord() throws {
        let cluster = try makeCluster()
        let token = try open(cluster, id: String(repeating: "x", count: 100))
        cluster.backend.cutOffStore(from: [cluster[1].gateway.parts.member])
        let call = try cluster[1].post(Body.call(), session: token)
        cluster[1].loop.advanceTime(by: .seconds(10))
        #expect(call.status == 503)
        cluster.backend.heal()
        #expect(try serve(cluster[1], token).status == 200)
    }

    @Test("An answer whose client did not wait, and that did not reach its server, may be given again")
    func takesTheAnswerOfAClientThatLeftAgain() throws {
        let cluster = try makeCluster()
        let token = try open(cluster)
        let call = try cluster[0].post(Body.call(), session: token)
        let exchange = try #require(cluster[0].lane.last)
        exchange.begin(200, .eventStream)
        exchange.send(event(#"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}"#))
        let question = try #require(call.questionID)
        try cluster[1].post(Body.result(named: question), session: token).leave()
        try #require(cluster[1].lane.last).fail(TransportError(.unreachable, .notDelivered, "no way"))
        cluster.settle()
        try cluster[0].post(Body.result(named: question), session: token)
        #expect(cluster[0].lane.last?.body == #"{"jsonrpc":"2.0","id":"q","result":{}}"#)
    }

    @Test("An answer of which nobody knows whether it arrived leaves the question its deadline")
    func keepsTheDeadlineOfADoubtfulAnswer() throws {
        let cluster = try makeCluster()
        let token = try open(cluster)
        let call = try cluster[0].post(Body.call(), session: token)
        let exchange = try #require(cluster[0].lane.last)
        exchange.begin(200, .eventStream)
        exchange.send(event(#"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}"#))
        try cluster[1].post(Body.result(named: try #require(call.questionID)), session: token)
        try #require(cluster[1].lane.last).fail(TransportError(.interrupted, .unknown, "it broke"))
        cluster.settle()
        #expect(cluster[0].worker.questions.count == 1)
        cluster[0].pass(.seconds(340))
        #expect(cluster[0].lane.opened.contains { $0.body?.contains("timed_out") == true })
    }

    @Test("An answer that did not reach its server may be given again at any node")
    func takesAnUnsentAnswerAgain() throws {
        let cluster = try makeCluster()
        let token = try open(cluster)
        let call = try cluster[0].post(Body.call(), session: token)
        let exchange = try #require(cluster[0].lane.last)
        exchange.begin(200, .eventStream)
        exchange.send(event(#"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{}}"#))
        let question = try #require(call.questionID)
        try cluster[1].post(Body.result(named: question), session: token)
        try #require(cluster[1].lane.last).fail(
            TransportError(.overloaded, .notDelivered, "no connection is free"))
        cluster.settle()
        #expect(cluster[0].worker.questions.count == 1)
        try cluster[0].post(Body.result(named: question), session: token)
        #expect(cluster[0].lane.last?.body == #"{"jsonrpc":"2.0","id":"q","result":{}}"#)
        try #require(cluster[0].lane.last).accept()
        cluster.settle()
        #expect(cluster[0].worker.questions.count == 0)
    }
}
