// Takes a chunked body apart (RFC 9112 §7.1). Pure and incremental: it is shown bytes and says which of them are
// data. Extensions are skipped and trailers dropped, both within bounds and only when they are well formed.

/// Reads one chunked body.
public struct ChunkedDecoder: Sendable {
    /// Bytes of a chunk's size line with its extension, and of all trailer lines together. Beyond: refused.
    public static let maximumLineBytes = 256
    public static let maximumTrailerBytes = 8 * 1024
    /// Hexadecimal digits of a chunk size: at most 4 GiB - 1 in one chunk.
    static let maximumSizeDigits = 8

    public enum Step: Equatable, Sendable {
        /// These bytes of the given buffer are data.
        case data(Range<Int>)
        /// All given bytes were used; more are needed.
        case needsMore
        /// The body has ended; the offset stands behind it.
        case end
    }

    private enum State {
        case size(digits: Int, value: Int, line: Int)
        case sizeExtension(value: Int, line: Int, ChunkExtension)
        case sizeLineFeed(value: Int)
        case data(left: Int)
        case dataReturn, dataLineFeed
        case trailerName(count: Int, total: Int)
        case trailerValue(total: Int)
        case trailerLineFeed(total: Int)
        case lastLineFeed
        case ended
    }

    private var state = State.size(digits: 0, value: 0, line: 0)
    /// The beginning of a trailer's name, long enough for every name that is refused here.
    private var name = InlineArray<20, UInt8>(repeating: 0)

    public init() {}

    /// Reads on at `offset` and moves it. Call again until it says `.needsMore` or `.end`.
    public mutating func next(
        in bytes: UnsafeRawBufferPointer, at offset: inout Int
    ) throws(HeadError) -> Step {
        if case .ended = state { return .end }
        while offset < bytes.count {
            if case .data(let left) = state {
                let end = offset + min(left, bytes.count - offset)
                defer { offset = end }
                state = end - offset == left ? .dataReturn : .data(left: left - (end - offset))
                return .data(offset..<end)
            }
            let byte = bytes[offset]
            offset += 1
            try step(byte)
            if case .ended = state { return .end }
        }
        return .needsMore
    }

    private mutating func step(_ byte: UInt8) throws(HeadError) {
        switch state {
        case .size(let digits, let value, let line):
            try stepSize(byte, digits: digits, value: value, line: line)
        case .sizeExtension(let value, let line, var parts):
            if byte == 0x0D, parts.isComplete { return state = .sizeLineFeed(value: value) }
            guard line < Self.maximumLineBytes, parts.accept(byte) else { throw .badChunk }
            state = .sizeExtension(value: value, line: line + 1, parts)
        case .sizeLineFeed(let value):
            guard byte == 0x0A else { throw .badChunk }
            state = value == 0 ? .trailerName(count: 0, total: 0) : .data(left: value)
        case .dataReturn:
            guard byte == 0x0D else { throw .badChunk }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == 0x0A else { throw .badChunk }
            state = .size(digits: 0, value: 0, line: 0)
        case .trailerName(let count, let total):
            try stepTrailerName(byte, count: count, total: total)
        case .trailerValue(let total):
            if byte == 0x0D { return state = .trailerLineFeed(total: total) }
            guard total < Self.maximumTrailerBytes, byte == 0x09 || (byte >= 0x20 && byte != 0x7F) else {
                throw .badTrailer
            }
            state = .trailerValue(total: total + 1)
        case .trailerLineFeed(let total):
            guard byte == 0x0A else { throw .badTrailer }
            state = .trailerName(count: 0, total: total + 2)
        case .lastLineFeed:
            guard byte == 0x0A else { throw .badChunk }
            state = .ended
        case .data, .ended:
            break
        }
    }

    private mutating func stepSize(_ byte: UInt8, digits: Int, value: Int, line: Int) throws(HeadError) {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66:
            guard digits < Self.maximumSizeDigits else { throw .chunkTooLarge }
            let digit = byte <= 0x39 ? Int(byte) - 0x30 : (Int(byte) | 0x20) - 0x57
            state = .size(digits: digits + 1, value: value << 4 | digit, line: line + 1)
        case 0x0D where digits > 0:
            state = .sizeLineFeed(value: value)
        case 0x3B where digits > 0:
            state = .sizeExtension(value: value, line: line + 1, ChunkExtension())
        default:
            throw .badChunk
        }
    }

    /// A trailer is dropped, but it must be a header line, and none that speaks of framing or of the connection
    /// (RFC 9110 §6.5.1): a reader that heeds such a line would see the next message elsewhere.
    private mutating func stepTrailerName(_ byte: UInt8, count: Int, total: Int) throws(HeadError) {
        if byte == 0x0D, count == 0 { return state = .lastLineFeed }
        guard total < Self.maximumTrailerBytes else { throw .badTrailer }
        if ByteClass.isToken(byte) {
            if count < name.count { name[count] = byte }
            return state = .trailerName(count: count + 1, total: total + 1)
        }
        guard byte == 0x3A, count > 0, !isHopByHop(count) else { throw .badTrailer }
        state = .trailerValue(total: total + 1)
    }

    /// Is the trailer's name, of so many bytes, one that only a head may have?
    private func isHopByHop(_ count: Int) -> Bool {
        guard count <= name.count else { return false }
        return withUnsafeBytes(of: name) { bytes in
            HeaderName.find(UnsafeRawBufferPointer(rebasing: bytes[..<count])).isHopByHop
        }
    }
}
