// Bodies that the scanner must refuse, each with its code. Their texts are kept in a golden file, so that a change of
// what a client reads is seen in review.

import MCPWire
import Testing

@Suite struct RefusedBodyTests {
    /// Not JSON at all, or not only JSON: -32700.
    static let notJSON: [String] = [
        "", " ", "\n", "{", "[", "\"", "hello", "{}}", "{}{}", "{},", "{}\u{0}", "\u{FEFF}{}", "nul", "tru", "+1",
        ".5", "1.", "01", "-", "-a", "1e", "1e+", "0x10", "NaN", "Infinity", "'a'", "{'a':1}", "{a:1}", "{\"a\"}",
        "{\"a\":}", "{\"a\":1,}", "{,\"a\":1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1;\"b\":2}", "[1,]", "[,1]",
        "[1 2]", "[1}", "{\"a\":1]", "{\"a\":[1}", "{\"a\":tru}", "{\"a\":nulL}", "{\"a\":True}", "{\"a\":01}",
        "{\"a\":1.}", "{\"a\":-}", "{\"a\":1e}", "{\"a\":\"b}", "{\"a\":\"\\\"}", "{\"a\":\"\\x41\"}",
        "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12G4\"}", "{\"a\":\"\\u123\"}", "{\"a\":\"\\u123G\"}", "{\"a\":\"\\U0041\"}",
        "{\"a\":\"tab\there\"}",
        "{\"a\":\"line\nbreak\"}", "{\"a\":\"\u{0}\"}", "{\"a\":\"\u{1F}\"}", "{\"a\":1}//x", "/**/{}",
        "{\"a\":1}\u{B}",
        "\u{A0}{}", "{1:2}", "{null:1}", "{\"a\":1,,\"b\":2}", "[[[[", "{\"a\":{\"b\":{", "{\"a\":\"\\ud83d",
    ]

    /// Bytes that are not UTF-8, put between the quotes of a string value: -32700.
    static let notUTF8: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
        [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
        [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF0, 0x28, 0x8C, 0xBC],
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        [0xF0, 0x90, 0x28, 0xBC], [0xF0, 0x90, 0x8C, 0x28],
    ]

    /// JSON, but no JSON-RPC message: -32600.
    static let notAMessage: [String] = [
        "1", "\"x\"", "null", "true", "{}", "[]", "[1]", "[null]", "[[]]", "[{}]",
        #"[[{"jsonrpc":"2.0","method":"a"}]]"#,
        #"[{"jsonrpc":"2.0","method":"a"},1]"#,
        #"[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0"}]"#,
        #"{"id":1,"method":"ping"}"#,
        #"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        #"{"jsonrpc":"2.00","id":1,"method":"ping"}"#,
        #"{"jsonrpc":"2\u002e0","id":1,"method":"ping"}"#,
        #"{"jsonrpc":2.0,"id":1,"method":"ping"}"#,
        #"{"jsonrpc":null,"id":1,"method":"ping"}"#,
        #"{"jsonrpc":["2.0"],"id":1,"method":"ping"}"#,
        #"{"JSONRPC":"2.0","id":1,"method":"ping"}"#,
        #"{"jsonrpc":"2.0","id":1}"#,
        #"{"jsonrpc":"2.0"}"#,
        #"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        #"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#,
        #"{"jsonrpc":"2.0","id":1e3,"method":"ping"}"#,
        #"{"jsonrpc":"2.0","id":-1E-2,"method":"ping"}"#,
        #"{"jsonrpc":"2.0","id":true,"method":"ping"}"#,
        #"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
        #"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#,
        #"{"jsonrpc":"2.0","id":false,"error":{}}"#,
        #"{"jsonrpc":"2.0","id":null,"result":{}}"#,
        #"{"jsonrpc":"2.0","result":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":7}"#,
        #"{"jsonrpc":"2.0","id":1,"method":null}"#,
        #"{"jsonrpc":"2.0","id":1,"method":{"a":"ping"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"ping","params":3}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"ping","params":false}"#,
        #"{"jsonrpc":"2.0","id":1,"error":"x"}"#,
        #"{"jsonrpc":"2.0","id":1,"error":null}"#,
        #"{"jsonrpc":"2.0","id":1,"error":[{}]}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"error":{},"method":"ping"}"#,
        #"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"result":{},"error":null}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"a","result":{},"error":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"Method":"ping"}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"ping","PARAMS":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"ping","param\u017f":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"re\#u{017F}ult":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"ping","I\u0064":2}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}"#,
        #"{"jsonrpc":"2.0","id":1,"params":{"URI":"b"},"method":"resources/read"}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"tas\#u{212A}Id":"b"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_META":{}}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"progresstoken":1}}}"#,
    ]

