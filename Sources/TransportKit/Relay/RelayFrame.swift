// What stands in the header of a relay's envelope. The payload is the envelope's body, so that it is not copied.
internal import NIOCore
internal import TransportAPI

/// The fixed beginning of each header: kind, target loop, exchange, sequence, type. What follows depends on the type.
struct RelayFrame {
    enum FrameType: UInt8 {
        // To the host.
        case open = 1
        case part = 2
        case credit = 3
        case leave = 4
        case probes = 5
        // To the caller. Whichever comes first says that the request has arrived, and accept says no more than that: it
        // is sent when the others take longer than to the host's next tick. Accept and head name the host's event loop.
        case accept = 16
        case head = 17
        case bytes = 18
        case abort = 19
        case refusal = 20
        case states = 21

        /// Counted frames advance their direction's sequence. The others repeat the next one, which proves whether all
        /// before them have come.
        var isCounted: Bool {
            switch self {
            case .open, .part, .accept, .head, .bytes, .abort, .refusal: true
            case .credit, .leave, .probes, .states: false
            }
        }
    }

    /// Kind, loop, exchange, sequence and type.
    static let bytesFixed = 1 + 1 + 8 + 4 + 1

    var kind: EnvelopeKind
    /// The event loop of the receiver.
    var loop: UInt8
    /// Zero in probes and states, which speak of many.
    var exchange: UInt64
    var sequence: UInt32
    var type: FrameType

    /// What a header must begin with.
    /// - Parameter extra: bytes that will be written behind it.
    func header(extra: Int = 0) -> ByteBuffer {
        var header = ByteBuffer()
        header.reserveCapacity(Self.bytesFixed + extra)
        header.writeMultipleIntegers(kind.rawValue, loop, exchange, sequence, type.rawValue)
        return header
    }

    /// Reads the fixed beginning off `header`.
    /// - Returns: nil for what is no frame of a relay, or for a type that goes the other way.
    init?(readFrom header: inout ByteBuffer) {
        guard
            let (kind, loop, exchange, sequence, type) = header.readMultipleIntegers(
                as: (UInt8, UInt8, UInt64, UInt32, UInt8).self),
            let kind = EnvelopeKind(rawValue: kind), let type = FrameType(rawValue: type)
        else { return nil }
        switch kind {
        case .relayRequest: guard type.rawValue < FrameType.accept.rawValue else { return nil }
        case .relayAnswer: guard type.rawValue >= FrameType.accept.rawValue else { return nil }
        case .heartbeat, .goodbye, .note: return nil
        }
        self.init(kind: kind, loop: loop, exchange: exchange, sequence: sequence, type: type)
    }

    init(kind: EnvelopeKind, loop: UInt8, exchange: UInt64, sequence: UInt32, type: FrameType) {
        self.kind = kind
        self.loop = loop
        self.exchange = exchange
        self.sequence = sequence
        self.type = type
    }

    /// How far this frame is ahead of what was expected; negative for a repeat.
    func distance(from expected: UInt32) -> Int32 { Int32(bitPattern: sequence &- expected) }
}
