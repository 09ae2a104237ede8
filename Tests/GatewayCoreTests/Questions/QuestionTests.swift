// Questions of servers to clients: seen under a sealed id, answered once, bounded in number and time.

import NIOCore
import Testing

@testable import GatewayCore

@Suite struct QuestionTests {
    private let node: TestNode
    private let session: TestSession

    init() throws {
        node = try TestNode(options: { $0.isResumable = true }, parts: { $0.limits.questionsPerSession = 2 })
        session = try node.openSession()
    }

    private func call(id: Int = 2) throws -> (TestCall, ScriptedExchange) {
        let call = try node.post(Body.call(id: id), session: session.token)
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        return (call, exchange)
    }

    private func question(_ id: String) -> String {
        event(#"{"jsonrpc":"2.0","id":\#(id),"method":"elicitation/create","params":{"id":7}}"#)
    }

    private func answer(_ id: String, session other: TestSession? = nil) throws -> TestCall {
        try node.post(Body.result(named: id), session: (other ?? session).token)
    }

    @Test(arguments: ["7", #""seven""#, "0", #""a\\u0022b""#, "-3"]) func restoresTheServersId(id: String) throws {
        let (call, exchange) = try call()
        exchange.send(question(id))
        let token = try #require(
            call.text.components(around: #"{"jsonrpc":"2.0","id":""#).first?.split(separator: "\"").first)
        #expect(token.count > 60)
        #expect(call.text.contains(#","method":"elicitation/create","params":{"id":7}}"#))
        let receipt = try answer(String(token))
        #expect(node.lane.last?.body == #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        #expect(node.lane.last?.instance == session.session.instance.index)
        node.lane.last?.accept()
        #expect(receipt.status == 202)
        #expect(node.worker.questions.count == 0)
        exchange.send(event(Body.result()))
        exchange.end()
        #expect(call.isEnded)
        node.expectIdle()
    }

    @Test func takesTheFirstAnswerOnly() throws {
        let (call, exchange) = try call()
        exchange.send(question("1"))
        let token = try #require(call.questionToken)
        _ = try answer(token)
        let sent = node.lane.opened.count
        let second = try answer(token)
        #expect(second.status == 202)
        #expect(second.text.isEmpty)
        #expect(node.lane.opened.count == sent)
        #expect(node.worker.metrics.answersLate == 1)
    }

    @Test func refusesForeignAnswersAlike() throws {
        let (call, exchange) = try call()
        exchange.send(question("1"))
        let token = try #require(call.questionToken)
        let other = try node.openSession(id: "other")
        let sent = node.lane.opened.count
        let foreign = try answer(token, session: other)
        #expect(foreign.status == 400)
        for id in ["", "x", String(token.dropLast()), token + "A", String(token.reversed())] {
            let refused = try answer(id)
            #expect(refused.status == 400)
            #expect(refused.text == foreign.text)
        }
        #expect(try node.post(Body.result(id: 1), session: session.token).status == 400)
        #expect(node.lane.opened.count == sent)
        _ = try answer(token)
        #expect(node.lane.opened.count == sent + 1)
    }

    @Test func givesUpWhenNobodyAnswers() throws {
        let (call, exchange) = try call()
        exchange.send(question("5"))
        let token = try #require(call.questionToken)
        node.pass(.seconds(301))
        let told = try #require(node.lane.last)
        #expect(told.verb == .post)
        #expect(told.body?.hasPrefix(#"{"jsonrpc":"2.0","id":5,"error":{"code":-32603"#) == true)
        #expect(told.header("Mcp-Session-Id") == "upstream-session")
        #expect(call.text.contains("notifications/cancelled"))
        #expect(call.text.components(around: token).count == 2)
        let sent = node.lane.opened.count
        #expect(try answer(token).status == 202)
        #expect(node.lane.opened.count == sent)
        #expect(node.worker.questions.count == 0)
        #expect(!exchange.isCancelled)
    }

    @Test func capsWhatASessionIsAsked() throws {
        let (call, exchange) = try call()
        for id in 1...3 { exchange.send(question("\(id)")) }
        #expect(call.text.components(around: "elicitation/create").count == 2)
        let told = try #require(node.lane.last)
        #expect(told.body?.contains(#""id":3,"error""#) == true)
        #expect(told.body?.contains("too_many_questions") == true)
        #expect(node.worker.questions.count == 2)
    }

    @Test func passesAWithdrawalOn() throws {
        let (call, exchange) = try call()
        exchange.send(question("4"))
        let token = try #require(call.questionToken)
        exchange.send(event(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}"#))
        #expect(call.text.contains(#""params":{"requestId":"\#(token)"}}"#))
        #expect(node.worker.questions.count == 0)
        let sent = node.lane.opened.count
        #expect(try answer(token).status == 202)
        #expect(node.lane.opened.count == sent)
    }

    @Test func answersPingsItself() throws {
        let (call, exchange) = try call()
        exchange.send(event(#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#))
        #expect(node.lane.last?.body == #"{"jsonrpc":"2.0","id":"p","result":{}}"#)
        #expect(!call.text.contains("ping"))
    }

    @Test func forgetsQuestionsOfACallThatIsOver() throws {
        let (_, exchange) = try call()
        exchange.send(question("4"))
        #expect(node.worker.questions.count == 1)
        exchange.send(event(Body.result()))
        exchange.end()
        #expect(node.worker.questions.count == 0)
    }

    @Test func deliversAQuestionThatWasAskedWhileNobodyListened() throws {
        let (call, exchange) = try call()
        call.leave()
        exchange.send(question("4"))
        let back = try node.get(session: session.token, headers: [("Last-Event-ID", call.eventIDs[0])])
        let token = try #require(back.questionToken)
        _ = try answer(token)
        #expect(node.lane.last?.body == #"{"jsonrpc":"2.0","id":4,"result":{}}"#)
    }

    @Test func readsDataOfSeveralLines() throws {
        let (call, exchange) = try call()
        exchange.send("data: {\"jsonrpc\":\"2.0\",\r\ndata: \"id\":8,\r\ndata: \"method\":\"roots/list\"}\r\n\r\n")
        let token = try #require(call.questionToken)
        #expect(call.text.contains(#"data: {"jsonrpc":"2.0", "id":"\#(token)", "method":"roots/list"}"#))
        _ = try answer(token)
        #expect(node.lane.last?.body == #"{"jsonrpc":"2.0","id":8,"result":{}}"#)
    }
}

extension TestCall {
    /// The id of the newest question, as long as the sealed ids are.
    fileprivate var questionToken: String? {
        text.components(around: #""id":""#).map { String($0.prefix { $0 != "\"" }) }.last { $0.utf8.count > 60 }
    }
}
