// Collects a request's body up to the limit. The whole body is needed before anything is decided: a duplicate key
// behind the point where one stops reading would be a smuggling hole.
internal import HTTPWire
internal import NIOCore

/// The body of one request so far.
struct BodyCollector {
    private enum Rest {
        case length(Int)
        case chunks(ChunkedDecoder)
    }

    private(set) var bytes = ByteBuffer()
    private var rest: Rest
    private let bytesMax: Int

    /// - Throws: 413 when the announced length is above the limit.
    init(_ framing: Framing, bytesMax: Int) throws(HeadError) {
        self.bytesMax = bytesMax
        switch framing {
        case .chunked: rest = .chunks(ChunkedDecoder())
        case .length(let count):
            guard count <= bytesMax else { throw Self.tooLarge }
            rest = .length(count)
        case .none, .untilClose: rest = .length(0)
        }
    }

    static let tooLarge = HeadError(413, "The request body is larger than limits.body allows; send less.")

    /// Takes what belongs to the body. True when it is complete.
    mutating func read(_ inbox: inout ByteBuffer) throws(HeadError) -> Bool {
        switch rest {
        case .length(let count):
            // Mostly it arrived together with the head: then nothing is copied.
            if bytes.readableBytes == 0, let whole = inbox.readSlice(length: count) {
                bytes = whole
                return true
            }
            guard var part = inbox.readSlice(length: min(count - bytes.readableBytes, inbox.readableBytes))
            else { return false }
            bytes.writeBuffer(&part)
            return bytes.readableBytes == count
        case .chunks(var decoder):
            let isEnd = try readChunks(&decoder, &inbox)
            rest = .chunks(decoder)
            return isEnd
        }
    }

    private mutating func readChunks(
        _ decoder: inout ChunkedDecoder, _ inbox: inout ByteBuffer
    ) throws(HeadError) -> Bool {
        while true {
            var offset = 0
            let result = inbox.withUnsafeReadableBytes { view in
                Result { () throws(HeadError) in try decoder.next(in: view, at: &offset) }
            }
            switch try result.get() {
            case .data(let range):
                guard bytes.readableBytes + range.count <= bytesMax else { throw Self.tooLarge }
                if let part = inbox.getSlice(at: inbox.readerIndex + range.lowerBound, length: range.count) {
                    bytes.writeImmutableBuffer(part)
                }
                inbox.moveReaderIndex(forwardBy: offset)
            case .needsMore:
                inbox.moveReaderIndex(forwardBy: offset)
                return false
            case .end:
                inbox.moveReaderIndex(forwardBy: offset)
                return true
            }
        }
    }
}
