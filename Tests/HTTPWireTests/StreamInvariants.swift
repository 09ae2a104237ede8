// What must hold for every stream of bytes, whoever made it. The fuzz targets stop at the first violation, and the
// corpus tests check the same for each file.
import HTTPWire

enum StreamInvariants {
    /// The first invariant that the stream breaks, or nil.
    ///
    /// The readers agree with the oracle; pieces do not matter; what is found lies inside the head and holds no byte
    /// that could end a line.
    static func violation(_ side: WireReading.Side, _ bytes: [UInt8]) -> String? {
        Agreement.disagreement(side, bytes) ?? Agreement.disagreement(side, bytes, isEnded: true)
            ?? differenceInPieces(side, bytes) ?? headViolation(side, bytes)
    }

    /// The same for the bytes of a chunked body, behind a request and behind an answer.
    static func chunkViolation(_ bytes: [UInt8]) -> String? {
        let request = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let answer = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        return violation(.requests, request + bytes) ?? Agreement.disagreement(.answers, answer + bytes)
            ?? boundViolation(bytes)
    }

    // MARK: Pieces

    private static func differenceInPieces(_ side: WireReading.Side, _ bytes: [UInt8]) -> String? {
        var whole = WireReader(side)
        whole.feed(bytes)
        for cuts in cuttings(of: bytes) {
            var pieces = WireReader(side)
            var start = 0
            for end in cuts + [bytes.count] {
                pieces.feed(bytes[start..<end])
                start = end
            }
            if pieces.reading != whole.reading || pieces.error != whole.error {
                return "read in pieces \(cuts)\n  stream \(WireReading.ascii(bytes))"
                    + "\n  whole  \(whole.reading)\n  pieces \(pieces.reading)"
            }
        }
        return nil
    }

    /// Byte by byte when that is not too many, and two cuttings that depend on the bytes, so that the same input always
    /// gives the same ones.
    private static func cuttings(of bytes: [UInt8]) -> [[Int]] {
        let hash: UInt64 = bytes.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var generator = SeededGenerator(seed: hash)
        let single = bytes.count <= 192 ? [Array(bytes.indices)] : []
        return single + [2, 8].map { pieces in
            (0..<pieces).map { _ in Int.random(in: 0...bytes.count, using: &generator) }.sorted()
        }
    }

    // MARK: Heads

    private static func headViolation(_ side: WireReading.Side, _ bytes: [UInt8]) -> String? {
        withExactBytes(bytes) { view in
            switch side {
            case .requests:
                var reader = RequestHeadReader(limits: HeadLimits())
                guard let head = try? reader.read(view) else { return nil }
                if head.path.isAbsent || head.path.upperBound > head.byteCount { return "the path leaves the head" }
                if !head.isHTTP11 && (head.framing == .chunked || head.expectsContinue) { return "1.1 things in 1.0" }
                return violation(head.fields, head.known, head.framing, head.byteCount, view)
            case .answers:
                var reader = ResponseHeadReader(limits: HeadLimits())
                guard let head = try? reader.read(view) else { return nil }
                if head.status < 100 || head.status > 599 { return "status \(head.status)" }
                return violation(head.fields, head.known, head.framing, head.byteCount, view)
            }
        }
    }

    private static func violation(
        _ fields: [HeadField], _ known: KnownFields, _ framing: Framing, _ byteCount: Int,
        _ view: UnsafeRawBufferPointer
    ) -> String? {
        let limits = HeadLimits()
        if byteCount > limits.blockBytes || fields.count > limits.fields { return "the head is beyond its limits" }
        guard byteCount <= view.count, view[..<byteCount].suffix(4).elementsEqual("\r\n\r\n".utf8) else {
            return "the head does not end with an empty line"
        }
        for field in fields {
            let name = field.nameRange.bytes(in: view)
            let value = field.value.bytes(in: view)
            if name.isEmpty || field.nameRange.upperBound > byteCount { return "a name leaves the head" }
            if field.value.isAbsent || field.value.upperBound > byteCount { return "a value leaves the head" }
            if name.contains(where: { $0 <= 0x20 || $0 >= 0x7F || $0 == 0x3A }) { return "a name holds a bad byte" }
            if value.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) { return "a value holds a bad byte" }
        }
        if known.isRepeated(.contentLength) || known.isRepeated(.transferEncoding) { return "framing twice" }
        if known[.contentLength].isPresent, framing == .chunked { return "length and chunks" }
        if case .length(let count) = framing, count <= 0 { return "length \(count)" }
        return nil
    }

    // MARK: Chunks

    /// Data never exceeds what the stream holds, and the offset stays inside of it.
    private static func boundViolation(_ bytes: [UInt8]) -> String? {
        var decoder = ChunkedDecoder()
        let (data, used, _) = withExactBytes(bytes) { ChunkedReading.read(&decoder, $0) }
        guard data.count > used || used > bytes.count else { return nil }
        return "\(data.count) bytes of data in \(used) of \(bytes.count)"
    }
}