    @Test(arguments: notJSON)
    func whatIsNotJSONIsAParseError(text: String) {
        #expect(refusal(text)?.code == .parseError)
        // The same must hold inside a message that is fine up to there.
        if !text.isEmpty, text != " ", text != "\n" {
            let inside = #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":\#(text)"#
            #expect(refusal(inside)?.code == .parseError)
        }
    }

    @Test(arguments: notUTF8)
    func invalidUTF8IsAParseError(bytes: [UInt8]) throws {
        for padding in ["", "1234567", "a string of more than thirty-two bytes, to reach the wide loop"] {
            let head = Array(#"{"jsonrpc":"2.0","id":1,"method":"ping","x":"\#(padding)"#.utf8)
            let error = try #require(refusal(head + bytes + Array(#"\#(padding)"}"#.utf8)))
            #expect(error.code == .parseError && error.reason.contains("UTF-8"), "\(error.reason)")
            #expect(error.id == ByteRange(start: 22, end: 23))
            // As a key, and unfinished at the end of the body.
            #expect(refusal(Array("{\"".utf8) + bytes + Array("\":1}".utf8))?.code == .parseError)
            #expect(refusal(head + bytes)?.code == .parseError)
        }
    }

    @Test(arguments: notAMessage)
    func whatIsNoMessageIsAnInvalidRequest(text: String) {
        #expect(refusal(text)?.code == .invalidRequest)
        // Broken JSON behind it weighs more, wherever it stands.
        #expect(refusal(text + "]")?.code == .parseError)
        #expect(refusal(String(text.dropLast()) + "\u{1}")?.code == .parseError)
    }

    @Test func textsSayWhereAndWhatToDo() throws {
        var lines: [String] = []
        for text in Self.notJSON + Self.notAMessage {
            let error = try #require(refusal(text), "\(text)")
            let id = MCPWireTests.text(error.id, in: Array(text.utf8)) ?? "-"
            lines.append("\(Golden.ascii(text)) | \(error.code.rawValue) | \(id) | \(error.reason)")
        }
        try Golden.expect(lines, file: "refusals.txt")
    }

    /// The scan reads strings eight and thirty-two bytes at a time; every byte must count at every place.
    @Test func everyByteAtEveryPlaceOfAString() {
        let head = Array(#"{"jsonrpc":"2.0","method":"m","x":""#.utf8)
        let tail = Array(#""}"#.utf8)
        for byte in UInt8.min...UInt8.max {
            let isPlain = byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            for place in 0..<44 {
                var contents = [UInt8](repeating: 0x61, count: 44)
                contents[place] = byte
                #expect((refusal(head + contents + tail) == nil) == isPlain, "byte \(byte) at \(place)")
            }
        }
    }

    @Test func anArrayIsNotOneMessage() {
        let bytes = Array(#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#.utf8)
        #expect(throws: ScanError.self) { try Scanned(bytes) }
        #expect(refusal(bytes) == nil)
    }

    @Test(arguments: [
        (#"{"jsonrpc":"2.0","id":"a","method":5}"#, #""a""#),
        (#"{"jsonrpc":"1","method":"a","id":-5}"#, "-5"),
        (#"{"jsonrpc":"2.0","id":7,"method":"a","params":{"x":"#, "7"),
        (#"{"jsonrpc":"2.0","id":7,"id":7,"method":"a"}"#, nil),
        (#"{"jsonrpc":"2.0","id":null,"method":"a"}"#, nil),
        (#"{"jsonrpc":"2.0","method":"a","id":1.5}"#, nil),
        (#"[{"jsonrpc":"2.0","id":7,"method":5}]"#, nil),
    ])
    func theIDIsGivenWheneverItIsCertain(text: String, id: String?) throws {
        let error = try #require(refusal(text))
        #expect(MCPWireTests.text(error.id, in: Array(text.utf8)) == id)
    }
}
