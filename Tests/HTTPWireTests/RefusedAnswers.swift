// Answers that must be refused. An instance gets no status for it: the exchange ends and the connection is closed.
// The status of the error is checked all the same, since a wrong one means that a wrong rule was met.

extension RefusedStream {
    private static func status(_ name: String, _ line: String) -> RefusedStream {
        RefusedStream(name, 400, "\(line)\r\nContent-Length: 0\r\n\r\n")
    }

    private static func line(_ name: String, _ status: Int, _ line: String) -> RefusedStream {
        RefusedStream(name, status, "HTTP/1.1 200 OK\r\n\(line)\r\n")
    }

    static let answers: [RefusedStream] = [
        status("empty status line", ""),
        status("no status", "HTTP/1.1"),
        status("no status behind a space", "HTTP/1.1 "),
        status("status of two digits", "HTTP/1.1 20"),
        status("status of four digits", "HTTP/1.1 2000"),
        status("status with a letter", "HTTP/1.1 20x OK"),
        status("status with a sign", "HTTP/1.1 +20 OK"),
        status("status 000", "HTTP/1.1 000 OK"),
        status("status 099", "HTTP/1.1 099 OK"),
        status("status 600", "HTTP/1.1 600 OK"),
        status("two spaces before the status", "HTTP/1.1  200 OK"),
        status("tab behind the status", "HTTP/1.1 200\tOK"),
        status("version 2", "HTTP/2 200 OK"),
        status("version 2.0", "HTTP/2.0 200 OK"),
        status("version 1.2", "HTTP/1.2 200 OK"),
        status("version in lower case", "http/1.1 200 OK"),
        status("another protocol", "ICY 200 OK"),
        status("space first", " HTTP/1.1 200 OK"),
        status("control byte in the reason", "HTTP/1.1 200 O\u{1}K"),
        status("NUL in the reason", "HTTP/1.1 200 OK\u{0}"),
        status("CR in the reason", "HTTP/1.1 200 O\rK"),
        status("a line hidden in the reason", "HTTP/1.1 200 OK\rContent-Length: 5"),
        RefusedStream("empty line first", 400, "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        RefusedStream("bare LF behind the status line", 400, "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"),
        RefusedStream("bare LF ends the head", 400, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n"),
        RefusedStream("a request", 400, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedStream("an event stream without a head", 400, "data: {\"jsonrpc\":\"2.0\"}\r\n\r\n"),
        line("folded", 400, "A: b\r\n c\r\n"),
        line("space before the colon", 400, "Content-Length : 5\r\n"),
        line("control byte in a value", 400, "A: \u{8}\r\n"),
        line("no colon", 400, "Server\r\n"),
        line("length twice", 400, "Content-Length: 5\r\nContent-Length: 5\r\n"),
        line("length is a list", 400, "Content-Length: 5, 5\r\n"),
        line("length negative", 400, "Content-Length: -5\r\n"),
        line("tab behind a length", 400, "Content-Length: 5\t\r\n"),
        line("tab behind chunked", 501, "Transfer-Encoding: chunked\t\r\n"),
        line("length and chunks", 400, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        line("gzip, then chunked", 501, "Transfer-Encoding: gzip, chunked\r\n"),
        line("chunked twice", 501, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        RefusedStream("HTTP/1.0 with chunks", 400, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        RefusedStream(
            "204 with length and chunks", 400,
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"),
        RefusedStream(
            "304 with length and chunks", 400,
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
        RefusedStream(
            "100 with length and chunks", 400,
            "HTTP/1.1 100 Continue\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
        RefusedStream(
            "HTTP/1.0 304 with chunks", 400, "HTTP/1.0 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ]
}
