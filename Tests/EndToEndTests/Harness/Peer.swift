// A client of the revisions with sessions, spoken by hand: what the official SDK never does or never shows. One
// connection per request.
import Foundation
import Synchronization

struct Peer: Sendable {
    var endpoint: Endpoint
    /// Sent with every request.
    var headers = Peer.usual

    static let usual = [
        ("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream"),
    ]

    var session: String? { headers.first { $0.0 == "Mcp-Session-Id" }?.1 }

    /// Initializes a session. `headers` are sent with this and every later request.
    static func open(
        _ endpoint: Endpoint, version: String = "2025-11-25", headers: [(String, String)] = []
    ) async throws -> Peer {
        var peer = Peer(endpoint: endpoint, headers: usual + headers)
        let answer = try await peer.post(initialize(version))
        guard answer.status == 200, answer.response["result"]["protocolVersion"].string == version else {
            throw Overdue(description: "initialize was answered with \(answer.status): \(answer.text)")
        }
        if let id = answer["Mcp-Session-Id"] { peer.headers.append(("Mcp-Session-Id", id)) }
        peer.headers.append(("MCP-Protocol-Version", version))
        let accepted = try await peer.post(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        guard accepted.status == 202 else {
            throw Overdue(description: "initialized was answered with \(accepted.status): \(accepted.text)")
        }
        return peer
    }

    static func initialize(_ version: String = "2025-11-25") -> String {
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\#(version)","#
            + #""capabilities":{},"clientInfo":{"name":"tests","version":"1"}}}"#
    }

    private static let lastID = Atomic<Int>(1_000)

    /// The SDK's servers know the streams of a session by their request ids: two calls at once may not share one.
    static func unusedID() -> Int { lastID.add(1, ordering: .relaxed).newValue }

    static func call(_ tool: String, _ arguments: String = "{}", id: Int = 1) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(tool)","arguments":\#(arguments)}}"#
    }

    func send(
        _ verb: String, _ body: String? = nil, within limit: Duration = Deadline.usual
    ) async throws -> HTTPAnswer {
        try await .to(endpoint, verb, headers, body: body.map { Array($0.utf8) }, within: limit)
    }

    func post(_ body: String, within limit: Duration = Deadline.usual) async throws -> HTTPAnswer {
        try await send("POST", body, within: limit)
    }

    /// The text that a tool answers.
    func call(_ tool: String, _ arguments: String = "{}") async throws -> String {
        let answer = try await post(Self.call(tool, arguments, id: Self.unusedID()))
        guard let text = answer.toolText else {
            throw Overdue(description: "\(tool) was answered with \(answer.status): \(answer.text)")
        }
        return text
    }

    /// A call that runs until ``answer(_:)`` was sent: its stream, and the id of the question in it.
    func question(id: Int) async throws -> (call: EventStream, question: JSONValue) {
        let call = try await stream("POST", Self.call("elicit", id: id))
        var first = try await call.next()
        // The event that only primes the client comes before.
        while let event = first, event.payload.isEmpty { first = try await call.next() }
        let asked = first?.message ?? .null
        guard asked["method"] == "elicitation/create" else {
            throw Overdue(description: "no question came, but \(call.head.status) and \(asked)")
        }
        return (call, asked["id"])
    }

    /// Answers a question with the word `w`.
    func answer(_ question: JSONValue) async throws {
        let word = #"{"action":"accept","content":{"word":"w"}}"#
        let accepted = try await post(#"{"jsonrpc":"2.0","id":\#(question),"result":\#(word)}"#)
        guard accepted.status == 202 else { throw Overdue(description: "\(accepted.status): \(accepted.text)") }
    }

    /// Sends a request and returns when the head of its answer is there; the rest is read as it comes.
    func stream(_ verb: String, _ body: String? = nil) async throws -> EventStream {
        try await EventStream.open(endpoint, verb, headers, body: body)
    }
}
