// Copying header lines in runs: what is copied is exactly the lines that were added, in as few pieces as there are
// gaps between them.
import HTTPWire
import Testing

@Suite struct LineRunsTests {
    private static let lines = ["Host: a\r\n", "A:b\r\n", "Bb: \t c d\t \r\n", "C:\r\n", "d: e\r\n"]

    /// The pieces that are copied when these lines of the head are added.
    private func pieces(_ kept: [Int]) throws -> [String] {
        let head = Array("GET / HTTP/1.1\r\n\(Self.lines.joined())\r\nbody: no\r\n".utf8)
        var reader = RequestHeadReader(limits: HeadLimits())
        var pieces: [String] = []
        try withExactBytes(head) { bytes in
            guard let found = try reader.read(bytes) else { return }
            var runs = LineRuns()
            let copy = { (run: UnsafeRawBufferPointer) in pieces.append(String(decoding: run, as: UTF8.self)) }
            for index in kept { runs.add(found.fields[index], bytes, copy) }
            runs.finish(bytes, copy)
            // Nothing is left for a second end.
            runs.finish(bytes, copy)
        }
        return pieces
    }

    /// Every choice of lines in their order.
    @Test(arguments: 0..<32)
    func linesAreCopiedAsTheyCame(choice: Int) throws {
        let kept = Self.lines.indices.filter { choice >> $0 & 1 == 1 }
        let found = try pieces(kept)
        #expect(found.joined() == kept.map { Self.lines[$0] }.joined())
        let gaps = zip(kept, kept.dropFirst()).filter { $1 != $0 + 1 }.count
        #expect(found.count == (kept.isEmpty ? 0 : gaps + 1))
    }

    @Test func anotherOrderIsMorePieces() throws {
        #expect(try pieces([3, 1]) == ["C:\r\n", "A:b\r\n"])
        #expect(try pieces([1, 1]) == ["A:b\r\n", "A:b\r\n"])
    }
}
