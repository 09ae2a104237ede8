// Heads that must be refused, each with the status that a client is answered. The tests read them whole and in pieces;
// the mutation tests and the fuzzing corpora start from them too.
import Testing

/// One stream that a reader must refuse.
struct RefusedStream: CustomTestStringConvertible, Sendable {
    var name: String
    var status: Int
    var bytes: [UInt8]

    init(_ name: String, _ status: Int, _ text: String) {
        self.init(name, status, Array(text.utf8))
    }

    init(_ name: String, _ status: Int, _ bytes: [UInt8]) {
        self.name = name
        self.status = status
        self.bytes = bytes
    }

    var testDescription: String { name }
}

extension RefusedStream {
    /// Only the start line is bad.
    private static func start(_ name: String, _ status: Int, _ line: String) -> RefusedStream {
        RefusedStream(name, status, "\(line)\r\nHost: a\r\n\r\n")
    }

    /// Only one header line is bad. `line` comes with its line end.
    private static func line(_ name: String, _ status: Int, _ line: String) -> RefusedStream {
        RefusedStream(name, status, "POST /mcp HTTP/1.1\r\nHost: a\r\n\(line)\r\n")
    }

    static let startLines: [RefusedStream] = [
        start("no method", 400, " / HTTP/1.1"),
        start("method with a colon", 400, "GE:T / HTTP/1.1"),
        start("method with a control byte", 400, "GE\u{1}T / HTTP/1.1"),
        start("method outside ASCII", 400, "GÉT / HTTP/1.1"),
        start("method and nothing else", 400, "GET"),
        start("method and a space", 400, "GET "),
        start("HTTP/0.9 request", 400, "GET /"),
        start("target and a space", 400, "GET / "),
        start("no target", 400, "GET  HTTP/1.1"),
        start("two spaces before the target", 400, "GET  / HTTP/1.1"),
        start("two spaces before the version", 400, "GET /  HTTP/1.1"),
        start("tab before the target", 400, "GET\t/ HTTP/1.1"),
        start("tab before the version", 400, "GET /\tHTTP/1.1"),
        start("space before the method", 400, " GET / HTTP/1.1"),
        start("space behind the version", 400, "GET / HTTP/1.1 "),
        start("tab behind the version", 400, "GET / HTTP/1.1\t"),
        start("something behind the version", 400, "GET / HTTP/1.1 x"),
        start("space in the target", 400, "GET /a b HTTP/1.1"),
        start("control byte in the target", 400, "GET /\u{7} HTTP/1.1"),
        start("delete in the target", 400, "GET /\u{7F} HTTP/1.1"),
        start("NUL in the target", 400, "GET /\u{0} HTTP/1.1"),
        start("target outside ASCII", 400, "GET /é HTTP/1.1"),
        start("fragment", 400, "GET /a#b HTTP/1.1"),
        start("fragment behind a query", 400, "GET /a?b#c HTTP/1.1"),
        start("absolute form", 400, "GET http://a/ HTTP/1.1"),
        start("authority form", 400, "CONNECT a:443 HTTP/1.1"),
        start("CONNECT with a path", 400, "CONNECT / HTTP/1.1"),
        start("relative path", 400, "GET a HTTP/1.1"),
        start("only a query", 400, "GET ?a HTTP/1.1"),
        start("asterisk with GET", 400, "GET * HTTP/1.1"),
        start("asterisk and more", 400, "OPTIONS ** HTTP/1.1"),
        start("HTTP/2 preface", 505, "PRI * HTTP/2.0"),
        start("version 0.9", 505, "GET / HTTP/0.9"),
        start("version 1.2", 505, "GET / HTTP/1.2"),
        start("version 2.0", 505, "GET / HTTP/2.0"),
        start("version with two digits", 400, "GET / HTTP/1.10"),
        start("version with a letter", 505, "GET / HTTP/1.x"),
        start("version without a minor number", 400, "GET / HTTP/1"),
        start("version with a comma", 400, "GET / HTTP/1,1"),
        start("version in lower case", 400, "GET / http/1.1"),
        start("another protocol", 400, "GET / ICAP/1.0"),
        start("CR in the start line", 400, "GET /\rx HTTP/1.1"),
        start("two CRs behind the start line", 400, "GET / HTTP/1.1\r"),
        RefusedStream("two empty lines first", 400, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedStream("an empty line, then a bare LF", 400, "\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedStream("an empty line, then a space", 400, "\r\n GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedStream("a line of one space first", 400, " \r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedStream("bare CR first", 400, "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedStream("two CRs, then LF first", 400, "\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedStream("bare LF first", 400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedStream("bare LF behind the start line", 400, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        RefusedStream("TLS client hello", 400, [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x0A, 0x0D, 0x0A]),
        RefusedStream("byte order mark", 400, "\u{FEFF}GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]

    static let lines: [RefusedStream] = [
        line("bare LF behind a line", 400, "A: b\n"),
        RefusedStream("bare LF ends the head", 400, "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        line("bare CR in a value", 400, "A: b\rc\r\n"),
        line("CR before CR LF", 400, "A: b\r\r\n"),
        line("bare CR hides a line", 400, "A: b\rContent-Length: 5\r\n"),
        line("NUL in a value", 400, "A: b\u{0}c\r\n"),
        line("control byte in a value", 400, "A: b\u{1B}c\r\n"),
        line("delete in a value", 400, "A: b\u{7F}\r\n"),
        line("control byte behind eight others", 400, "A: 12345678\u{1}2345678\r\n"),
        line("vertical tab around a length", 400, "Content-Length:\u{B}5\r\n"),
        line("space before the colon", 400, "Content-Length : 5\r\n"),
        line("tab before the colon", 400, "Content-Length\t: 5\r\n"),
        line("space in a name", 400, "Content Length: 5\r\n"),
        line("name outside ASCII", 400, "Ä: b\r\n"),
        line("NUL in a name", 400, "A\u{0}: b\r\n"),
        line("no colon", 400, "Content-Length 5\r\n"),
        line("no name", 400, ": b\r\n"),
        line("bracket in a name", 400, "A[0]: b\r\n"),
        line("folded with a space", 400, "A: b\r\n c\r\n"),
        line("folded with a tab", 400, "A: b\r\n\tc\r\n"),
        line("line of one space", 400, " \r\n"),
        RefusedStream("first line is folded", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        line("length twice, equal", 400, "Content-Length: 5\r\nContent-Length: 5\r\n"),
        line("length twice, unequal", 400, "Content-Length: 5\r\ncontent-length: 6\r\n"),
        line("length twice in one line", 400, "Content-Length: 5, 5\r\n"),
        line("length empty", 400, "Content-Length:\r\n"),
        line("length negative", 400, "Content-Length: -1\r\n"),
        line("length with a plus", 400, "Content-Length: +5\r\n"),
        line("length hexadecimal", 400, "Content-Length: 0x5\r\n"),
        line("length with a point", 400, "Content-Length: 5.0\r\n"),
        line("length with a space inside", 400, "Content-Length: 1 0\r\n"),
        line("length with an underscore", 400, "Content-Length: 1_0\r\n"),
        line("length in other digits", 400, "Content-Length: ٥\r\n"),
        line("length of 19 digits", 400, "Content-Length: 1000000000000000000\r\n"),
        line("length beyond 64 bits", 400, "Content-Length: 18446744073709551621\r\n"),
        line("tab behind a length", 400, "Content-Length: 5\t\r\n"),
        line("space behind a length", 400, "Content-Length: 5 \r\n"),
        line("tab behind chunked", 501, "Transfer-Encoding: chunked\t\r\n"),
        line("space behind chunked", 501, "Transfer-Encoding: chunked \r\n"),
        line("length and chunks", 400, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        line("chunks and length", 400, "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        line("chunks and length 0", 400, "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"),
        line("chunked twice", 501, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        line("chunked twice in one line", 501, "Transfer-Encoding: chunked, chunked\r\n"),
        line("gzip, then chunked", 501, "Transfer-Encoding: gzip, chunked\r\n"),
        line("chunked, then identity", 501, "Transfer-Encoding: chunked, identity\r\n"),
        line("identity", 501, "Transfer-Encoding: identity\r\n"),
        line("coding empty", 501, "Transfer-Encoding:\r\n"),
        line("chunked with a parameter", 501, "Transfer-Encoding: chunked;a=b\r\n"),
        line("chunked in quotes", 501, "Transfer-Encoding: \"chunked\"\r\n"),
        line("xchunked", 501, "Transfer-Encoding: xchunked\r\n"),
        line("chunked behind a comma", 501, "Transfer-Encoding: ,chunked\r\n"),
        line("Kelvin sign in chunked", 501, "Transfer-Encoding: chun\u{212A}ed\r\n"),
        line("two hosts", 400, "Host: a\r\n"),
        line("two unequal hosts", 400, "host: b\r\n"),
        line("unknown expectation", 417, "Expect: 200-ok\r\n"),
        line("two expectations", 417, "Expect: 100-continue\r\nExpect: 100-continue\r\n"),
        line("empty expectation", 417, "Expect:\r\n"),
        RefusedStream("no host", 400, "GET / HTTP/1.1\r\n\r\n"),
        RefusedStream("HTTP/1.0 with two hosts", 400, "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
        RefusedStream("HTTP/1.0 with chunks", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        line("value with a broken end", 400, "A: b\r\u{1}\n"),
    ]

    static let requests = startLines + lines
}
