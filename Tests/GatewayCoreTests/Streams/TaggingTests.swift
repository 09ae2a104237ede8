// Instance tags of 2026-07-28: what a client echoes bears the instance that made it, and goes back there bare.

import MCPWire
import SealedBox
import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct TaggingTests {
    private let node: TestNode

    init() throws { node = try TestNode(instances: 3, era: .stateless) }

    /// The text of a member of an answer, tag and all.
    private func value(_ name: String, in text: String) throws -> String {
        let start = try #require(text.firstRange(of: "\"\(name)\":\""))
        return String(text[start.upperBound...].prefix { $0 != "\"" })
    }

    private func call(
        _ result: String, asEvent: Bool = false, headers: [(String, String)] = []
    ) throws -> (text: String, instance: Int) {
        let call = try node.postModern("tools/call", name: "t", members: #""name":"t","#, headers: headers)
        let exchange = try #require(node.lane.last)
        if asEvent {
            exchange.begin(200, .eventStream)
            exchange.send(event(Body.notification("notifications/progress")))
            exchange.send(event(Body.result(id: 2, result)))
            exchange.end()
        } else {
            exchange.answer(Body.result(id: 2, result))
        }
        #expect(call.isEnded)
        node.expectIdle()
        return (call.text, exchange.instance)
    }

    @discardableResult
    private func retry(_ state: String, headers: [(String, String)] = []) throws -> TestCall {
        try node.postModern(
            "tools/call", name: "t", members: #""name":"t","requestState":"\#(state)","inputResponses":{},"#,
            headers: headers)
    }

    @Test(arguments: [false, true])
    func bringsARequestStateBack(_ asEvent: Bool) throws {
        let result = #"{"resultType":"input_required","requestState":"opaque\\u00e9\"x","inputRequests":{}}"#
        for _ in 0..<10 {
            let (text, instance) = try call(result, asEvent: asEvent)
            // The value holds escapes, one of them a quote: take what stands behind the tag by its length.
            let start = try #require(text.firstRange(of: #""requestState":""#)).upperBound
            let tag = String(text[start...].prefix(InstanceTag.textBytes))
            #expect(text.contains(tag + #"opaque\\u00e9\"x","inputRequests""#))
            try retry(tag + #"opaque\\u00e9\"x"#)
            let exchange = try #require(node.lane.last)
            #expect(exchange.instance == instance)
            #expect(
                exchange.body
                    == Body.modern(
                        "tools/call", members: #""name":"t","requestState":"opaque\\u00e9\"x","inputResponses":{},"#))
            exchange.answer(Body.result())
        }
    }

    @Test func changesNothingElse() throws {
        let plain = #"{"content":[{"type":"text","text":"nextCursor \"requestState\":\"x\""}],"resultType":"complete"}"#
        #expect(try call(plain).text == Body.result(id: 2, plain))
        let error = #"{"jsonrpc":"2.0","id":2,"error":{"code":-1,"message":"m","data":{"requestState":"x"}}}"#
        let call = try node.postModern("tools/list")
        node.lane.last?.answer(error)
        #expect(call.text == error)
    }

    @Test func tagsCursorsAndTasks() throws {
        let call = try node.postModern("tools/list")
        let first = try #require(node.lane.last)
        first.answer(Body.result(id: 2, #"{"tools":[],"nextCursor":"page2"}"#))
        let cursor = try value("nextCursor", in: call.text)
        #expect(cursor.hasSuffix("page2"))
        try node.postModern("tools/list", members: #""cursor":"\#(cursor)","#)
        #expect(node.lane.last?.instance == first.instance)
        #expect(node.lane.last?.body == Body.modern("tools/list", members: #""cursor":"page2","#))
    }

    @Test func takesTheTagOffTheNameHeaderToo() throws {
        let (text, instance) = try call(#"{"resultType":"task","taskId":"task-1","ttlMs":1}"#)
        let id = try value("taskId", in: text)
        for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
            try node.postModern(method, name: id, members: #""taskId":"\#(id)","#)
            let exchange = try #require(node.lane.last)
            #expect(exchange.instance == instance)
            #expect(exchange.header("Mcp-Name") == "task-1")
            #expect(exchange.lines.ranges(of: "Mcp-Name").count == 1)
            #expect(exchange.body == Body.modern(method, members: #""taskId":"task-1","#))
        }
    }

    @Test func tagsTheTaskOfANotification() throws {
        let call = try node.postModern("subscriptions/listen")
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        let notification = #"{"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"t"}}"#
        exchange.send("event: message\nid: 1\ndata: \(notification)\n\n")
        let id = try value("taskId", in: call.text)
        #expect(id.utf8.count == InstanceTag.textBytes + 1)
        #expect(call.text.hasPrefix("event: message\nid: 1\ndata: {\"jsonrpc\""))
        #expect(call.text.hasSuffix("}}\n\n"))
    }

    @Test func leavesTheClientsOwnValuesAlone() throws {
        try retry("never-tagged")
        #expect(node.lane.last?.body?.contains(#""requestState":"never-tagged""#) == true)
        try retry("")
        #expect(node.lane.last?.body?.contains(#""requestState":"""#) == true)
    }

    @Test func refusesChangedTags() throws {
        let (text, _) = try call(#"{"resultType":"input_required","requestState":"x"}"#)
        let state = try value("requestState", in: text)
        let sent = node.lane.opened.count
        for place in [4, 40, 80] {
            var changed = Array(state.utf8)
            changed[place] = changed[place] == 0x41 ? 0x42 : 0x41
            let answer = try retry(String(decoding: changed, as: UTF8.self))
            #expect(answer.status == 400)
            #expect(answer.text.contains("-32602"))
        }
        #expect(try retry("pb1.short").status == 400)
        #expect(node.lane.opened.count == sent)
        node.expectIdle()
    }

    @Test func refusesTheTagsOfOthers() throws {
        let node = try TestNode(instances: 2, era: .stateless, parts: { $0.principalHeader = Array("x-user".utf8) })
        let call = try node.postModern("tools/list", headers: [("X-User", "ann")])
        node.lane.last?.answer(Body.result(id: 2, #"{"tools":[],"nextCursor":"page2"}"#))
        let members = #""cursor":"\#(try value("nextCursor", in: call.text))","#
        #expect(try node.postModern("tools/list", members: members, headers: [("X-User", "bob")]).status == 400)
        #expect(try node.postModern("tools/list", members: members).status == 400)
        #expect(try node.postModern("tools/list", members: members, headers: [("X-User", "ann")]).status == nil)
    }

    @Test func unwrapsForAnotherInstanceWhenItsOwnIsGone() throws {
        let (text, instance) = try call(#"{"resultType":"input_required","requestState":"x"}"#)
        let state = try value("requestState", in: text)
        node.instances[instance].health.store(.ejected, ordering: .relaxed)
        try retry(state)
        #expect(node.lane.last?.instance != instance)
        #expect(node.lane.last?.body?.contains(#""requestState":"x""#) == true)
    }

    @Test func returnsToAnInstanceThatDrains() throws {
        let (text, instance) = try call(#"{"resultType":"input_required","requestState":"x"}"#)
        node.instances[instance].drain()
        // It takes no new work, but this is old work.
        try retry(try value("requestState", in: text))
        #expect(node.lane.last?.instance == instance)
    }

    @Test func knowsNoTaskOfAnInstanceThatIsNotThere() throws {
        let other = InstanceTag(instance: 999, principal: .anonymous, expires: .max)
        let sealer = try Sealer(keys: [SealedBoxKey.own])
        let id = String(decoding: other.seal(sealer), as: UTF8.self) + "t"
        let call = try node.postModern("tasks/get", name: id, members: #""taskId":"\#(id)","#)
        #expect(call.status == 400)
        #expect(call.text.contains("-32602"))
        #expect(node.lane.opened.isEmpty)
    }

    @Test func tagsNothingWhereThereIsOneInstanceOrItIsOff() throws {
        for node in [
            try TestNode(instances: 1, era: .stateless),
            try TestNode(instances: 3, era: .stateless, options: { $0.tagsInstances = false }),
        ] {
            let call = try node.postModern("tools/list")
            let text = Body.result(id: 2, #"{"tools":[],"nextCursor":"page2"}"#)
            node.lane.last?.answer(text)
            #expect(call.text == text)
            let tagged = #""cursor":"pb1.anything","#
            try node.postModern("tools/list", members: tagged)
            #expect(node.lane.last?.body == Body.modern("tools/list", members: tagged))
        }
    }

    @Test func boundsWhatItHolds() throws {
        let node = try TestNode(instances: 2, era: .stateless, parts: { $0.limits.heldResultBytes = 1000 })
        let call = try node.postModern("tools/call", name: "t", members: #""name":"t","#)
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .json)
        exchange.send(String(repeating: " ", count: 900))
        #expect(call.status == nil)
        exchange.send(String(repeating: " ", count: 200))
        #expect(call.status == 502)
        #expect(call.text.contains("outcome_unknown"))
        #expect(exchange.isCancelled)
        node.expectIdle()
    }

    @Test func passesWhatIsNoMessage() throws {
        let call = try node.postModern("tools/list")
        node.lane.last?.answer("not json", 500)
        #expect(call.status == 500)
        #expect(call.text == "not json")
        node.expectIdle()
    }
}
