// One malformed request: its bytes, and what the gateway has to answer. The tables are in the files beside this one;
// BadInputTests sends them.
import Testing

/// Statuses and codes are those of the specification, the Python SDK's where it is silent, and 403 for Host and Origin.
struct BadRequest: Sendable, CustomTestStringConvertible {
    /// What becomes of the connection behind the answer.
    enum Behind: Sendable {
        /// Nobody knows where the next request begins: it must be closed.
        case closed
        /// It may stay open; if the answer does not say that it closes, the next request must work on it.
        case mayStayOpen
    }

    var name: String
    var bytes: @Sendable (Scene) -> [UInt8]
    var status: Int
    /// The JSON-RPC error code, where an error object is due.
    var code: Int?
    /// The id in the error: that of the request where it could be read.
    var id: JSONValue = .null
    /// Header lines that the answer must have.
    var headers: [String: String] = [:]
    var behind = Behind.mayStayOpen
    var hasBody = true

    var testDescription: String { name }

    static let all = framing + documents + messages + batches + headers + sessions + verbsAndPaths + modern

    /// A request whose framing is wrong: plain HTTP, so no JSON-RPC is due, and the connection must end.
    static func framing(_ name: String, _ status: Int, _ bytes: @escaping @Sendable (Scene) -> String) -> BadRequest {
        BadRequest(name: name, bytes: { Array(bytes($0).utf8) }, status: status, behind: .closed)
    }

    /// A request with a sound frame, made from a good one.
    static func draft(
        _ name: String, _ status: Int, _ code: Int?, id: JSONValue = .null, headers: [String: String] = [:],
        hasBody: Bool = true, _ change: @escaping @Sendable (inout Draft, Scene) -> Void
    ) -> BadRequest {
        BadRequest(
            name: name,
            bytes: { scene in
                var draft = scene.draft
                change(&draft, scene)
                return draft.bytes
            }, status: status, code: code, id: id, headers: headers, hasBody: hasBody)
    }

    /// A good request but for its body.
    static func body(_ name: String, _ code: Int, id: JSONValue = .null, _ body: [UInt8]) -> BadRequest {
        draft(name, 400, code, id: id) { draft, _ in draft.body = body }
    }

    static func body(_ name: String, _ code: Int, id: JSONValue = .null, _ text: String) -> BadRequest {
        body(name, code, id: id, Array(text.utf8))
    }

    /// The text with one character in its middle changed.
    static func altered(_ text: String) -> String {
        let half = text.count / 2
        let rest = text.dropFirst(half)
        return text.prefix(half) + (rest.first == "A" ? "B" : "A") + rest.dropFirst()
    }
}

/// JSON-RPC codes as the tables use them.
enum Code {
    static let parseError = -32700
    static let invalidRequest = -32600
    static let unknownMethod = -32601
    static let invalidParams = -32602
    static let headerMismatch = -32020
    static let unsupportedVersion = -32022
}
