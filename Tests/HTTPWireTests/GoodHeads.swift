// Heads that must be read, each with everything that the reader is to say of it on one line. The differential tests
// check that NIOHTTP1 says the same.
import HTTPWire
import Testing

struct GoodStream: CustomTestStringConvertible, Sendable {
    var name: String
    /// One head with nothing behind it.
    var head: String
    /// As `HeadText` writes it.
    var expected: String
    /// What follows the head: its body, further messages.
    var rest: String

    init(_ name: String, _ head: String, _ expected: String, rest: String = "") {
        self.name = name
        self.head = head
        self.expected = expected
        self.rest = rest
    }

    var testDescription: String { name }
    var bytes: [UInt8] { Array((head + rest).utf8) }
}

/// What a reader found, as text.
enum HeadText {
    static func text(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer) -> String {
        let query = head.query.isPresent ? " ?\(text(head.query, bytes))" : ""
        return "\(head.verb) \(text(head.path, bytes))\(query) \(head.isHTTP11 ? "1.1" : "1.0") \(head.framing)"
            + "\(head.keepsAlive ? " keeps" : "")\(head.expectsContinue ? " expects" : "")\(text(head.fields, bytes))"
    }

    static func text(_ head: ResponseHead, _ bytes: UnsafeRawBufferPointer) -> String {
        "\(head.status) \(head.framing)\(head.keepsAlive ? " keeps" : "")\(head.hasDisputedBody ? " disputed" : "")"
            + text(head.fields, bytes)
    }

    private static func text(_ fields: [HeadField], _ bytes: UnsafeRawBufferPointer) -> String {
        fields.reduce(into: "") {
            $0 += " | \(text($1.nameRange, bytes))(\($1.name))=\(text($1.value, bytes))"
        }
    }

    static func text(_ range: HeadRange, _ bytes: UnsafeRawBufferPointer) -> String {
        WireReading.ascii(range.bytes(in: bytes))
    }
}

extension GoodStream {
    /// A GET with one more header line.
    private static func line(_ name: String, _ line: String, _ expected: String, _ field: String) -> GoodStream {
        GoodStream(
            name, "GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n", "get / 1.1 \(expected) | Host(host)=a | \(field)")
    }

    /// A request that is only a start line and its host.
    private static func start(_ name: String, _ line: String, _ expected: String) -> GoodStream {
        GoodStream(name, "\(line)\r\nHost: a\r\n\r\n", "\(expected) | Host(host)=a")
    }

