// Events that the gateway cannot read: they are not taken for the response, and no question goes out under an id that
// its answer could not find home with.

import Testing

@testable import GatewayCore

@Suite("Events that cannot be read") struct UnreadableEventTests {
    private let bench: StreamBench

    init() throws { bench = try StreamBench() }

    private static let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
    private static let wide =
        "{" + (0..<10_001).map { #""k\#($0)":1"# }.joined(separator: ",") + "}"

    private static let notifications = [
        #"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":\#(deep)}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":\#(wide)}}"#,
        "hello",
        #"{"jsonrpc":"2.0","id":2}"#,
        "[]",
        #"{"jsonrpc":"2.0","id":99,"result":{}}"#,
        #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"x"}}"#,
        #"{"jsonrpc":"2.0","id":"2","result":{"deep":\#(deep)}}"#,
    ]

    @Test("A stream that ends behind one says so", arguments: notifications)
    func endsWithAnError(data: String) throws {
        let (call, exchange) = try bench.call(id: 2)
        exchange.send(event(data))
        exchange.end()
        #expect(call.text.contains(data.prefix(60)))
        #expect(call.text.contains("outcome_unknown"))
        #expect(call.text.contains(#""id":2,"error""#))
        #expect(call.isEnded)
    }

    @Test(
        "The response to the call is its end, however it is nested and its id is written",
        arguments: [
            #"{"jsonrpc":"2.0","id":2,"result":{"deep":\#(deep)}}"#,
            #"{"jsonrpc":"2.0","result":{"wide":\#(wide)},"id":2}"#,
            #"{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"x","data":\#(deep)}}"#,
        ])
    func endsWithItsResponse(data: String) throws {
        let (call, exchange) = try bench.call(id: 2)
        exchange.send(event(data))
        exchange.end()
        #expect(call.text.contains(data.suffix(60)))
        #expect(!call.text.contains("outcome_unknown"))
        #expect(call.isEnded)
    }

    @Test("Open questions of a call stay open behind one")
    func keepsQuestions() throws {
        let (call, exchange) = try bench.call(id: 2)
        exchange.send(event(StreamBench.question("1")))
        exchange.send(event(Self.notifications[0]))
        #expect(bench.node.worker.questions.count == 1)
        let token = try #require(call.sealedQuestion)
        _ = try bench.node.post(Body.result(named: token), session: bench.session.token)
        #expect(try bench.last().body?.contains(#""id":1"#) == true)
    }

    @Test("Of an array the answers count, and its questions are refused")
    func arrays() throws {
        let (call, exchange) = try bench.call(id: 2)
        exchange.send(event(#"[{"jsonrpc":"2.0","id":7,"method":"roots/list"},\#(StreamBench.progress(3))]"#))
        #expect(try bench.last().body?.hasPrefix(#"{"jsonrpc":"2.0","id":7,"error""#) == true)
        #expect(call.progress == [3])
        #expect(!call.text.contains("roots/list"))
        exchange.send(event(#"[{"jsonrpc":"2.0","id":2,"result":{"a":1}}]"#))
        exchange.end()
        #expect(call.text.contains(#"[{"jsonrpc":"2.0","id":2,"result":{"a":1}}]"#))
        #expect(!call.text.contains("outcome_unknown"))
    }

    @Test("A question is answered to its server with an error, and its client does not see it")
    func refusesQuestions() throws {
        let (call, exchange) = try bench.call(id: 2)
        for id in ["41", #""forty-one""#, #""\#(String(repeating: "q", count: 300))""#] {
            let sent = bench.node.lane.opened.count
            exchange.send(
                event(#"{"jsonrpc":"2.0","id":\#(id),"method":"sampling/createMessage","params":{"x":\#(Self.deep)}}"#))
            #expect(bench.node.lane.opened.count == sent + 1)
            let answer = try #require(bench.last().body)
            #expect(answer.hasPrefix(#"{"jsonrpc":"2.0","id":\#(id),"error""#))
            #expect(answer.contains("unreadable"))
        }
        #expect(!call.text.contains("sampling"))
        #expect(bench.node.worker.metrics.unreadableEvents == 3)
        #expect(bench.node.worker.questions.count == 0)
    }
}
