// Short messages from one member to all others. Each is a hint that may be lost: what it says is found out later in
// another way, or does not matter then.
internal import NIOCore
internal import TransportAPI
internal import TransportKit

/// Something that everybody should hear.
enum ClusterNote: Equatable {
    /// The session has ended, for good.
    case ended(SessionID)
    /// The first answer to this question was accepted, and is on its way. `expires` is Unix time.
    case answering(nonce: UInt64, expires: UInt32)
    /// It has arrived, or may have: nobody waits for another.
    case answered(nonce: UInt64)
    /// It has provably not arrived, and may come again.
    case unanswered(nonce: UInt64)

    private static let version: UInt8 = 1

    private enum Tag {
        static let kind: UInt8 = 1
        static let high: UInt8 = 2
        static let low: UInt8 = 3
        static let expires: UInt8 = 4
    }

    var envelope: Envelope {
        var fields = FieldWriter(version: Self.version)
        switch self {
        case .ended(let id):
            fields.write(Tag.kind, 1)
            fields.write(Tag.high, id.high)
            fields.write(Tag.low, id.low)
        case .answering(let nonce, let expires):
            fields.write(Tag.kind, 2)
            fields.write(Tag.low, nonce)
            fields.write(Tag.expires, UInt64(expires))
        case .answered(let nonce):
            fields.write(Tag.kind, 3)
            fields.write(Tag.low, nonce)
        case .unanswered(let nonce):
            fields.write(Tag.kind, 4)
            fields.write(Tag.low, nonce)
        }
        var header = ByteBuffer()
        header.writeInteger(EnvelopeKind.note.rawValue)
        return Envelope(header: header, body: fields.buffer)
    }

    /// Nil for what is no note, or one that this version does not know.
    init?(_ envelope: Envelope) {
        guard EnvelopeKind(of: envelope) == .note,
            let fields = FieldReader(envelope.body, versions: Self.version...Self.version),
            let low = fields.number(Tag.low)
        else { return nil }
        switch fields.number(Tag.kind) {
        case 1:
            guard let high = fields.number(Tag.high) else { return nil }
            self = .ended(SessionID(high: high, low: low))
        case 2:
            guard let expires = fields.number(Tag.expires) else { return nil }
            self = .answering(nonce: low, expires: UInt32(clamping: expires))
        case 3: self = .answered(nonce: low)
        case 4: self = .unanswered(nonce: low)
        default: return nil
        }
    }
}
