// Chunked bodies, good and bad. What stands behind a good one's end is the next message's and must be left alone.
import Testing

struct ChunkedBody: CustomTestStringConvertible, Sendable {
    var name: String
    var stream: String
    /// The decoded body.
    var body: String
    /// Bytes behind the end of the body.
    var left = 0

    var testDescription: String { name }

    static let good: [ChunkedBody] = [
        ChunkedBody(name: "empty", stream: "0\r\n\r\n", body: ""),
        ChunkedBody(name: "one chunk", stream: "5\r\nhello\r\n0\r\n\r\n", body: "hello"),
        ChunkedBody(name: "two chunks", stream: "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", body: "hello"),
        ChunkedBody(name: "lower case", stream: "a\r\n0123456789\r\n0\r\n\r\n", body: "0123456789"),
        ChunkedBody(name: "upper case", stream: "A\r\n0123456789\r\n0\r\n\r\n", body: "0123456789"),
        ChunkedBody(
            name: "two digits", stream: "1f\r\n\(String(repeating: "x", count: 31))\r\n0\r\n\r\n",
            body: String(repeating: "x", count: 31)),
        ChunkedBody(name: "leading zeros", stream: "00000002\r\nhi\r\n0000\r\n\r\n", body: "hi"),
        ChunkedBody(name: "line ends as data", stream: "4\r\n\r\n\r\n\r\n0\r\n\r\n", body: "\r\n\r\n"),
        ChunkedBody(name: "an end as data", stream: "5\r\n0\r\n\r\n\r\n0\r\n\r\n", body: "0\r\n\r\n"),
        ChunkedBody(name: "a request behind", stream: "0\r\n\r\nGET / HTTP/1.1\r\n", body: "", left: 16),
        ChunkedBody(name: "an end behind the end", stream: "0\r\n\r\n0\r\n\r\n", body: "", left: 5),
        ChunkedBody(name: "extension", stream: "2;a\r\nhi\r\n0;b=c\r\n\r\n", body: "hi"),
        ChunkedBody(name: "several extensions", stream: "2;a=b;c;d=e\r\nhi\r\n0\r\n\r\n", body: "hi"),
        ChunkedBody(name: "extension in quotes", stream: "2;a=\"b c;\\\"\\\\\t=\"\r\nhi\r\n0\r\n\r\n", body: "hi"),
        ChunkedBody(name: "two in quotes", stream: "2;a=\"\";b=\"\"\r\nhi\r\n0\r\n\r\n", body: "hi"),
        ChunkedBody(name: "extension of all token bytes", stream: "0;!#$%&'*+-.^_`|~09AZaz=!~\r\n\r\n", body: ""),
        ChunkedBody(name: "longest extension", stream: "0;\(String(repeating: "e", count: 254))\r\n\r\n", body: ""),
        ChunkedBody(name: "trailer", stream: "0\r\nX: y\r\n\r\nZ", body: "", left: 1),
        ChunkedBody(name: "trailers", stream: "0\r\nX:\r\nServer-Timing: a;b \t\r\nE: ä\r\n\r\n", body: ""),
        ChunkedBody(
            name: "trailer with a long name", stream: "0\r\nContent-Length-Of-Something-Else: 5\r\n\r\n", body: ""),
        ChunkedBody(name: "names that begin like others", stream: "0\r\nContent-Lengths: 5\r\nT: 6\r\n\r\n", body: ""),
        ChunkedBody(
            name: "longest trailers",
            stream: "0\r\nx:\(String(repeating: "y", count: 4092))\r\nx:\(String(repeating: "y", count: 4094))\r\n\r\n",
            body: ""),
    ]
}

extension RefusedStream {
    private static func size(_ name: String, _ status: Int, _ line: String) -> RefusedStream {
        RefusedStream(name, status, "\(line)\r\nhello\r\n0\r\n\r\n")
    }

    private static func trailer(_ name: String, _ line: String) -> RefusedStream {
        RefusedStream(name, 400, "0\r\n\(line)\r\n\r\n")
    }

