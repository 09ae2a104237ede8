// Requests that two readers could cut differently, or that no HTTP/1.1 reader understands (RFC 9112). The connection
// must be closed behind each.

extension BadRequest {
    private static let good = Scene.ping
    private static let length = "Content-Length: \(Scene.ping.utf8.count)\r\n"

    static let framing = lengths + codings + lines + startLines + sizes

    private static func post(_ scene: Scene, _ lines: String, _ body: String = good) -> String {
        "POST /mcp HTTP/1.1\r\n\(scene.lines)\(lines)\r\n\(body)"
    }

    private static func chunked(_ scene: Scene, _ body: String) -> String {
        post(scene, "Transfer-Encoding: chunked\r\n", body)
    }

    private static let lengths: [BadRequest] = [
        framing("length and chunks", 400) { post($0, "\(length)Transfer-Encoding: chunked\r\n", "0\r\n\r\n") },
        framing("chunks and length", 400) { post($0, "Transfer-Encoding: chunked\r\n\(length)", "0\r\n\r\n") },
        framing("two equal lengths", 400) { post($0, length + length) },
        framing("two unequal lengths", 400) { post($0, length + "Content-Length: 5\r\n") },
        framing("a list of lengths", 400) { post($0, "Content-Length: 40, 40\r\n") },
        framing("a signed length", 400) { post($0, "Content-Length: +40\r\n") },
        framing("a negative length", 400) { post($0, "Content-Length: -1\r\n") },
        framing("a hexadecimal length", 400) { post($0, "Content-Length: 0x28\r\n") },
        framing("an empty length", 400) { post($0, "Content-Length:\r\n") },
        framing("a length beyond 64 bits", 400) { post($0, "Content-Length: 99999999999999999999\r\n") },
    ]

