// Requests of 2026-07-28: headers against the body, in the order of the checks, each with its status and code
// (mcp-wire 2.6.4).

import Testing

@testable import GatewayCore

@Suite struct StatelessRoutingTests {
    private static let version = ("MCP-Protocol-Version", "2026-07-28")
    private let node: TestNode

    init() throws { node = try TestNode(era: [.stateless, .stateful]) }

    private func expect(
        _ call: TestCall, _ status: Int, _ code: Int, id: String = "2",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(call.status == status, sourceLocation: sourceLocation)
        #expect(
            call.text.hasPrefix(#"{"jsonrpc":"2.0","id":\#(id),"error":{"code":\#(code),"#), "\(call.text)",
            sourceLocation: sourceLocation)
        #expect(node.lane.opened.isEmpty, sourceLocation: sourceLocation)
        node.expectIdle(sourceLocation: sourceLocation)
    }

    @Test func letsGoodRequestsThrough() throws {
        try node.postModern("tools/list")
        try node.postModern("tools/call", name: "add", members: #""name":"add","#)
        try node.postModern("resources/read", name: "file:///a", members: #""uri":"file:///a","#)
        try node.postModern("tasks/get", name: "t1", members: #""taskId":"t1","#)
        try node.postModern("vendor/anything", name: "ignored")
        #expect(node.lane.opened.count == 5)
        #expect(node.lane.opened.allSatisfy { $0.header("MCP-Protocol-Version") == "2026-07-28" })
        #expect(node.lane.opened[1].header("Mcp-Name") == "add")
    }

    @Test func wantsTheEnvelopeFirst() throws {
        let body = Body.request("tools/list", params: #"{"_meta":{"io.modelcontextprotocol/clientCapabilities":{}}}"#)
        expect(try node.post(body, headers: [Self.version]), 400, -32602)
        let half = Body.request(
            "tools/list", params: #"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#)
        expect(try node.post(half, headers: [Self.version, ("Mcp-Method", "tools/list")]), 400, -32602)
        expect(try node.post(Body.request("tools/list"), headers: [Self.version]), 400, -32602)
    }

    @Test func wantsTheMirroredHeaders() throws {
        let body = Body.modern("tools/list")
        expect(try node.post(body), 400, -32020)
        expect(try node.post(body, headers: [Self.version]), 400, -32020)
        expect(try node.post(body, headers: [("Mcp-Method", "tools/list")]), 400, -32020)
        expect(try node.post(body, headers: [Self.version, ("Mcp-Method", "tools/call")]), 400, -32020)
        expect(try node.post(body, headers: [Self.version, ("Mcp-Method", "TOOLS/LIST")]), 400, -32020)
        expect(
            try node.post(body, headers: [("MCP-Protocol-Version", "2025-11-25"), ("Mcp-Method", "tools/list")]), 400,
            -32020)
    }

    @Test func wantsTheNameInItsHeader() throws {
        let members = #""name":"add","#
        expect(try node.postModern("tools/call", members: members), 400, -32020)
        expect(try node.postModern("tools/call", name: "Add", members: members), 400, -32020)
        expect(try node.postModern("tools/call", name: "add ", members: #""name":"add ","#), 400, -32020)
        expect(try node.postModern("prompts/get", members: #""name":"p","#), 400, -32020)
        expect(try node.postModern("resources/read", name: "a", members: #""uri":"b","#), 400, -32020)
        expect(try node.postModern("tasks/cancel", members: #""taskId":"t","#), 400, -32020)
    }

    @Test func decodesTheNameBeforeItCompares() throws {
        // "é" in Base64 of UTF-8, against an escape and against the plain letter.
        try node.postModern("tools/call", name: "=?base64?w6k=?=", members: #""name":"\u00e9","#)
        try node.postModern("tools/call", name: "=?base64?w6k=?=", members: #""name":"é","#)
        #expect(node.lane.opened.count == 2)
        #expect(node.lane.opened[0].header("Mcp-Name") == "=?base64?w6k=?=")
    }

    @Test func refusesABrokenSentinel() throws {
        expect(try node.postModern("tools/call", name: "=?base64?w6k?=", members: #""name":"é","#), 400, -32020)
    }

    @Test func refusesRepeatedRoutingHeaders() throws {
        for header in [Self.version, ("Mcp-Method", "tools/call"), ("Mcp-Name", "add")] {
            let call = try node.postModern("tools/call", name: "add", members: #""name":"add","#, headers: [header])
            expect(call, 400, -32020)
        }
    }

    @Test func namesTheVersionsThatItSpeaks() throws {
        let body = Body.request(
            "tools/list",
            params: #"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2030-01-01","#
                + #""io.modelcontextprotocol/clientCapabilities":{}}}"#)
        let call = try node.post(body, headers: [("MCP-Protocol-Version", "2030-01-01"), ("Mcp-Method", "tools/list")])
        expect(call, 400, -32022)
        #expect(call.text.contains(#""supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26"]"#))
        #expect(call.text.contains(#""requested":"2030-01-01""#))
    }

    @Test func takesRequestsAndNotificationsOnly() throws {
        expect(try node.post(Body.result(id: 5), headers: [Self.version]), 400, -32600, id: "null")
        let batch = "[" + Body.modern("tools/list") + "]"
        expect(try node.post(batch, headers: [Self.version]), 400, -32600, id: "null")
        expect(try node.post(batch), 400, -32600, id: "null")
        try node.post(Body.notification("notifications/cancelled"), headers: [Self.version])
        #expect(node.lane.opened.count == 1)
    }

    @Test func saysSoWhenNoInstanceSpeaksIt() throws {
        let old = try TestNode(era: .stateful)
        let call = try old.postModern("tools/list")
        #expect(call.status == 400)
        #expect(call.text.contains("-32022"))
        #expect(call.text.contains(#""supported":["2025-11-25","2025-06-18","2025-03-26"]"#))
        #expect(old.lane.opened.isEmpty)
    }

    @Test func usesOnlyInstancesThatSpeakIt() throws {
        let mixed = try TestNode(instances: 3, era: .unknown)
        mixed.instances[0].era.store(Era.stateful.rawValue, ordering: .relaxed)
        mixed.instances[1].era.store(Era.stateless.rawValue, ordering: .relaxed)
        mixed.instances[2].era.store(Era.streamOnly.rawValue, ordering: .relaxed)
        for _ in 0..<20 { try mixed.postModern("tools/list") }
        #expect(mixed.lane.opened.allSatisfy { $0.instance == 1 })
    }

    @Test func ignoresASessionId() throws {
        let call = try node.postModern("tools/list", headers: [("Mcp-Session-Id", "anything")])
        #expect(call.status == nil)
        #expect(node.lane.last?.header("Mcp-Session-Id") == nil)
    }

    @Test func takesNoNewListenWhileItDrains() throws {
        node.gateway.beginDrain()
        #expect(try node.postModern("subscriptions/listen").status == 503)
        #expect(try node.postModern("tools/list").status == nil)
    }

    @Test func offersNoOtherMethod() throws {
        #expect(try node.get(headers: [Self.version]).status == 405)
        #expect(try node.delete(session: nil, headers: [Self.version]).status == 405)
    }
}
