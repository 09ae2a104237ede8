// What members send each other through a broker, before it is sealed: envelopes whole or in pieces, and the few small
// frames by which a receiver finds out whether it has missed something. Pure.
public import NIOCore

/// A piece of an envelope; a small envelope is one piece.
public struct BrokerPiece: Equatable, Sendable {
    /// What the first piece says of the whole.
    public struct Start: Equatable, Sendable {
        /// Bytes of the envelope's header, the rest is its body.
        public var headerCount: Int
        /// Bytes of both.
        public var total: Int
    }

    /// Counts the pieces from one sender to one place: 1, 2, 3 and so on.
    public var number: UInt64
    /// On the first piece.
    public var start: Start?
    public var isLast: Bool
    /// What it carries, in two parts so that nothing is copied to make it; read again it is all in `body`.
    public var header = ByteBuffer()
    public var body: ByteBuffer

    /// Bytes that it carries.
    public var count: Int { header.readableBytes + body.readableBytes }
}

/// One message between members.
public enum BrokerFrame: Equatable, Sendable {
    case piece(BrokerPiece)
    /// The sender's last number at the place where it says so, with how long ago it was used.
    case mark(number: UInt64, age: TimeAmount)
    /// Asks a sender for its last number at a place.
    case question(nonce: UInt64, place: [UInt8])
    /// The answer, with how long ago the number was used.
    case answer(nonce: UInt64, place: [UInt8], number: UInt64, age: TimeAmount)

    /// The most that a piece takes besides what it carries.
    public static let overhead = 1 + 8 + 4 + 4
    /// Bytes of a place's name.
    static let placeBytesMax = 256

    private enum Kind {
        static let piece: UInt8 = 1
        static let mark: UInt8 = 2
        static let question: UInt8 = 3
        static let answer: UInt8 = 4
        static let isFirst: UInt8 = 0x10
        static let isLast: UInt8 = 0x20
    }

    func write(into buffer: inout ByteBuffer) {
        switch self {
        case .piece(let piece):
            let flags = (piece.start == nil ? 0 : Kind.isFirst) | (piece.isLast ? Kind.isLast : 0)
            buffer.writeInteger(Kind.piece | flags)
            buffer.writeInteger(piece.number)
            if let start = piece.start {
                buffer.writeInteger(UInt32(clamping: start.headerCount))
                buffer.writeInteger(UInt32(clamping: start.total))
            }
            buffer.writeImmutableBuffer(piece.header)
            buffer.writeImmutableBuffer(piece.body)
        case .mark(let number, let age):
            buffer.writeInteger(Kind.mark)
            buffer.writeInteger(number)
            buffer.writeInteger(age.nanoseconds)
        case .question(let nonce, let place):
            buffer.writeInteger(Kind.question)
            buffer.writeInteger(nonce)
            buffer.writeBytes(place)
        case .answer(let nonce, let place, let number, let age):
            buffer.writeInteger(Kind.answer)
            buffer.writeInteger(nonce)
            buffer.writeInteger(number)
            buffer.writeInteger(age.nanoseconds)
            buffer.writeBytes(place)
        }
    }

    /// Nil when the bytes are no frame.
    init?(_ buffer: ByteBuffer) {
        var buffer = buffer
        guard let kind = buffer.readInteger(as: UInt8.self), let number = buffer.readInteger(as: UInt64.self) else {
            return nil
        }
        switch kind {
        case Kind.mark:
            guard let age = buffer.readInteger(as: Int64.self), age >= 0, buffer.readableBytes == 0 else { return nil }
            self = .mark(number: number, age: .nanoseconds(age))
        case Kind.question:
            guard let place = Self.place(buffer) else { return nil }
            self = .question(nonce: number, place: place)
        case Kind.answer:
            guard let last = buffer.readInteger(as: UInt64.self), let age = buffer.readInteger(as: Int64.self),
                age >= 0, let place = Self.place(buffer)
            else { return nil }
            self = .answer(nonce: number, place: place, number: last, age: .nanoseconds(age))
        default:
            guard kind & ~(Kind.isFirst | Kind.isLast) == Kind.piece else { return nil }
            var start: BrokerPiece.Start?
            if kind & Kind.isFirst != 0 {
                guard let headerCount = buffer.readInteger(as: UInt32.self),
                    let total = buffer.readInteger(as: UInt32.self), headerCount <= total
                else { return nil }
                start = BrokerPiece.Start(headerCount: Int(headerCount), total: Int(total))
            }
            let isLast = kind & Kind.isLast != 0
            self = .piece(BrokerPiece(number: number, start: start, isLast: isLast, body: buffer.slice()))
        }
    }

    private static func place(_ buffer: ByteBuffer) -> [UInt8]? {
        guard (1...placeBytesMax).contains(buffer.readableBytes) else { return nil }
        return Array(buffer.readableBytesView)
    }
}