    static let startLines: [GoodStream] = [
        start("GET", "GET / HTTP/1.1", "get / 1.1 none keeps"),
        start("POST without a body", "POST /mcp HTTP/1.1", "post /mcp 1.1 none keeps"),
        start("DELETE", "DELETE /mcp HTTP/1.1", "delete /mcp 1.1 none keeps"),
        start("HEAD", "HEAD /mcp HTTP/1.1", "head /mcp 1.1 none keeps"),
        start("OPTIONS", "OPTIONS /mcp HTTP/1.1", "options /mcp 1.1 none keeps"),
        start("OPTIONS *", "OPTIONS * HTTP/1.1", "options * 1.1 none keeps"),
        start("PUT", "PUT / HTTP/1.1", "other / 1.1 none keeps"),
        start("PATCH", "PATCH / HTTP/1.1", "other / 1.1 none keeps"),
        start("lower case method", "get / HTTP/1.1", "other / 1.1 none keeps"),
        start("method of all token bytes", "!#$%&'*+-.^_`|~09AZaz / HTTP/1.1", "other / 1.1 none keeps"),
        start("a method that only begins like POST", "POSTS / HTTP/1.1", "other / 1.1 none keeps"),
        start("query", "GET /a?b=c&d HTTP/1.1", "get /a ?b=c&d 1.1 none keeps"),
        start("empty query", "GET /a? HTTP/1.1", "get /a ? 1.1 none keeps"),
        start("question mark in the query", "GET /a?b?c HTTP/1.1", "get /a ?b?c 1.1 none keeps"),
        start("two slashes", "GET //a//b/../c HTTP/1.1", "get //a//b/../c 1.1 none keeps"),
        start("percent escapes stay", "GET /%6Dcp%00%zz HTTP/1.1", "get /%6Dcp%00%zz 1.1 none keeps"),
        start(
            "odd but visible", "GET /\"<>\\^`{|}~[]@:;=!$&'()*+, HTTP/1.1",
            "get /\"<>\\^`{|}~[]@:;=!$&'()*+, 1.1 none keeps"),
        start("HTTP/1.0", "GET / HTTP/1.0", "get / 1.0 none"),
        GoodStream("HTTP/1.0 without a host", "GET / HTTP/1.0\r\n\r\n", "get / 1.0 none"),
        GoodStream(
            "HTTP/1.0 with keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
            "get / 1.0 none keeps | Connection(connection)=Keep-Alive", rest: "GET / HTTP/1.0\r\n\r\n"),
        GoodStream(
            "a tab behind keep-alive", "GET / HTTP/1.0\r\nConnection: keep-alive\t\r\n\r\n",
            "get / 1.0 none | Connection(connection)=keep-alive"),
        GoodStream(
            "a tab in a list of options", "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\t,x\r\n\r\n",
            "get / 1.1 none | Host(host)=a | Connection(connection)=keep-alive\\x09,x"),
        GoodStream(
            "an empty line first", "\r\nGET /a?b HTTP/1.1\r\nHost: a\r\n\r\n",
            "get /a ?b 1.1 none keeps | Host(host)=a", rest: "\r\nFETCH /next HTTP/1.1\r\nHost: a\r\n\r\n"),
        GoodStream("empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "get / 1.1 none keeps | Host(host)="),
    ]

    static let lines: [GoodStream] = [
        line("no space", "A:b", "none keeps", "A(other)=b"),
        line("much space", "A: \t b c\t \t", "none keeps", "A(other)=b c"),
        line("empty value", "A:", "none keeps", "A(other)="),
        line("blank value", "A: \t ", "none keeps", "A(other)="),
        line("tab inside", "A: b\tc", "none keeps", "A(other)=b\\x09c"),
        line("UTF-8 in a value", "A: ä", "none keeps", "A(other)=\\xc3\\xa4"),
        line("colons in a value", "A: b: c", "none keeps", "A(other)=b: c"),
        line("all token bytes in a name", "!#$%&'*+-.^_`|~09AZaz: b", "none keeps", "!#$%&'*+-.^_`|~09AZaz(other)=b"),
        line("upper case name", "ORIGIN: http://a", "none keeps", "ORIGIN(origin)=http://a"),
        line("close", "Connection: close", "none", "Connection(connection)=close"),
        line("close in a list", "Connection: x,\tCLOSE ,y", "none", "Connection(connection)=x,\\x09CLOSE ,y"),
        line(
            "close beats keep-alive", "Connection: keep-alive, close", "none",
            "Connection(connection)=keep-alive, close"),
        line("not quite close", "Connection: closed", "none keeps", "Connection(connection)=closed"),
        line(
            "close on a second line", "Connection: x\r\nConnection: close", "none",
            "Connection(connection)=x | Connection(connection)=close"),
        line(
            "an upgrade that is not answered", "Upgrade: h2c\r\nConnection: Upgrade", "none keeps",
            "Upgrade(upgrade)=h2c | Connection(connection)=Upgrade"),
        line("unknown single names twice", "A: b\r\na: c", "none keeps", "A(other)=b | a(other)=c"),
    ]

    /// A POST with these header lines and a body.
    private static func post(
        _ name: String, _ lines: String, _ expected: String, _ fields: String, rest: String
    ) -> GoodStream {
        GoodStream(
            name, "POST /mcp HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n",
            "post /mcp 1.1 \(expected) | Host(host)=a | \(fields)", rest: rest)
    }

    private static let nextRequest = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"

    static let bodies: [GoodStream] = [
        post(
            "length", "Content-Length: 5", "length(5) keeps", "Content-Length(contentLength)=5",
            rest: "hello" + nextRequest),
        post(
            "length, and an empty line behind the body", "Content-Length: 5", "length(5) keeps",
            "Content-Length(contentLength)=5", rest: "hello\r\n" + nextRequest),
        post("length 0", "Content-Length: 0", "none keeps", "Content-Length(contentLength)=0", rest: nextRequest),
        post(
            "length with zeros in front", "content-length:\t 0005", "length(5) keeps",
            "content-length(contentLength)=0005", rest: "hello" + nextRequest),
        post(
            "longest length", "Content-Length: 999999999999999999", "length(999999999999999999) keeps",
            "Content-Length(contentLength)=999999999999999999", rest: "hello"),
        post(
            "a head as the body", "Content-Length: 35", "length(35) keeps", "Content-Length(contentLength)=35",
            rest: "POST / HTTP/1.1\r\nHost: evil.test\r\n\r\n" + nextRequest),
        post(
            "chunks", "Transfer-Encoding: chunked", "chunked keeps", "Transfer-Encoding(transferEncoding)=chunked",
            rest: "5\r\nhello\r\n0\r\n\r\n" + nextRequest),
        post(
            "chunks in capitals", "TRANSFER-ENCODING: CHUNKED", "chunked keeps",
            "TRANSFER-ENCODING(transferEncoding)=CHUNKED", rest: "5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n" + nextRequest),
        post(
            "chunks and close", "Connection: close\r\nTransfer-Encoding: chunked", "chunked",
            "Connection(connection)=close | Transfer-Encoding(transferEncoding)=chunked",
            rest: "0\r\n\r\n" + nextRequest),
        post(
            "expectation", "Expect: 100-Continue\r\nContent-Length: 2", "length(2) keeps expects",
            "Expect(expect)=100-Continue | Content-Length(contentLength)=2", rest: "{}" + nextRequest),
        GoodStream(
            "expectation of HTTP/1.0 is ignored",
            "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
            "post / 1.0 length(2) | Expect(expect)=100-continue | Content-Length(contentLength)=2", rest: "{}"),
        GoodStream(
            "GET with a body", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n",
            "get / 1.1 length(2) keeps | Host(host)=a | Content-Length(contentLength)=2", rest: "hi" + nextRequest),
    ]

    static let requests = startLines + lines + bodies
}
