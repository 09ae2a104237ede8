// The outermost level of messages that the scanner refuses, and ids that are written in different ways.

import Testing

@testable import MCPWire

@Suite("Outlines of messages") struct MessageOutlineTests {
    private func outline(_ text: String) -> MessageOutline? {
        Array(text.utf8).withUnsafeBytes { MessageOutline($0) }
    }

    private static let deep = String(repeating: "[{\"a\":", count: 5_000) + "1" + String(repeating: "}]", count: 5_000)

    @Test(
        "Kinds",
        arguments: [
            (#"{"method":"m"}"#, Message.Kind.notification), (#"{"id":1,"method":"m"}"#, .request),
            (#"{"id":1,"result":{}}"#, .result), (#"{"error":{},"id":null}"#, .error),
            (#" { "result" : \#(deep) , "id" : "x" } "#, .result), (#"{"\u0069d":1,"method":"m"}"#, .request),
            (#"{"params":{"id":1,"result":2,"text":"\"}]"},"method":"m"}"#, .notification),
        ])
    func kinds(text: String, kind: Message.Kind) { #expect(outline(text)?.kind == kind) }

    @Test(
        "What is no message",
        arguments: [
            "", "hello", "[]", "{}", "{", #"{"id":1}"#, #"{"method":"m""#, #"{"method":"m"} x"#, #"{"method" "m"}"#,
            #"{"method":"m","#, #"{"method":1}"#, #"{"a":[}"#, #"{"a":"\"#, #"{"a":"\""#, "{\"result\":[[[",
        ])
    func noMessages(text: String) { #expect(outline(text) == nil) }

    @Test(
        "Ids that may be written into an answer, and others",
        arguments: [
            ("1", true), (#""a""#, true), ("-7", true), ("1.5", false), ("{}", false), ("[1]", false), ("true", false),
            (#""\#(String(repeating: "q", count: 4_000))""#, true),
            (#""\#(String(repeating: "q", count: 5_000))""#, false), (#""a\x""#, false),
        ])
    func ids(token: String, isKept: Bool) throws {
        let text = #"{"id":\#(token),"method":"m","params":[[]]}"#
        let found = try #require(outline(text))
        #expect(found.kind == .request)
        // What the scanner takes for an id is the measure, here as there.
        let scanned = Array(#"{"jsonrpc":"2.0","id":\#(token),"method":"m"}"#.utf8).withUnsafeBytes {
            try? MessageScanner.scanMessage($0, limits: ScanLimits(numberBytes: 4_096, idBytes: 4_096))
        }
        #expect(found.id.isAbsent == (scanned == nil))
        if isKept { #expect(Array(text.utf8)[found.id.range].elementsEqual(token.utf8)) }
    }

    @Test("Cut anywhere, it is no message and no trap")
    func cuts() {
        let text = Array(#"{"id":"a\"b","method":"m","params":{"x":[1,"]"]}}"#.utf8)
        for end in 0..<text.count { #expect(text[..<end].withUnsafeBytes { MessageOutline($0) } == nil) }
        #expect(text.withUnsafeBytes { MessageOutline($0) } != nil)
    }

    @Test(
        "Ids are equal by value",
        arguments: [
            ("1", "1", true), ("1", "1.0", true), ("1", "2", false), (#""a""#, #""a""#, true),
            (#""a""#, #""\u0061""#, true), ("1", #""1""#, false), (#""a""#, #""b""#, false), ("", "", false),
            ("null", "null", true), ("x", "y", false), (#"""#, #"""#, true), (#"""#, #""""#, false),
        ])
    func requestIDs(one: String, other: String, areEqual: Bool) {
        let found = Array(one.utf8).withUnsafeBytes { one in
            Array(other.utf8).withUnsafeBytes { RequestID.areEqual(one, $0) }
        }
        #expect(found == areEqual)
    }
}
