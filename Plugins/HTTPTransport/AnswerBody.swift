// Takes the framing off an answer's body, piece by piece and without copying.
internal import HTTPWire
internal import NIOCore

/// The rest of one answer's body.
struct AnswerBody {
    enum Step {
        case bytes(ByteBuffer)
        case needsMore
        case end
    }

    private enum Rest {
        case length(Int)
        case chunks(ChunkedDecoder)
        case untilClose
    }

    private var rest: Rest

    init(_ framing: Framing) {
        rest =
            switch framing {
            case .none: .length(0)
            case .length(let count): .length(count)
            case .chunked: .chunks(ChunkedDecoder())
            case .untilClose: .untilClose
            }
    }

    /// True once every announced byte was handed over.
    var isComplete: Bool { if case .length(0) = rest { true } else { false } }

    /// True if a closed connection is the regular end.
    var endsWithConnection: Bool { if case .untilClose = rest { true } else { false } }

    /// The next piece; moves the reader index behind what it used.
    mutating func next(_ bytes: inout ByteBuffer) throws(HeadError) -> Step {
        switch rest {
        case .length(let left):
            guard left > 0 else { return .end }
            guard let part = bytes.readSlice(length: min(left, bytes.readableBytes)), part.readableBytes > 0
            else { return .needsMore }
            rest = .length(left - part.readableBytes)
            return .bytes(part)
        case .untilClose:
            guard let part = bytes.readSlice(length: bytes.readableBytes), part.readableBytes > 0
            else { return .needsMore }
            return .bytes(part)
        case .chunks(var decoder):
            var offset = 0
            let result = bytes.withUnsafeReadableBytes { view in
                Result { () throws(HeadError) in try decoder.next(in: view, at: &offset) }
            }
            rest = .chunks(decoder)
            switch try result.get() {
            case .data(let range):
                let part = bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count)
                bytes.moveReaderIndex(forwardBy: offset)
                return part.map { .bytes($0) } ?? .needsMore
            case .needsMore:
                bytes.moveReaderIndex(forwardBy: offset)
                return .needsMore
            case .end:
                bytes.moveReaderIndex(forwardBy: offset)
                return .end
            }
        }
    }
}
