// Each limit of a scan: what is just inside passes, one more is refused, as an invalid request and at the right byte.

import MCPWire
import Testing

@Suite struct ScanLimitTests {
    private func message(_ value: String) -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":\#(value)}}"#
    }

    private func expectLimit(
        _ text: String, _ limits: ScanLimits, _ reason: String, at location: SourceLocation = #_sourceLocation
    ) {
        let error = refusal(text, limits: limits)
        #expect(error?.code == .invalidRequest, sourceLocation: location)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "accepted")", sourceLocation: location)
    }

    @Test(arguments: [("[", "]"), (#"{"a":"#, "}")], [5, 64])
    func depth(brackets: (String, String), depth: Int) {
        let limits = ScanLimits(depth: depth)
        func nested(_ levels: Int) -> String {
            message(
                String(repeating: brackets.0, count: levels) + "1" + String(repeating: brackets.1, count: levels))
        }
        #expect(refusal(nested(depth - 2), limits: limits) == nil)
        expectLimit(nested(depth - 1), limits, "nested too deep")
        // Far beyond, and never closed.
        expectLimit(message(String(repeating: brackets.0, count: 500_000)), limits, "nested too deep")
        expectLimit(String(repeating: "[", count: 70), limits, "nested too deep")
    }

    @Test func depthAboveTheFixedMaximumCountsAsTheMaximum() {
        let limits = ScanLimits(depth: 1_000)
        let brackets = String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
        expectLimit(message(brackets), limits, "nested too deep")
        expectLimit("{}", ScanLimits(depth: 0), "nested too deep")
        expectLimit("{}", ScanLimits(depth: -1), "nested too deep")
    }

    @Test func siblingsDoNotAddUpInDepth() {
        let siblings = Array(repeating: "[[{}]]", count: 200).joined(separator: ",")
        #expect(refusal(message("[\(siblings)]"), limits: ScanLimits(depth: 6)) == nil)
    }

    @Test func keysPerObject() {
        func object(_ keys: Int) -> String {
            "{" + (0..<keys).map { #""k\#($0)":{"y":[{}],"z":0}"# }.joined(separator: ",") + "}"
        }
        let limits = ScanLimits(keysPerObject: 10)
        #expect(refusal(message(object(10)), limits: limits) == nil)
        expectLimit(message(object(11)), limits, "too many members")
        #expect(refusal(message("[\(object(10)),\(object(10))]"), limits: limits) == nil)
        let wide = (0..<7).map { #","e\#($0)":1"# }.joined()
        #expect(refusal(#"{"jsonrpc":"2.0","id":1,"method":"m"\#(wide)}"#, limits: limits) == nil)
        expectLimit(#"{"jsonrpc":"2.0","id":1,"method":"m","o":1\#(wide)}"#, limits, "too many members")
        #expect(refusal(message(object(10_000))) == nil)
        expectLimit(message(object(10_001)), ScanLimits(), "too many members")
    }

    @Test func tokens() {
        // Keys and values, containers included: 1 + 2 + 2 + 2 + 1 + 1 + 1 around the value.
        let limits = ScanLimits(tokens: 30)
        func array(_ count: Int) -> String { "[" + Array(repeating: "0", count: count).joined(separator: ",") + "]" }
        #expect(refusal(message(array(19)), limits: limits) == nil)
        expectLimit(message(array(20)), limits, "too many keys and values")
        expectLimit(message(array(1_000_000)), ScanLimits(), "too many keys and values")
    }

    @Test func numbers() {
        let limits = ScanLimits(numberBytes: 8)
        for number in ["12345678", "-1234567", "0.123456", "1e+12345"] {
            #expect(refusal(message(number), limits: limits) == nil)
            expectLimit(message("\(number)0"), limits, "too many digits")
        }
        expectLimit(message(String(repeating: "9", count: 100_000)), ScanLimits(), "too many digits")
    }

    @Test func ids() {
        func withID(_ id: String) -> String { #"{"jsonrpc":"2.0","id":\#(id),"method":"m"}"# }
        let text = String(repeating: "i", count: 254)
        #expect(refusal(withID("\"\(text)\"")) == nil)
        expectLimit(withID("\"\(text)i\""), ScanLimits(), "id is too long")
        let limits = ScanLimits(idBytes: 4)
        #expect(refusal(withID("1234"), limits: limits) == nil)
        expectLimit(withID("12345"), limits, "id is too long")
        #expect(refusal(withID("12345"), limits: limits)?.id.isAbsent == true)
    }

    @Test func batches() {
        let one = #"{"jsonrpc":"2.0","method":"m"}"#
        func array(_ count: Int) -> String { "[" + Array(repeating: one, count: count).joined(separator: ",") + "]" }
        #expect(refusal(array(100)) == nil)
        expectLimit(array(101), ScanLimits(), "too many messages")
        expectLimit(array(3), ScanLimits(batch: 2), "too many messages")
    }

    @Test func messagesOfAnArrayDoNotTouchEachOther() throws {
        let vendor = #"{"jsonrpc":"2.0","id":1,"method":"vendor/x","params":{"Name":1,"progressToken":9,"name":"n"}}"#
        let progress = #"{"jsonrpc":"2.0","method":"notifications/progress"}"#
        let bytes = Array("[\(vendor),\(progress)]".utf8)
        guard case .batch(let messages) = try scanBody(bytes).get() else {
            Issue.record("not a batch")
            return
        }
        #expect(messages.count == 2 && messages[1].progressToken.isAbsent && messages[1].name.isAbsent)
        #expect(messages[1].id.isAbsent && messages[1].params.isAbsent)
    }

    @Test func batchesKeepOrderAndRanges() throws {
        let progress = #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2}}"#
        let answer = #"{"jsonrpc":"2.0","id":"r","result":{}}"#
        let text = #" [ {"jsonrpc":"2.0","id":1,"method":"ping"} , \#(progress),\#(answer) ] "#
        let bytes = Array(text.utf8)
        guard case .batch(let messages) = try scanBody(bytes).get() else {
            Issue.record("not a batch")
            return
        }
        #expect(messages.map(\.kind) == [.request, .notification, .result])
        #expect(messages.map { MCPWireTests.text($0.id, in: bytes) } == ["1", nil, "\"r\""])
        #expect(messages.map { MCPWireTests.text($0.progressToken, in: bytes) } == [nil, "2", nil])
        for message in messages {
            let own = Array(bytes[message.range.range])
            #expect(try Scanned(own).message.kind == message.kind)
        }
    }
}
