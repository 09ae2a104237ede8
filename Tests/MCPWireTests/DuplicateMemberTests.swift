// Members that occur twice: JSON libraries differ in which one they take, so a message with two of a watched member is
// two messages, and the gateway must not choose. Duplicates of members that nobody here acts on pass.

import MCPWire
import Testing

@Suite struct DuplicateMemberTests {
    static let paramsMembers = [
        "name", "uri", "taskId", "cursor", "requestState", "requestId", "progressToken", "protocolVersion", "_meta",
    ]
    static let metaMembers = [
        "progressToken", "io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientCapabilities",
    ]
    static let resultMembers = [
        "resultType", "requestState", "nextCursor", "taskId", "protocolVersion", "supportedVersions",
    ]

    /// The name with one of its letters as an escape.
    static func escaped(_ name: String, at offset: Int) -> String {
        let scalars = Array(name.unicodeScalars)
        let hex = String(scalars[offset].value, radix: 16, uppercase: offset % 2 == 0)
        let escape = "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        return String(String.UnicodeScalarView(scalars[..<offset])) + escape
            + String(String.UnicodeScalarView(scalars[(offset + 1)...]))
    }

    /// Every pair of writings of one name, in both orders, with equal and with different values.
    static func pairs(_ name: String) -> [String] {
        var pairs: [String] = []
        for offset in 0..<name.unicodeScalars.count {
            let other = escaped(name, at: offset)
            pairs.append(#""\#(name)":"a","\#(other)":"b""#)
            pairs.append(#""\#(other)":{},"x":1,"\#(name)":"b""#)
            pairs.append(#""\#(other)":"a","\#(other)":"a""#)
        }
        return pairs + [#""\#(name)":"a","\#(name)":"a""#, #""\#(name)":null,"x":[{}],"\#(name)":1"#]
    }

    private func expectDuplicate(_ text: String) {
        let error = refusal(text)
        #expect(error?.code == .invalidRequest && error?.reason.contains("occurs twice") == true, "\(text)")
    }

    @Test(arguments: ["jsonrpc", "id", "method", "params", "result", "error"])
    func inTheEnvelope(name: String) {
        let value = ["jsonrpc": #""2.0""#, "id": "1", "method": #""ping""#][name] ?? "{}"
        let rest = name == "result" || name == "error" ? "" : #","method":"ping""#
        let base = #"{"jsonrpc":"2.0","id":1\#(rest),"\#(name)":\#(value)"#
        for offset in 0..<name.utf8.count {
            expectDuplicate(#"\#(base),"\#(Self.escaped(name, at: offset))":\#(value)}"#)
        }
        expectDuplicate(#"\#(base),"\#(name)":\#(value)}"#)
        expectDuplicate(#"{"\#(name)":\#(value),"\#(name)":\#(value),"jsonrpc":"2.0"}"#)
    }

    @Test(arguments: paramsMembers)
    func inParams(name: String) {
        for pair in Self.pairs(name) {
            expectDuplicate(#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{\#(pair)}}"#)
            expectDuplicate(#"{"params":{\#(pair)},"jsonrpc":"2.0","id":1,"method":"vendor/x"}"#)
        }
    }

    @Test(arguments: metaMembers)
    func inMeta(name: String) {
        for pair in Self.pairs(name) {
            expectDuplicate(#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{\#(pair)}}}"#)
        }
    }

    @Test(arguments: resultMembers)
    func inResult(name: String) {
        for pair in Self.pairs(name) {
            expectDuplicate(#"{"jsonrpc":"2.0","id":1,"result":{\#(pair)}}"#)
        }
    }

    @Test func inEachMessageOfAnArray() {
        let good = #"{"jsonrpc":"2.0","method":"a","params":{"name":"x"}}"#
        expectDuplicate(#"[\#(good),{"jsonrpc":"2.0","method":"a","params":{"name":"x","name":"y"}}]"#)
        #expect(refusal("[\(good),\(good)]") == nil)
    }

    @Test func otherMembersMayRepeat() throws {
        for text in [
            #"{"jsonrpc":"2.0","id":1,"method":"a","x":1,"x":2}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"a","params":{"arguments":{"name":1,"name":2},"x":1,"x":1}}"#,
            #"{"jsonrpc":"2.0","id":1,"method":"a","params":{"resultType":"a","resultType":"b"}}"#,
            #"{"jsonrpc":"2.0","id":1,"result":{"name":"a","name":"b","_meta":{},"_meta":{}}}"#,
        ] {
            #expect(refusal(text) == nil, "\(text)")
        }
    }

    @Test func namesInOtherCaseMatterForMethodsOfTheProtocolOnly() {
        let params = #"{"Name":"b","_meta":{"ProgressToken":1}}"#
        for method in ["vendor/thing", "notifications/vendor", ""] {
            #expect(refusal(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#) == nil)
        }
        let error = refusal(#"{"jsonrpc":"2.0","id":1,"method":"ping","params":\#(params)}"#)
        #expect(error?.reason.contains("byte 50") == true && error?.reason.contains("(name)") == true)
        #expect(refusal(#"{"jsonrpc":"2.0","id":1,"result":{"NextCursor":"x"}}"#) == nil)
    }
}
