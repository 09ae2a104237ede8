// Where the readers differ from the oracle, and why that is meant. `OracleTests` proves each row, and lets no mutation
// differ in another way: a new difference has to be understood and written down here first.

/// A stream that is refused here and accepted by the oracle.
struct StricterCase: Sendable {
    var name: String
    /// Why it is refused.
    var why: String
    var side: WireReading.Side
    var bytes: [UInt8]

    private init(_ name: String, _ why: String, _ side: WireReading.Side, _ text: String) {
        self.name = name
        self.why = why
        self.side = side
        bytes = Array(text.utf8)
    }

    private static func start(_ name: String, _ why: String, _ line: String) -> StricterCase {
        StricterCase(name, why, .requests, "\(line)\r\nHost: a\r\n\r\n")
    }

    private static func line(_ name: String, _ why: String, _ lines: String, body: String = "") -> StricterCase {
        StricterCase(name, why, .requests, "POST / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n\(body)")
    }

    private static func chunks(_ name: String, _ why: String, _ body: String) -> StricterCase {
        line(name, why, "Transfer-Encoding: chunked", body: body)
    }

    private static func answer(_ name: String, _ why: String, _ head: String, body: String = "") -> StricterCase {
        StricterCase(name, why, .answers, "\(head)\r\n\r\n\(body)")
    }

    static let all: [StricterCase] = requests + answers

    private static let requests: [StricterCase] = [
        start(
            "spaces in the start line", "RFC 9112 §3 has one; readers split such lines at different places",
            "GET  / HTTP/1.1"),
        start(
            "absolute form", "the gateway is no forward proxy; two names for one host are one too many",
            "GET http://b/ HTTP/1.1"),
        start("asterisk with another method", "RFC 9112 §3.2.4 has it for OPTIONS only", "GET * HTTP/1.1"),
        start("fragment", "RFC 9112 §3.2 has none; what is cut off differs between readers", "GET /a#b HTTP/1.1"),
        start(
            "CONNECT", "there is no tunnel here, and behind its head there is another protocol",
            "CONNECT a:443 HTTP/1.1"),
        StricterCase(
            "two empty lines before a request", "RFC 9112 §2.2 asks to ignore one; who sends more is no client",
            .requests,
            "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        StricterCase(
            "bare CR before a request", "no line begins so", .requests, "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        StricterCase(
            "bare LF before a request", "no line ends so", .requests, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        StricterCase("no host", "RFC 9112 §3.2", .requests, "GET / HTTP/1.1\r\n\r\n"),
        line("two hosts", "RFC 9112 §3.2", "Host: b"),
        line("unknown expectation", "RFC 9110 §10.1.1", "Expect: 200-ok"),
        line("empty coding", "not 'chunked'; readers disagree whether there is a coding", "Transfer-Encoding:"),
        line(
            "coding before chunked", "not 'chunked'; nothing here decodes gzip", "Transfer-Encoding: gzip, chunked",
            body: "0\r\n\r\n"),
        line(
            "space behind chunked", "some readers take it for a part of the value", "Transfer-Encoding: chunked ",
            body: "0\r\n\r\n"),
        line("space behind a length", "some readers take it for a part of the value", "Content-Length: 0 "),
        StricterCase(
            "chunks in HTTP/1.0", "RFC 9112 §6.1: the framing must be taken for faulty", .requests,
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        chunks("chunk size of nine digits", "more digits are never needed", "000000005\r\nhello\r\n0\r\n\r\n"),
        chunks("extension without its value", "RFC 9112 §7.1.1 wants one", "5;a=\r\nhello\r\n0\r\n\r\n"),
        chunks("extension without a name", "RFC 9112 §7.1.1 wants one", "5;=b\r\nhello\r\n0\r\n\r\n"),
        chunks("long extension", "bound", "5;\(String(repeating: "e", count: 300))\r\nhello\r\n0\r\n\r\n"),
        chunks("long trailers", "bound", "0\r\nx:\(String(repeating: "y", count: 9_000))\r\n\r\n"),
        chunks("connection as a trailer", "RFC 9110 §6.5.1; the oracle heeds it", "0\r\nConnection: close\r\n\r\n"),
        line("many lines", "bound", String(repeating: "a: b\r\n", count: 130) + "c: d"),
        line("long line", "bound", "a: \(String(repeating: "b", count: 33_000))"),
    ]

    private static let answers: [StricterCase] = [
        answer("status below 100", "RFC 9110 §15", "HTTP/1.1 099 OK\r\nContent-Length: 0"),
        answer("status above 599", "RFC 9110 §15", "HTTP/1.1 600 OK\r\nContent-Length: 0"),
        answer("control byte in the reason", "RFC 9112 §4", "HTTP/1.1 200 O\u{1}K\r\nContent-Length: 0"),
        StricterCase(
            "empty line before an answer", "what stands there is left over from the answer before", .answers,
            "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        StricterCase(
            "bare LF before an answer", "no line ends so", .answers,
            "\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        answer(
            "coding before chunked", "not 'chunked'; nothing here decodes gzip",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked", body: "0\r\n\r\n"),
        answer(
            "another coding", "not 'chunked'; the oracle reads until close",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip"),
        answer(
            "chunks in HTTP/1.0", "RFC 9112 §6.1: the framing must be taken for faulty",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked", body: "0\r\n\r\n"),
        answer(
            "space behind a length", "some readers take it for a part of the value",
            "HTTP/1.1 200 OK\r\nContent-Length: 0 "),
        answer(
            "chunk size of nine digits", "more digits are never needed",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", body: "000000005\r\nhello\r\n0\r\n\r\n"),
        answer(
            "extension without its value", "RFC 9112 §7.1.1 wants one",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", body: "5;a=\r\nhello\r\n0\r\n\r\n"),
        answer(
            "connection as a trailer", "RFC 9110 §6.5.1",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", body: "0\r\nConnection: close\r\n\r\n"),
    ]
}

/// A stream that is accepted here and that the oracle refuses or reads otherwise. `Agreement` leaves these out.
struct LooserCase: Sendable {
    var name: String
    /// Why that is no danger.
    var why: String
    var bytes: [UInt8]

    private init(_ name: String, _ why: String, _ text: String) {
        self.name = name
        self.why = why
        bytes = Array(text.utf8)
    }

    private static let next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"

    static let all: [LooserCase] = [
        LooserCase(
            "unknown method", "RFC 9110 §9.1 has an open list; no endpoint offers it, so it gets 405",
            "FETCH / HTTP/1.1\r\nHost: a\r\n\r\n"),
        LooserCase(
            "method of another protocol", "the same; the oracle also reads RTSP, where this is none of HTTP's",
            "DESCRIBE / HTTP/1.1\r\nHost: a\r\n\r\n"),
        LooserCase(
            "request to upgrade, then another request",
            "RFC 9110 §7.8: an upgrade that is not answered with 101 did not take place",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n" + next),
        LooserCase(
            "Proxy-Connection", "it is in no standard (RFC 9112 C.2.2); both see the same messages",
            "GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\n" + next),
    ]
}
