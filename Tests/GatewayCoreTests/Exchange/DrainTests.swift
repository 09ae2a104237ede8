// The end of a node: streams end in the way of their revision, calls go on, and what is left ends explicitly.

import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct DrainTests {
    private let node: TestNode
    private let session: TestSession

    init() throws {
        node = try TestNode(era: [.stateless, .stateful])
        session = try node.openSession()
    }

    private func drain() {
        node.gateway.beginDrain()
        node.worker.endStreams()
    }

    @Test func endsAGetStreamWithARetry() throws {
        let call = try node.get(session: session.token)
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        drain()
        #expect(call.isEnded)
        #expect(exchange.isCancelled)
        let retry = try #require(call.text.wholeMatch(of: /: keep-alive\n\nretry: (\d+)\n\n/))
        let milliseconds = try #require(Int(retry.1))
        #expect((1000..<5000).contains(milliseconds))
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func endsAListenWithItsResult() throws {
        for id in ["7", #""a\"b""#] {
            let call = try node.post(
                #"{"jsonrpc":"2.0","id":\#(id),"method":"subscriptions/listen","params":{\#(Body.meta)}}"#,
                headers: [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "subscriptions/listen")])
            let exchange = try #require(node.lane.last)
            exchange.begin(200, .eventStream)
            exchange.send(event(Body.notification("notifications/subscriptions/acknowledged")))
            node.worker.endStreams()
            #expect(call.isEnded)
            #expect(exchange.isCancelled)
            #expect(
                call.text.hasSuffix(
                    #"data: {"jsonrpc":"2.0","id":\#(id),"result":{"resultType":"complete","#
                        + #""_meta":{"io.modelcontextprotocol/subscriptionId":\#(id)}}}"# + "\n\n"))
        }
        node.expectIdle()
    }

    @Test func endsAStreamWhoseHeadComesInTheDrain() throws {
        let call = try node.get(session: session.token)
        let exchange = try #require(node.lane.last)
        drain()
        #expect(!call.sink.isOver)
        exchange.begin(200, .eventStream)
        node.pass(.seconds(1))
        #expect(call.isEnded)
        #expect(call.text.hasPrefix(": keep-alive\n\nretry: "))
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func letsCallsFinish() throws {
        let json = try node.post(Body.call(id: 2), session: session.token)
        let events = try node.post(Body.call(id: 3), session: session.token)
        node.lane.opened[2].begin(200, .eventStream)
        drain()
        #expect(!json.sink.isOver)
        #expect(!events.sink.isOver)
        #expect(node.worker.awaitedCount == 2)
        // A question in mid-call is still answered through this node.
        node.lane.opened[2].send(event(Body.request("elicitation/create", id: 1)))
        let question = try #require(events.questionID)
        #expect(try node.post(Body.result(named: question), session: session.token).status == nil)
        node.lane.opened[1].answer(Body.result(id: 2))
        node.lane.opened[2].send(event(Body.result(id: 3)))
        node.lane.opened[2].end()
        node.lane.opened[3].accept()
        #expect(json.text == Body.result(id: 2))
        #expect(events.text.hasSuffix(event(Body.result(id: 3))))
        node.expectIdle()
    }

    @Test func endsWhatIsLeftExplicitly() throws {
        let waiting = try node.post(Body.call(id: 2), session: session.token)
        let events = try node.post(Body.call(id: 3), session: session.token)
        node.lane.opened[2].begin(200, .eventStream)
        let passing = try node.post(Body.call(id: 4), session: session.token)
        node.lane.opened[3].begin(200, .json, length: 1000)
        let late = try node.get(session: session.token)
        drain()
        node.worker.endCalls()
        #expect(waiting.status == 200)
        #expect(waiting.text.contains(#""id":2,"error""#))
        #expect(waiting.text.contains("outcome_unknown"))
        #expect(events.isEnded)
        #expect(events.text.contains(#""id":3,"error""#))
        #expect(passing.sink.isAborted)
        #expect(late.sink.isOver)
        #expect(node.lane.opened.dropFirst().allSatisfy { $0.isCancelled })
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func doesNotWaitForClientsThatLeft() throws {
        let call = try node.post(Body.call(), session: session.token)
        call.leave()
        drain()
        #expect(node.worker.awaitedCount == 0)
        node.worker.endCalls()
        #expect(!(node.lane.last?.isCancelled ?? true))
    }

    @Test func isUnreadyFromTheFirstWord() {
        node.instances[0].health.store(.healthy, ordering: .relaxed)
        #expect(node.gateway.isReady)
        node.gateway.announceDrain()
        #expect(!node.gateway.isReady)
        #expect(!node.gateway.isDraining)
        #expect(node.gateway.unreadyReason == "draining")
        node.gateway.beginDrain()
        #expect(node.gateway.isDraining)
    }

    @Test func closesItsLanes() {
        node.worker.close()
        #expect(node.lane.isClosed)
    }
}
