// Cuts envelopes into pieces that a broker takes, and joins them again. Pure; what does not fit together ends cleanly.
internal import NIOCore
public import TransportAPI

/// The pieces of one envelope, in order.
public struct EnvelopePieces: Sequence, IteratorProtocol {
    private var header: ByteBuffer
    private var body: ByteBuffer
    private let start: BrokerPiece.Start
    private let bytesMax: Int
    private var number: UInt64
    private var isFirst = true

    /// - Parameters:
    ///   - number: of the first piece.
    ///   - bytesMax: what one piece may carry; at least 1.
    public init(_ envelope: Envelope, from number: UInt64, bytesMax: Int) {
        header = envelope.header
        body = envelope.body
        start = BrokerPiece.Start(headerCount: envelope.header.readableBytes, total: envelope.count)
        self.bytesMax = Swift.max(1, bytesMax)
        self.number = number
    }

    public mutating func next() -> BrokerPiece? {
        guard isFirst || header.readableBytes > 0 || body.readableBytes > 0 else { return nil }
        let headerCount = Swift.min(header.readableBytes, bytesMax)
        let bodyCount = Swift.min(body.readableBytes, bytesMax - headerCount)
        let headerPart = header.readSlice(length: headerCount) ?? ByteBuffer()
        let bodyPart = body.readSlice(length: bodyCount) ?? ByteBuffer()
        defer {
            number &+= 1
            isFirst = false
        }
        return BrokerPiece(
            number: number, start: isFirst ? start : nil, isLast: header.readableBytes + body.readableBytes == 0,
            header: headerPart, body: bodyPart)
    }
}

/// Joins the pieces of one sender, which come in order and without a hole.
struct PieceJoiner {
    enum Outcome: Equatable {
        case envelope(Envelope)
        /// More pieces follow.
        case partial
        /// The pieces do not fit together, or the whole is too large.
        case garbled
    }

    private var start: BrokerPiece.Start?
    private var joined = ByteBuffer()
    /// Whether an envelope has begun since the sender was met. What comes before belongs to one that was missed.
    private var hasBegun = false

    /// Bytes that wait for their rest.
    var bytes: Int { joined.readableBytes }

    mutating func add(_ piece: BrokerPiece, bytesMax: Int) -> Outcome {
        if let start = piece.start {
            guard self.start == nil, start.total <= bytesMax else { return .garbled }
            hasBegun = true
            if piece.isLast { return Self.envelope(piece.body, start) }
            self.start = start
            joined = piece.body
        } else {
            guard start != nil else { return hasBegun ? .garbled : .partial }
            joined.writeImmutableBuffer(piece.body)
        }
        guard let start, joined.readableBytes <= start.total else { return .garbled }
        guard piece.isLast else { return .partial }
        defer {
            self.start = nil
            joined = ByteBuffer()
        }
        return Self.envelope(joined, start)
    }

    private static func envelope(_ bytes: ByteBuffer, _ start: BrokerPiece.Start) -> Outcome {
        var body = bytes
        guard body.readableBytes == start.total, let header = body.readSlice(length: start.headerCount) else {
            return .garbled
        }
        return .envelope(Envelope(header: header, body: body.slice()))
    }
}
