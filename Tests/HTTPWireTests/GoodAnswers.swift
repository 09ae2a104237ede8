// Answers of instances that must be read, each with everything that the reader is to say of it on one line.

extension GoodStream {
    private static func status(_ name: String, _ line: String, _ expected: String) -> GoodStream {
        GoodStream(
            name, "\(line)\r\nContent-Length: 0\r\n\r\n", "\(expected) | Content-Length(contentLength)=0", rest: next)
    }

    private static func lines(
        _ name: String, _ head: String, _ expected: String, rest: String = GoodStream.next
    ) -> GoodStream {
        GoodStream(name, "HTTP/1.1 \(head)\r\n\r\n", expected, rest: rest)
    }

    private static let next = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

    static let answers: [GoodStream] = [
        status("OK", "HTTP/1.1 200 OK", "200 none keeps"),
        status("no reason", "HTTP/1.1 200 ", "200 none keeps"),
        status("no space either", "HTTP/1.1 200", "200 none keeps"),
        status("long reason", "HTTP/1.1 404 Not  Found: \"x\"\t", "404 none keeps"),
        status("reason outside ASCII", "HTTP/1.1 200 Ä", "200 none keeps"),
        status("599", "HTTP/1.1 599 x", "599 none keeps"),
        status("HTTP/1.0", "HTTP/1.0 200 OK", "200 none"),
        lines(
            "length", "200 OK\r\nContent-Length: 2", "200 length(2) keeps | Content-Length(contentLength)=2",
            rest: "hi" + next),
        lines(
            "chunks", "200 OK\r\nTransfer-Encoding: chunked",
            "200 chunked keeps | Transfer-Encoding(transferEncoding)=chunked",
            rest: "2\r\nhi\r\n0\r\n\r\n" + next),
        lines(
            "event stream", "200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked",
            "200 chunked keeps | content-type(contentType)=text/event-stream"
                + " | transfer-encoding(transferEncoding)=chunked",
            rest: "9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n"),
        lines("until close", "200 OK\r\nA: b", "200 untilClose keeps | A(other)=b", rest: "hi" + next),
        lines("no header lines", "200 OK", "200 untilClose keeps", rest: "hi"),
        lines(
            "close", "200 OK\r\nConnection: close\r\nContent-Length: 2",
            "200 length(2) | Connection(connection)=close | Content-Length(contentLength)=2", rest: "hi"),
        GoodStream(
            "HTTP/1.0 with keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n",
            "200 length(2) keeps | Connection(connection)=keep-alive | Content-Length(contentLength)=2",
            rest: "hi" + next),
        GoodStream("HTTP/1.0 until close", "HTTP/1.0 200 OK\r\n\r\n", "200 untilClose", rest: "hi"),
        lines("204", "204 No Content", "204 none keeps"),
        lines(
            "204 with a length that counts nothing", "204 No Content\r\nContent-Length: 5",
            "204 none keeps disputed | Content-Length(contentLength)=5"),
        lines(
            "204 with chunks that are none", "204 No Content\r\nTransfer-Encoding: chunked",
            "204 none keeps disputed | Transfer-Encoding(transferEncoding)=chunked"),
        lines(
            "304 with the length that a 200 would have", "304 Not Modified\r\nContent-Length: 5",
            "304 none keeps disputed | Content-Length(contentLength)=5"),
        lines(
            "304 with chunks that are none", "304 Not Modified\r\nTransfer-Encoding: chunked",
            "304 none keeps disputed | Transfer-Encoding(transferEncoding)=chunked"),
        lines(
            "204 with length 0", "204 No Content\r\nContent-Length: 0",
            "204 none keeps | Content-Length(contentLength)=0"),
        lines("205 without a length", "205 Reset Content", "205 untilClose keeps", rest: ""),
        lines("100", "100 Continue", "100 none keeps"),
        lines("103 with lines", "103 Early Hints\r\nLink: x", "103 none keeps | Link(other)=x"),
        lines(
            "199 with a length that counts nothing", "199 x\r\nContent-Length: 5",
            "199 none keeps disputed | Content-Length(contentLength)=5"),
        lines(
            "101", "101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x",
            "101 none keeps | Connection(connection)=upgrade | Upgrade(upgrade)=x", rest: "\u{0}\u{1}"),
        lines(
            "an offer to upgrade", "200 OK\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2",
            "200 length(2) keeps | Connection(connection)=upgrade | Upgrade(upgrade)=h2c"
                + " | Content-Length(contentLength)=2",
            rest: "hi" + next),
    ]
}
