// Bodies that are not JSON, or JSON that is not a JSON-RPC message (RFC 8259, JSON-RPC 2.0). The frame is sound.

extension BadRequest {
    static let documents: [BadRequest] = [
        body("an empty body", Code.parseError, ""),
        body("only white space", Code.parseError, " \r\n\t"),
        body("no JSON", Code.parseError, "nonsense"),
        body("JSON that ends early", Code.parseError, id: 1, String(Scene.ping.dropLast())),
        body("a string that ends early", Code.parseError, id: 1, #"{"jsonrpc":"2.0","id":1,"method":"ping"#),
        body("bytes behind the JSON", Code.parseError, id: 1, Scene.ping + "x"),
        body("a second message behind the first", Code.parseError, id: 1, Scene.ping + Scene.ping),
        body("a byte order mark", Code.parseError, [0xEF, 0xBB, 0xBF] + Array(Scene.ping.utf8)),
        body("UTF-16", Code.parseError, Scene.ping.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }),
        body("a byte that is not UTF-8", Code.parseError, id: 1, params([0xFF])),
        body("an overlong UTF-8 sequence", Code.parseError, id: 1, params([0xC0, 0x80])),
        body("half a surrogate pair in UTF-8", Code.parseError, id: 1, params([0xED, 0xA0, 0x80])),
        body("a UTF-8 sequence that ends early", Code.parseError, id: 1, params([0xE2, 0x82])),
        body("a NUL in a string", Code.parseError, id: 1, params([0x00])),
        body("a line feed in a string", Code.parseError, id: 1, params([0x0A])),
        body("an unknown escape", Code.parseError, id: 1, params(Array(#"\x41"#.utf8))),
        body("a NUL behind the JSON", Code.parseError, id: 1, Array(Scene.ping.utf8) + [0]),
        body("single quotes", Code.parseError, "{'jsonrpc':'2.0','id':1,'method':'ping'}"),
        body("a comma at the end", Code.parseError, id: 1, #"{"jsonrpc":"2.0","id":1,"method":"ping",}"#),
        body("a comment", Code.parseError, #"/* */{"jsonrpc":"2.0","id":1,"method":"ping"}"#),
        body("a number with a leading zero", Code.parseError, #"{"jsonrpc":"2.0","id":01,"method":"ping"}"#),
        body("NaN", Code.parseError, id: 1, #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":NaN}}"#),
    ]

    static let messages: [BadRequest] = [
        body("a number", Code.invalidRequest, "7"),
        body("null", Code.invalidRequest, "null"),
        body("a string", Code.invalidRequest, #""ping""#),
        body("an empty object", Code.invalidRequest, "{}"),
        body("deep nesting", Code.invalidRequest, id: 1, deep(Scene.depthLimit + 1)),
        body("a depth bomb", Code.invalidRequest, id: 1, deep(20_000)),
        body("a member twice", Code.invalidRequest, id: 1,
            #"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"ping"}"#),
        body("a member twice, once with escapes", Code.invalidRequest, id: 1,
            #"{"jsonrpc":"2.0","id":1,"method":"tools/list","m\u0065thod":"ping"}"#),
        body("the id twice", Code.invalidRequest, #"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#),
        body("a tool's name twice", Code.invalidRequest, id: 1,
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","name":"slow"}}"#),
        body("a member in another case", Code.invalidRequest, id: 1,
            #"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/list"}"#),
        body("another jsonrpc", Code.invalidRequest, id: 1, #"{"jsonrpc":"1.0","id":1,"method":"ping"}"#),
        body("jsonrpc as a number", Code.invalidRequest, id: 1, #"{"jsonrpc":2.0,"id":1,"method":"ping"}"#),
        body("no jsonrpc", Code.invalidRequest, id: 1, #"{"id":1,"method":"ping"}"#),
        body("the id null", Code.invalidRequest, #"{"jsonrpc":"2.0","id":null,"method":"ping"}"#),
        body("the id a fraction", Code.invalidRequest, #"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#),
        body("the id with an exponent", Code.invalidRequest, #"{"jsonrpc":"2.0","id":1e2,"method":"ping"}"#),
        body("the id an object", Code.invalidRequest, #"{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}"#),
        body("the id a list", Code.invalidRequest, #"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#),
        body("the id true", Code.invalidRequest, #"{"jsonrpc":"2.0","id":true,"method":"ping"}"#),
        body("a huge id", Code.invalidRequest,
            #"{"jsonrpc":"2.0","id":""# + String(repeating: "x", count: 5000) + #"","method":"ping"}"#),
        body("a huge number as id", Code.invalidRequest,
            #"{"jsonrpc":"2.0","id":1"# + String(repeating: "0", count: 400) + #","method":"ping"}"#),
        body("no method", Code.invalidRequest, id: 1, #"{"jsonrpc":"2.0","id":1}"#),
        body("the method a number", Code.invalidRequest, id: 1, #"{"jsonrpc":"2.0","id":1,"method":7}"#),
        body("params a list", Code.invalidRequest, id: 1, #"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#),
        body("params a string", Code.invalidRequest, id: 1, #"{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}"#),
        body("a method with a result", Code.invalidRequest, id: 1,
            #"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#),
        body("a result with an error", Code.invalidRequest, id: 1,
            #"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}"#),
        body("a result without an id", Code.invalidRequest, #"{"jsonrpc":"2.0","result":{}}"#),
        body("a result with the id null", Code.invalidRequest, #"{"jsonrpc":"2.0","id":null,"result":{}}"#),
        body("an error that is no object", Code.invalidRequest, id: 1, #"{"jsonrpc":"2.0","id":1,"error":"x"}"#),
    ]

    static let batches: [BadRequest] = [
        body("an array in a session of 2025-11-25", Code.invalidRequest, "[\(Scene.ping)]"),
        draft("an array in a session of 2025-06-18's header", 400, Code.invalidRequest) { draft, _ in
            draft["MCP-Protocol-Version"] = "2025-06-18"
            draft.body = Array("[\(Scene.ping)]".utf8)
        },
        draft("an array whose header says 2025-03-26 in a later session", 400, Code.invalidRequest) { draft, _ in
            draft["MCP-Protocol-Version"] = "2025-03-26"
            draft.body = Array("[\(Scene.ping)]".utf8)
        },
        batch("an empty array", "[]"),
        batch("an array in an array", "[[\(Scene.ping)]]"),
        batch("a number in an array", "[1]"),
        batch("a bad message behind a good one", #"[\#(Scene.ping),{"jsonrpc":"2.0","id":null,"method":"ping"}]"#),
        batch(
            "a batch above the limit",
            "[" + Array(repeating: Scene.ping, count: Scene.batchLimit + 1).joined(separator: ",") + "]"),
        batch("initialize in a batch", "[\(Peer.initialize("2025-03-26"))]"),
        draft("an array that ends early", 400, Code.parseError) { draft, scene in
            draft = scene.draft(of: scene.batchPeer)
            draft.body = Array("[\(Scene.ping)".utf8)
        },
    ]

    private static func batch(_ name: String, _ text: String) -> BadRequest {
        draft(name, 400, Code.invalidRequest) { draft, scene in
            draft = scene.draft(of: scene.batchPeer)
            draft.body = Array(text.utf8)
        }
    }

    /// A ping with these bytes in a string of its params.
    private static func params(_ bytes: [UInt8]) -> [UInt8] {
        Array(#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"a"#.utf8) + bytes + Array(#"b"}}"#.utf8)
    }

    private static func deep(_ levels: Int) -> String {
        // The message and its params are two levels already.
        let lists = String(repeating: "[", count: levels - 2) + String(repeating: "]", count: levels - 2)
        return #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":\#(lists)}}"#
    }
}
