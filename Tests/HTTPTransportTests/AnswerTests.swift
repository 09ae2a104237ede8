// Requests and answers on the wire: what is sent, and what of the answer's framing and lines is understood.

import NIOCore
import TransportAPI
import Testing

@testable import HTTPTransport

@Suite(.timeLimit(.minutes(1))) struct AnswerTests {
    // MARK: Requests

    @Test func writesRequests() async throws {
        try await Bench.run { bench in
            let host = "Host: 127.0.0.1:\(bench.server.port)\r\n"
            _ = try await bench.exchange(body: "{\"a\":1}", lines: "Accept: x\r\nMcp-Session-Id: s\r\n")
            _ = try await bench.exchange(.get, body: nil, lines: "Accept: y\r\n")
            _ = try await bench.exchange(.delete, body: nil, lines: "Mcp-Session-Id: s\r\n")
            _ = try await bench.exchange(.get, body: nil, usesStreamEndpoint: true)
            _ = try await bench.exchange(body: "{}", path: "/messages?session_id=1")
            _ = try await bench.exchange(body: "")
            #expect(bench.server.asked.map(\.text) == [
                "POST /mcp?a=b HTTP/1.1\r\n\(host)Accept: x\r\nMcp-Session-Id: s\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
                "GET /mcp?a=b HTTP/1.1\r\n\(host)Accept: y\r\n\r\n",
                "DELETE /mcp?a=b HTTP/1.1\r\n\(host)Mcp-Session-Id: s\r\n\r\n",
                "GET /sse HTTP/1.1\r\n\(host)\r\n",
                "POST /messages?session_id=1 HTTP/1.1\r\n\(host)Content-Length: 2\r\n\r\n{}",
                "POST /mcp?a=b HTTP/1.1\r\n\(host)Content-Length: 0\r\n\r\n",
            ])
        }
    }

    @Test(arguments: [16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 3_000_000])
    func sendsBodiesOfAnySize(_ count: Int) async throws {
        let body = String(repeating: "b", count: count)
        try await Bench.run { bench in
            let outcome = try await bench.exchange(body: body)
            #expect(outcome.text == "ok")
            #expect(bench.server.asked.first?.text.hasSuffix("Content-Length: \(count)\r\n\r\n" + body) == true)
        }
    }

    @Test func namesTheInstanceInHost() {
        func authority(_ host: String, _ port: Int, _ isTLS: Bool = false) -> String {
            HTTPInstance(host: host, port: port, isTLS: isTLS, path: "/").authority
        }
        #expect(authority("a.example", 80) == "a.example")
        #expect(authority("a.example", 443) == "a.example:443")
        #expect(authority("a.example", 443, true) == "a.example")
        #expect(authority("a.example", 80, true) == "a.example:80")
        #expect(authority("::1", 9001) == "[::1]:9001")
        #expect(authority("::1", 80) == "[::1]")
    }

    // MARK: Framing

    private static let framings: [(String, String)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 5 hello"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 0 "),
        ("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", "202 0 "),
        ("HTTP/1.1 204 No Content\r\n\r\n", "204 0 "),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "204 0 "),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", "304 0 "),
        ("HTTP/1.1 404\r\nContent-Length: 2\r\n\r\nno", "404 2 no"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "200 - hello"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n4;x=1\r\nello\r\n0\r\nT: 1\r\n\r\n",
            "200 - hello"
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200 - "),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 5 hello"),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 5 hello"
        ),
    ]

    private func summary(_ outcome: Bench.Outcome) -> String {
        #expect(outcome.isEnded)
        #expect(outcome.breaches.isEmpty)
        return "\(outcome.status ?? 0) \(outcome.length.map { "\($0)" } ?? "-") \(outcome.text)"
    }

    @Test(arguments: framings.indices)
    func understandsFraming(_ number: Int) async throws {
        let (answer, expected) = Self.framings[number]
        try await Bench.run(reply: { _, _ in .bytes(answer) }) { bench in
            for _ in 0..<2 {
                let outcome = try await bench.exchange()
                #expect(summary(outcome) == expected)
            }
            #expect(bench.server.connectionCount == 1)
        }
    }

    @Test(arguments: framings.indices)
    func understandsFramingByteByByte(_ number: Int) async throws {
        let (answer, expected) = Self.framings[number]
        let pieces = answer.utf8.map { String(decoding: [$0], as: UTF8.self) }
        try await Bench.run(reply: { _, _ in .pieces(pieces) }) { bench in
            for _ in 0..<2 {
                let outcome = try await bench.exchange()
                #expect(summary(outcome) == expected)
            }
        }
    }

    @Test func readsABodyUntilTheEnd() async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"
        try await Bench.run(reply: { _, _ in .bytesThenClose(answer) }) { bench in
            let outcome = try await bench.exchange()
            #expect(summary(outcome) == "200 - data: 1\n\n")
            #expect(outcome.content == .eventStream)
            #expect(try await bench.counts() == (0, 0))
        }
    }

    // MARK: Content

    @Test(arguments: [
        ("application/json", AnswerHead.Content.json), ("application/json; charset=utf-8", .json),
        ("Application/JSON", .json), ("text/event-stream", .eventStream), ("text/event-stream;x", .eventStream),
        ("text/plain", .other), ("application/jsonx", .other), ("", .other),
    ])
    func tellsContentsApart(_ type: String, _ content: AnswerHead.Content) async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: 2\r\n\r\nok"
        try await Bench.run(reply: { _, _ in .bytes(answer) }) { bench in
            let outcome = try await bench.exchange()
            #expect(outcome.content == content)
        }
    }
}
