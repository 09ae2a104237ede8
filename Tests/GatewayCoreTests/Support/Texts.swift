// JSON-RPC messages of both eras as clients and instances send them.

enum Body {
    static func initialize(id: Int = 1, revision: String = "2025-11-25") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"initialize","params":{"protocolVersion":"\#(revision)","#
            + #""capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#
    }

    static func request(_ method: String, id: Int = 2, params: String = "{}") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
    }

    static func call(id: Int = 2, tool: String = "add") -> String {
        request("tools/call", id: id, params: #"{"name":"\#(tool)","arguments":{}}"#)
    }

    static func notification(_ method: String) -> String { #"{"jsonrpc":"2.0","method":"\#(method)"}"# }

    static func result(id: Int = 2, _ result: String = "{}") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#
    }

    /// The answer to a question, under the id that the client saw.
    static func result(named id: String) -> String { #"{"jsonrpc":"2.0","id":"\#(id)","result":{}}"# }

    static func initialized(id: Int = 1, revision: String = "2025-11-25") -> String {
        result(id: id, #"{"protocolVersion":"\#(revision)","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#)
    }

    static let meta =
        #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
        + #""io.modelcontextprotocol/clientCapabilities":{}}"#

    /// A request of 2026-07-28; `members` are further members of params, each followed by a comma.
    static func modern(_ method: String, id: Int = 2, members: String = "") -> String {
        request(method, id: id, params: "{\(members)\(meta)}")
    }
}

/// An event as SDK servers write it.
func event(_ json: String, id: String? = nil) -> String {
    "event: message\r\n" + (id.map { "id: \($0)\r\n" } ?? "") + "data: \(json)\r\n\r\n"
}

/// SplitMix64: the same numbers on every machine for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
