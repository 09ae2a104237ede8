// The bounds of one head: exact to the byte and to the line, whether the head arrives whole or in pieces, and also when
// the line that breaks them never ends.
import HTTPWire
import Testing

@Suite struct HeadLimitTests {
    private static let request = Array("GET / HTTP/1.1\r\nHost: a\r\nA: 0123456789\r\n\r\n".utf8)
    private static let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b\r\n\r\n".utf8)

    @Test(arguments: [WireReading.Side.requests, .answers])
    func headBlock(side: WireReading.Side) {
        let bytes = side == .requests ? Self.request : Self.answer
        for piece in [1, 3, bytes.count] {
            let fits = read(side, bytes, HeadLimits(blockBytes: bytes.count), piece)
            #expect(fits.reading.messages.count == 1 && fits.error == nil)
            for limit in 0..<bytes.count {
                let refused = read(side, bytes, HeadLimits(blockBytes: limit), piece)
                #expect(refused.error?.status == 431, "limit \(limit), pieces of \(piece)")
                #expect(refused.reading.messages.isEmpty)
            }
        }
    }

    /// An empty line before the request counts as a part of its head.
    @Test func anEmptyLineFirst() {
        let bytes = Array("\r\n".utf8) + Self.request
        for piece in [1, 2, 3, bytes.count] {
            #expect(read(.requests, bytes, HeadLimits(blockBytes: bytes.count), piece).reading.messages.count == 1)
            #expect(read(.requests, bytes, HeadLimits(blockBytes: bytes.count - 1), piece).error?.status == 431)
        }
    }

    /// What follows the head does not count.
    @Test func bodyIsNoPartOfTheBlock() {
        let head = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n".utf8)
        let body = [UInt8](repeating: 0x41, count: 500)
        for piece in [1, 7, 10_000] {
            let found = read(.requests, head + body, HeadLimits(blockBytes: head.count), piece)
            #expect(found.reading.messages.first?.body == body, "pieces of \(piece)")
        }
    }

    @Test(arguments: [WireReading.Side.requests, .answers])
    func aLineWithoutAnEnd(side: WireReading.Side) {
        let start = side == .requests ? "GET /" : "HTTP/1.1 200 "
        for text in [start, start + "a HTTP/1.1\r\nHost: a\r\nA: "] where side == .requests || text == start {
            let bytes = Array(text.utf8) + [UInt8](repeating: 0x41, count: 200 - text.utf8.count)
            for piece in [1, 200] {
                #expect(read(side, bytes, HeadLimits(blockBytes: 200), piece).error == nil)
                #expect(read(side, bytes, HeadLimits(blockBytes: 199), piece).error?.status == 431)
            }
        }
    }

    @Test(arguments: [WireReading.Side.requests, .answers])
    func lines(side: WireReading.Side) {
        let start = side == .requests ? "GET / HTTP/1.1\r\nHost: a\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
        for count in 0..<6 {
            let bytes = Array((start + String(repeating: "A: b\r\n", count: count) + "\r\n").utf8)
            for piece in [1, bytes.count] {
                #expect(read(side, bytes, HeadLimits(fields: count + 1), piece).reading.messages.count == 1)
                #expect(read(side, bytes, HeadLimits(fields: count), piece).error?.status == 431)
            }
        }
    }

    @Test func defaults() {
        let limits = HeadLimits()
        #expect(limits.blockBytes == 32 * 1024 && limits.fields == 128)
    }

    /// A head in single bytes must not cost the square of its size. One pass over the whole head for each byte would
    /// be half a billion steps.
    @Test(.timeLimit(.minutes(1))) func singleBytesAreCheap() throws {
        let lines = (0..<120).map { "Header-\($0): \(String(repeating: "x", count: 240))\r\n" }.joined()
        let head = Array("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n".utf8)
        var reader = RequestHeadReader(limits: HeadLimits())
        var found: RequestHead?
        try head.withUnsafeBytes { view in
            for count in 1...view.count {
                found = try reader.read(UnsafeRawBufferPointer(rebasing: view[..<count]))
            }
        }
        #expect(found?.fields.count == 121)
    }

    private func read(
        _ side: WireReading.Side, _ bytes: [UInt8], _ limits: HeadLimits, _ piece: Int
    ) -> WireReader {
        var reader = WireReader(side, limits: limits)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            reader.feed(bytes[start..<min(start + piece, bytes.count)])
        }
        return reader
    }
}
