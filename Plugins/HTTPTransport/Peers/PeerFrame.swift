// What members say to each other on an open link, as values and as bytes. Everything is sealed, but a member with the
// secret may still be of another build: what cannot be read ends the link and never traps.
internal import NIOCore
internal import TransportAPI

/// How much a publisher has sent to one member, so that the member can tell that it missed something.
struct SentCounts: Equatable, Sendable {
    /// Envelopes to everyone and to topics, since the publisher started.
    var broadcasts: UInt64 = 0
    /// Envelopes to that member's inbox.
    var directs: UInt64 = 0
}

enum PeerFrame: Sendable {
    /// Proves that the sender knows the secret. The first frame in each direction.
    case confirm
    /// From here on, envelopes follow the counts without a gap.
    case open(SentCounts)
    case ping(SentCounts)
    /// The sender's last frame.
    case goodbye(SentCounts)
    /// The sender hands its records over and gets no new ones.
    case leaving
    case direct(UInt64, Envelope)
    case everyone(UInt64, Envelope)
    case topic(UInt64, String, Envelope)
    case request(UInt64, DirectoryRequest)
    case reply(UInt64, DirectoryReply)

    /// Bytes around the header and body of an envelope at most.
    static let overheadMax = 256
    static let topicBytesMax = 64

    /// About how many bytes it takes in a queue.
    var cost: Int {
        switch self {
        case .direct(_, let envelope), .everyone(_, let envelope), .topic(_, _, let envelope): envelope.count + 128
        case .request(_, let request): request.cost + 128
        case .reply(_, let reply): reply.cost + 128
        case .confirm, .open, .ping, .goodbye, .leaving: 128
        }
    }

    private enum Kind: UInt8 {
        case confirm = 1
        case open, ping, goodbye, leaving, direct, everyone, topic, request, reply
    }

    func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .confirm: buffer.writeInteger(Kind.confirm.rawValue)
        case .open(let counts): buffer.write(Kind.open.rawValue, counts)
        case .ping(let counts): buffer.write(Kind.ping.rawValue, counts)
        case .goodbye(let counts): buffer.write(Kind.goodbye.rawValue, counts)
        case .leaving: buffer.writeInteger(Kind.leaving.rawValue)
        case .direct(let number, let envelope):
            buffer.writeMultipleIntegers(Kind.direct.rawValue, number)
            buffer.writeEnvelope(envelope)
        case .everyone(let number, let envelope):
            buffer.writeMultipleIntegers(Kind.everyone.rawValue, number)
            buffer.writeEnvelope(envelope)
        case .topic(let number, let topic, let envelope):
            buffer.writeMultipleIntegers(Kind.topic.rawValue, number, UInt8(clamping: topic.utf8.count))
            buffer.writeString(topic)
            buffer.writeEnvelope(envelope)
        case .request(let id, let request):
            buffer.writeMultipleIntegers(Kind.request.rawValue, id)
            request.encode(into: &buffer)
        case .reply(let id, let reply):
            buffer.writeMultipleIntegers(Kind.reply.rawValue, id)
            reply.encode(into: &buffer)
        }
    }

    init(_ plaintext: ByteBuffer) throws(LinkEnd) {
        var buffer = plaintext
        guard let kind = buffer.readInteger(as: UInt8.self).flatMap(Kind.init), let frame = Self.read(kind, &buffer),
            buffer.readableBytes == 0
        else { throw .malformed("a frame that this version does not know") }
        self = frame
    }

    private static func read(_ kind: Kind, _ buffer: inout ByteBuffer) -> PeerFrame? {
        switch kind {
        case .confirm: return .confirm
        case .leaving: return .leaving
        case .open: return buffer.readCounts().map { .open($0) }
        case .ping: return buffer.readCounts().map { .ping($0) }
        case .goodbye: return buffer.readCounts().map { .goodbye($0) }
        case .direct, .everyone, .topic:
            guard let number = buffer.readInteger(as: UInt64.self) else { return nil }
            if kind != .topic {
                return buffer.readEnvelope().map { kind == .direct ? .direct(number, $0) : .everyone(number, $0) }
            }
            guard let count = buffer.readInteger(as: UInt8.self), count <= topicBytesMax,
                let topic = buffer.readString(length: Int(count))
            else { return nil }
            return buffer.readEnvelope().map { .topic(number, topic, $0) }
        case .request:
            guard let id = buffer.readInteger(as: UInt64.self) else { return nil }
            return DirectoryRequest(&buffer).map { .request(id, $0) }
        case .reply:
            guard let id = buffer.readInteger(as: UInt64.self) else { return nil }
            return DirectoryReply(&buffer).map { .reply(id, $0) }
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func write(_ kind: UInt8, _ counts: SentCounts) {
        writeMultipleIntegers(kind, counts.broadcasts, counts.directs)
    }

    fileprivate mutating func readCounts() -> SentCounts? {
        readMultipleIntegers(as: (UInt64, UInt64).self).map { SentCounts(broadcasts: $0.0, directs: $0.1) }
    }

    fileprivate mutating func writeEnvelope(_ envelope: Envelope) {
        writeInteger(UInt32(clamping: envelope.header.readableBytes))
        writeImmutableBuffer(envelope.header)
        writeImmutableBuffer(envelope.body)
    }

    /// Takes all bytes that are left.
    fileprivate mutating func readEnvelope() -> Envelope? {
        guard let count = readInteger(as: UInt32.self), let header = readSlice(length: Int(count)) else { return nil }
        let body = self
        moveReaderIndex(to: writerIndex)
        return Envelope(header: header, body: body)
    }
}
