// What is decided by the head alone: Host, Origin, path, method and media types, each with its status.

import HTTPWire
import NIOCore
import Testing

@testable import GatewayCore

@Suite struct AdmissionTests {
    private static let good = [
        ("Host", "localhost:8080"), ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
    ]

    /// The status of a POST whose headers differ from good ones: nil removes, a value replaces or adds.
    private func status(
        _ verb: String = "POST", _ path: String = "/mcp", with changes: [(String, String?)]
    ) throws -> Int? {
        var headers = Self.good.filter { pair in !changes.contains { $0.0 == pair.0 } }
        for (name, value) in changes { if let value { headers.append((name, value)) } }
        let node = try TestNode(era: .sessionless)
        let call = try node.send(verb, path, headers: headers, body: verb == "POST" ? Body.call() : "")
        if call.sink.isEnded { #expect(node.lane.opened.isEmpty) }
        node.expectNoBreach()
        return call.status
    }

    @Test func letsGoodRequestsThrough() throws {
        #expect(try status(with: []) == nil)
        #expect(try status(with: [("Origin", "http://localhost:6274")]) == nil)
        #expect(try status(with: [("Content-Type", "application/json; charset=utf-8")]) == nil)
    }

    @Test(arguments: [
        "evil.example", "localhost.evil", "", "127.0.0.1.nip.example",
    ])
    func refusesForeignHosts(_ host: String) throws { #expect(try status(with: [("Host", host)]) == 403) }

    @Test(arguments: ["http://evil.example", "null", "", "http://localhost.evil"])
    func refusesForeignOrigins(_ origin: String) throws { #expect(try status(with: [("Origin", origin)]) == 403) }

    @Test func refusesARepeatedOrigin() throws {
        #expect(try status(with: [("Origin", "http://localhost"), ("Origin", "http://localhost")]) == 403)
    }

    @Test(arguments: ["GET", "POST", "DELETE", "PUT", "OPTIONS", "HEAD"])
    func checksHostAndOriginBeforeAnythingElse(_ verb: String) throws {
        #expect(try status(verb, "/nowhere", with: [("Host", "evil.example")]) == 403)
        #expect(try status(verb, "/mcp", with: [("Origin", "http://evil.example")]) == 403)
        #expect(try status(verb, "/nowhere", with: []) == 404)
    }

    @Test func namesTheMethodsThatThereAre() throws {
        let node = try TestNode(hasStreamEndpoint: true)
        for verb in ["PUT", "PATCH", "HEAD", "OPTIONS", "get"] {
            let call = try node.send(verb, "/mcp", headers: Self.good)
            #expect(call.status == 405)
            #expect(call.header("Allow") == "GET, POST, DELETE")
        }
        #expect(try node.send("POST", "/mcp/sse", headers: Self.good).header("Allow") == "GET")
        #expect(try node.send("GET", "/mcp/messages", headers: Self.good).header("Allow") == "POST")
        #expect(try node.send("DELETE", "/sse", headers: Self.good).status == 405)
    }

    @Test(arguments: [
        "application/json", "text/event-stream", "text/html", "", "application/json;q=0, text/event-stream",
        "application/json, text/event-stream;q=0.0", "application/jsonp, text/event-stream",
    ])
    func wantsBothTypesAccepted(_ accept: String) throws { #expect(try status(with: [("Accept", accept)]) == 406) }

    @Test(arguments: [
        "*/*", "application/*, text/*", "text/event-stream, APPLICATION/JSON", "application/json;q=0.5, */*",
    ])
    func honoursWildcardsAndOrder(_ accept: String) throws { #expect(try status(with: [("Accept", accept)]) == nil) }

    @Test func readsAllAcceptLines() throws {
        #expect(try status(with: [("Accept", "application/json"), ("Accept", "text/event-stream")]) == nil)
        #expect(try status(with: [("Accept", nil)]) == 406)
    }

    @Test func wantsAnEventStreamAcceptedByGet() throws {
        #expect(try status("GET", "/mcp", with: [("Accept", "application/json")]) == 406)
        #expect(try status("GET", "/mcp", with: [("Accept", nil)]) == 406)
    }

    @Test func wantsJSON() throws {
        #expect(try status(with: [("Content-Type", nil)]) == 400)
        #expect(try status(with: [("Content-Type", "text/plain")]) == 400)
        #expect(try status(with: [("Content-Type", "application/jsonx")]) == 400)
        #expect(try status(with: [("Content-Type", "application/json"), ("Content-Type", "application/json")]) == 400)
        #expect(try status(with: [("Content-Encoding", "gzip")]) == 415)
    }

    @Test func answersErrorsInJSONRPC() throws {
        let node = try TestNode()
        let call = try node.send("POST", "/mcp", headers: [("Host", "localhost")])
        #expect(call.status == 400)
        #expect(call.header("Content-Type") == "application/json")
        #expect(call.text.hasPrefix(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600"#))
    }

    @Test func answersAPreflight() throws {
        let node = try TestNode()
        let call = try node.send(
            "OPTIONS",
            headers: [
                ("Host", "localhost"), ("Origin", "http://localhost:6274"), ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Headers", "mcp-session-id"),
            ])
        #expect(call.status == 204)
        #expect(call.header("Access-Control-Allow-Origin") == "http://localhost:6274")
        #expect(call.header("Access-Control-Allow-Headers") == "mcp-session-id")
        #expect(call.header("Vary") == "Origin")
        node.expectIdle()
    }

    @Test func letsAnAllowedPageReadItsAnswers() throws {
        let node = try TestNode(era: .sessionless)
        let call = try node.post(Body.call(), headers: [("Origin", "http://localhost:6274")])
        node.lane.last?.answer(Body.result())
        #expect(call.header("Access-Control-Allow-Origin") == "http://localhost:6274")
        let refused = try node.post("{", headers: [("Origin", "http://localhost:6274")])
        #expect(refused.header("Access-Control-Allow-Origin") == "http://localhost:6274")
        #expect(try node.post("{").header("Access-Control-Allow-Origin") == nil)
    }

    @Test func boundsBodiesByMethod() throws {
        let node = try TestNode(parts: { $0.limits.bodyBytes = 1234 })
        func bound(_ verb: String) throws -> Int? {
            let text = "\(verb) /mcp HTTP/1.1\r\n" + Self.good.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
            var reader = RequestHeadReader(limits: HeadLimits())
            let head = try #require(try Array(text.utf8).withUnsafeBytes { try reader.read($0) })
            guard case .accept(let most) = node.worker.admit(head, ByteBuffer(string: text)) else { return nil }
            return most
        }
        #expect(try bound("POST") == 1234)
        #expect(try bound("GET") == 0)
        #expect(try bound("DELETE") == 0)
    }
}