    private static let codings: [BadRequest] = [
        framing("the coding gzip", 501) { post($0, "Transfer-Encoding: gzip\r\n") },
        framing("the codings gzip, chunked", 501) { post($0, "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n") },
        framing("the coding identity", 501) { post($0, "Transfer-Encoding: identity\r\n\(length)") },
        framing("the coding xchunked", 501) { post($0, "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n") },
        framing("the coding chunked twice", 501) {
            post($0, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")
        },
        framing("chunks in HTTP/1.0", 400) {
            "POST /mcp HTTP/1.0\r\n\($0.lines)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        },
        framing("a chunk size that is no number", 400) { chunked($0, "xyz\r\nabc\r\n0\r\n\r\n") },
        framing("an empty chunk size", 400) { chunked($0, "\r\nabc\r\n0\r\n\r\n") },
        framing("a chunk size with 0x", 400) { chunked($0, "0x3\r\nabc\r\n0\r\n\r\n") },
        framing("a negative chunk size", 400) { chunked($0, "-3\r\nabc\r\n0\r\n\r\n") },
        framing("a chunk longer than it says", 400) { chunked($0, "3\r\nabcdef\r\n0\r\n\r\n") },
        framing("a chunk that ends in a bare LF", 400) { chunked($0, "3\r\nabc\n0\r\n\r\n") },
        framing("a chunk size that ends in a bare LF", 400) { chunked($0, "3\nabc\r\n0\r\n\r\n") },
        framing("a chunk extension without end", 400) {
            chunked($0, "3;" + String(repeating: "x", count: 4096) + "\r\nabc\r\n0\r\n\r\n")
        },
        framing("a chunk size beyond 32 bits", 413) { chunked($0, "100000000\r\nabc") },
    ]

    private static let lines: [BadRequest] = [
        framing("a header line that ends in a bare LF", 400) { post($0, "X-One: 1\n\(length)") },
        framing("an empty line that is a bare LF", 400) { "POST /mcp HTTP/1.1\r\n\($0.lines)\(length)\n\(good)" },
        framing("a bare CR in a header", 400) { post($0, "X-One: 1\rX-Two: 2\r\n\(length)") },
        framing("a folded header", 400) { post($0, "X-One: 1\r\n two\r\n\(length)") },
        framing("a header that begins with white space", 400) {
            "POST /mcp HTTP/1.1\r\n X-One: 1\r\n\($0.lines)\(length)\r\n\(good)"
        },
        framing("white space before the colon", 400) { post($0, "Content-Length : 40\r\n") },
        framing("a header without a colon", 400) { post($0, "X-One\r\n\(length)") },
        framing("a header without a name", 400) { post($0, ": one\r\n\(length)") },
        framing("a header name that is no token", 400) { post($0, "X(One): 1\r\n\(length)") },
        framing("a NUL in a header", 400) { post($0, "X-One: a\u{0}b\r\n\(length)") },
        framing("a control byte in a header", 400) { post($0, "X-One: a\u{1}b\r\n\(length)") },
        framing("no Host", 400) { _ in "POST /mcp HTTP/1.1\r\nContent-Type: application/json\r\n\(length)\r\n\(good)" },
        framing("two Hosts", 400) { post($0, "Host: \($0.host)\r\n\(length)") },
        framing("an unknown expectation", 417) { post($0, "Expect: 200-ok\r\n\(length)") },
    ]

    private static let startLines: [BadRequest] = [
        framing("HTTP/2.0", 505) { "POST /mcp HTTP/2.0\r\n\($0.lines)\(length)\r\n\(good)" },
        framing("HTTP/0.9", 400) { _ in "GET /mcp\r\n\r\n" },
        framing("a version in small letters", 400) { "POST /mcp http/1.1\r\n\($0.lines)\(length)\r\n\(good)" },
        framing("two spaces in the start line", 400) { "POST  /mcp HTTP/1.1\r\n\($0.lines)\(length)\r\n\(good)" },
        framing("a tab in the start line", 400) { "POST\t/mcp HTTP/1.1\r\n\($0.lines)\(length)\r\n\(good)" },
        framing("a space in the target", 400) { "POST /m cp HTTP/1.1\r\n\($0.lines)\(length)\r\n\(good)" },
        framing("a fragment in the target", 400) { "POST /mcp#x HTTP/1.1\r\n\($0.lines)\(length)\r\n\(good)" },
        framing("a target without a slash", 400) { "POST mcp HTTP/1.1\r\n\($0.lines)\(length)\r\n\(good)" },
        framing("a target of another host", 400) {
            "POST http://evil.example/mcp HTTP/1.1\r\n\($0.lines)\(length)\r\n\(good)"
        },
        framing("CONNECT", 400) { "CONNECT evil.example:443 HTTP/1.1\r\n\($0.lines)\r\n" },
        framing("CONNECT with a path", 400) { "CONNECT /mcp HTTP/1.1\r\n\($0.lines)\r\n" },
        framing("the HTTP/2 preface", 505) { _ in "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
        framing("a TLS handshake", 400) { _ in "\u{16}\u{3}\u{1}\u{0}\u{5}abcde\r\n\r\n" },
    ]

    private static let sizes: [BadRequest] = [
        framing("a head above the limit", 431) {
            post($0, "X-Long: " + String(repeating: "x", count: Scene.headLimit) + "\r\n\(length)")
        },
        framing("a start line above the limit", 431) {
            "POST /mcp?" + String(repeating: "x", count: Scene.headLimit) + " HTTP/1.1\r\n\($0.lines)\r\n"
        },
        framing("too many header lines", 431) {
            post($0, (0..<200).map { "X-\($0): 1\r\n" }.joined() + length)
        },
        framing("a body above the limit by its length", 413) {
            post($0, "Content-Length: \(Scene.bodyLimit + 1)\r\n", String(repeating: " ", count: Scene.bodyLimit + 1))
        },
        framing("a body above the limit that waits to be sent", 413) {
            post($0, "Content-Length: \(Scene.bodyLimit + 1)\r\nExpect: 100-continue\r\n", "")
        },
        framing("a body above the limit in chunks", 413) {
            let chunk = "1000\r\n" + String(repeating: " ", count: 4096) + "\r\n"
            return chunked($0, String(repeating: chunk, count: Scene.bodyLimit / 4096 + 1) + "0\r\n\r\n")
        },
    ]
}
