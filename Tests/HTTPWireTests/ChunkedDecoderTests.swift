// The chunked decoder against its tables, in every cutting, and its bounds.
import HTTPWire
import Testing

@Suite struct ChunkedDecoderTests {
    private struct Outcome: Equatable {
        var data: [UInt8] = []
        /// Bytes used up to the end.
        var used = 0
        var hasEnded = false
        var error: HeadError?
    }

    /// Reads a stream cut at these places; stops at the end of the body or at the refusal, as a connection does.
    private func decode(_ bytes: [UInt8], cuts: [Int] = []) -> Outcome {
        var decoder = ChunkedDecoder()
        var outcome = Outcome()
        var start = 0
        for end in cuts + [bytes.count] where !outcome.hasEnded && outcome.error == nil {
            let (data, used, result) = withExactBytes(bytes[start..<end]) { ChunkedReading.read(&decoder, $0) }
            outcome.data += data
            outcome.used += used
            switch result {
            case .success(let isEnd):
                outcome.hasEnded = isEnd
                // All bytes were to be used: a connection would wait for ever for bytes that it has.
                if !isEnd { #expect(used == end - start) }
            case .failure(let error): outcome.error = error
            }
            start = end
        }
        // Where in the stream a refusal was noticed is nobody's matter.
        if outcome.error != nil { outcome.used = 0 }
        return outcome
    }

    @Test(arguments: ChunkedBody.good)
    func bodyIsDecoded(good: ChunkedBody) {
        let bytes = Array(good.stream.utf8)
        let expected = Outcome(data: Array(good.body.utf8), used: bytes.count - good.left, hasEnded: true)
        expectSame(bytes, expected)
    }

    @Test(arguments: RefusedStream.chunks)
    func bodyIsRefused(bad: RefusedStream) {
        let outcome = decode(bad.bytes)
        #expect(outcome.error?.status == bad.status)
        #expect(!outcome.hasEnded)
        expectSame(bad.bytes, outcome)
    }

    /// In two pieces, for short streams in three, and byte by byte.
    private func expectSame(_ bytes: [UInt8], _ expected: Outcome) {
        #expect(decode(bytes) == expected)
        #expect(decode(bytes, cuts: Array(bytes.indices)) == expected)
        let step = max(1, bytes.count / 64)
        for first in stride(from: 0, through: bytes.count, by: step) {
            #expect(decode(bytes, cuts: [first]) == expected, "cut at \(first)")
            guard bytes.count < 40 else { continue }
            for second in first...bytes.count {
                #expect(decode(bytes, cuts: [first, second]) == expected, "cut at \(first) and \(second)")
            }
        }
    }

    /// Every beginning of a good body wants more and is neither an end nor an error.
    @Test(arguments: ChunkedBody.good)
    func everyBeginningWantsMore(good: ChunkedBody) {
        let bytes = Array(good.stream.utf8.dropLast(good.left))
        for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 64)) {
            let outcome = decode(Array(bytes[..<count]))
            #expect(!outcome.hasEnded && outcome.error == nil, "first \(count) bytes")
            #expect(good.body.utf8.starts(with: outcome.data))
        }
    }

    @Test func dataIsShownWhereItLies() throws {
        var decoder = ChunkedDecoder()
        let steps: [ChunkedDecoder.Step] = try withExactBytes(Array("2\r\nhi\r\n3\r\nyou\r\n0\r\n\r\nX".utf8)) {
            bytes in
            var offset = 0
            let steps = try (0..<4).map { _ in try decoder.next(in: bytes, at: &offset) }
            // The X is the next message's.
            #expect(offset == bytes.count - 1)
            return steps
        }
        #expect(steps == [.data(3..<5), .data(10..<13), .end, .end])
    }

    @Test func theLargestChunkIsNotHeldAgainstMemory() throws {
        var decoder = ChunkedDecoder()
        let steps = try withExactBytes(Array("FFFFFFFF\r\nabc".utf8)) { bytes in
            var offset = 0
            return try (0..<2).map { _ in try decoder.next(in: bytes, at: &offset) }
        }
        #expect(steps == [.data(10..<13), .needsMore])
    }

    @Test func bounds() {
        #expect(ChunkedDecoder.maximumLineBytes == 256)
        #expect(ChunkedDecoder.maximumTrailerBytes == 8 * 1024)
        for excess in 0...1 {
            let size = "1;" + String(repeating: "e", count: ChunkedDecoder.maximumLineBytes - 2 + excess)
            #expect((decode(Array("\(size)\r\nx\r\n0\r\n\r\n".utf8)).error == nil) == (excess == 0))
            let trailer = "a:" + String(repeating: "b", count: ChunkedDecoder.maximumTrailerBytes - 2 + excess)
            #expect((decode(Array("0\r\n\(trailer)\r\n\r\n".utf8)).error == nil) == (excess == 0))
        }
    }
}