    static let chunks: [RefusedStream] = [
        size("no size", 400, ""),
        size("size with a sign", 400, "+5"),
        size("size negative", 400, "-5"),
        size("size with a hexadecimal prefix", 400, "0x5"),
        size("size with an x", 400, "x5"),
        size("size is no number", 400, "g"),
        size("space before the size", 400, " 5"),
        size("space behind the size", 400, "5 "),
        size("tab behind the size", 400, "5\t"),
        size("underscore in the size", 400, "0_5"),
        size("NUL behind the size", 400, "5\u{0}"),
        size("size in quotes", 400, "\"5\""),
        size("size of nine digits", 413, "000000005"),
        size("size beyond 32 bits", 413, "100000005"),
        size("size beyond 64 bits", 413, "10000000000000005"),
        size("size too small", 400, "4"),
        size("size too large", 400, "6"),
        size("CR CR LF behind the size", 400, "5\r"),
        size("bare CR in the size line", 400, "5\rx"),
        RefusedStream("bare LF behind the size", 400, "5\nhello\r\n0\r\n\r\n"),
        RefusedStream("bare LF behind the data", 400, "5\r\nhello\n0\r\n\r\n"),
        RefusedStream("bare CR behind the data", 400, "5\r\nhello\r0\r\n\r\n"),
        RefusedStream("two line ends behind the data", 400, "5\r\nhello\r\n\r\n0\r\n\r\n"),
        RefusedStream("nothing behind the data", 400, "5\r\nhello0\r\n\r\n"),
        RefusedStream("bare LF behind the last size", 400, "0\n\r\n"),
        RefusedStream("bare LF ends the body", 400, "0\r\n\n"),
        RefusedStream("CR CR LF ends the body", 400, "0\r\n\r\r\n"),
        RefusedStream("only LFs", 400, "5\nhello\n0\n\n"),
        size("empty extension", 400, "5;"),
        size("two semicolons", 400, "5;;a"),
        size("semicolon at the end", 400, "5;a;"),
        size("space in front of an extension", 400, "5 ;a"),
        size("space behind the semicolon", 400, "5; a"),
        size("space in an extension", 400, "5;a b"),
        size("extension without a name", 400, "5;=b"),
        size("extension with two values", 400, "5;a=b=c"),
        size("extension without its value", 400, "5;a="),
        size("extension with a bracket", 400, "5;a(b)"),
        size("extension outside ASCII", 400, "5;ä"),
        size("control byte in an extension", 400, "5;a\u{1}"),
        size("NUL in quotes", 400, "5;a=\"\u{0}\""),
        size("control byte behind a backslash", 400, "5;a=\"\\\u{1}\""),
        size("quotes that do not end", 400, "5;a=\"b"),
        size("quotes that end in a backslash", 400, "5;a=\"b\\"),
        size("something behind quotes", 400, "5;a=\"b\"c"),
        size("quotes in mid-value", 400, "5;a=b\"c\""),
        size("quotes as a name", 400, "5;\"a\"=b"),
        RefusedStream("bare LF in an extension", 400, "5;a\nhello\r\n0\r\n\r\n"),
        RefusedStream("line end in quotes", 400, "5;a=\"\r\nhello\r\n0\r\n\r\n"),
        size("extension too long", 400, "5;\(String(repeating: "e", count: 255))"),
        trailer("trailer without a colon", "X"),
        trailer("trailer without a name", ": x"),
        trailer("space before a trailer's colon", "X : y"),
        trailer("folded trailer", "X: y\r\n z"),
        trailer("trailer begins with a space", " X: y"),
        trailer("trailer's name outside ASCII", "Ä: y"),
        trailer("control byte in a trailer", "X: \u{1}"),
        trailer("bare CR in a trailer", "X: a\rb"),
        RefusedStream("bare LF behind a trailer", 400, "0\r\nX: y\n\r\n"),
        RefusedStream("a request for a trailer", 400, "0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        trailer("length as a trailer", "Content-Length: 5"),
        trailer("coding as a trailer", "transfer-encoding: chunked"),
        trailer("connection as a trailer", "CONNECTION: close"),
        trailer("upgrade as a trailer", "X: y\r\nUpgrade: h2c"),
        trailer("trailers too long", "X: \(String(repeating: "y", count: 8190))"),
        trailer("too many trailers", String(repeating: "a:\r\n", count: 2_100) + "a:"),
    ]
}
