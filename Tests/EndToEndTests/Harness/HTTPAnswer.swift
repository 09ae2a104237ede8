// An HTTP answer, read strictly by its own framing, and the shortest way to one: a request on a connection of its own.
import Foundation

struct HTTPAnswer: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8] = []

    subscript(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    var json: JSONValue { JSONValue(parsing: body) ?? .null }

    /// The other side says that it closes the connection behind this answer.
    var closes: Bool { self["Connection"]?.lowercased() == "close" }

    /// All JSON-RPC messages in it, however they are framed.
    var messages: [JSONValue] {
        guard self["Content-Type"]?.hasPrefix("text/event-stream") == true else { return [json] }
        return ServerEvent.all(in: text).compactMap(\.message)
    }

    /// The message that answers a request; what was sent on the way left out.
    var response: JSONValue { messages.last { $0["method"] == .null } ?? .null }

    /// The text that a tool has answered.
    var toolText: String? { response["result"]["content"][0]["text"].string }

    // MARK: Asking

    /// One request on a connection of its own, its answer read to the end.
    static func to(
        _ endpoint: Endpoint, _ verb: String, _ headers: [(String, String)] = [], body: [UInt8]? = nil,
        within limit: Duration = Deadline.usual
    ) async throws -> HTTPAnswer {
        let connection = try RawConnection(to: endpoint.port)
        await connection.send(request(endpoint, verb, headers, body: body))
        let reader = AnswerReader(connection, limit: limit)
        return try await reader.answer(hasBody: verb != "HEAD")
    }

    static func get(_ endpoint: Endpoint) async throws -> HTTPAnswer { try await to(endpoint, "GET") }

    /// The bytes of a well-formed request.
    static func request(
        _ endpoint: Endpoint, _ verb: String, _ headers: [(String, String)], body: [UInt8]? = nil
    ) -> [UInt8] {
        var head = "\(verb) \(endpoint.path) HTTP/1.1\r\n"
        if !headers.contains(where: { $0.0.lowercased() == "host" }) { head += "Host: \(endpoint.host)\r\n" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        return Array((head + "\r\n").utf8) + (body ?? [])
    }
}
