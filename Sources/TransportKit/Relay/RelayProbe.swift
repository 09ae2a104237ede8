// An entry of a probes frame: where an exchange stands, as its caller sees it.
internal import NIOCore

/// What a caller says of one of its exchanges.
struct RelayProbe {
    /// On the wire: exchange, sequence, consumed bytes, flags.
    static let bytesFixed = 8 + 4 + 8 + 1

    var exchange: UInt64
    /// Of the caller's next counted frame.
    var sequence: UInt32
    /// Bytes that the caller acknowledges, since the beginning.
    var consumed: UInt64
    /// The caller has none such: the host lets go.
    var hasLeft: Bool

    func write(to buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(exchange, sequence, consumed, UInt8(hasLeft ? 1 : 0))
    }

    init(exchange: UInt64, sequence: UInt32, consumed: UInt64, hasLeft: Bool) {
        self.exchange = exchange
        self.sequence = sequence
        self.consumed = consumed
        self.hasLeft = hasLeft
    }

    init?(readFrom buffer: inout ByteBuffer) {
        guard
            let (exchange, sequence, consumed, flags) = buffer.readMultipleIntegers(
                as: (UInt64, UInt32, UInt64, UInt8).self)
        else { return nil }
        self.init(exchange: exchange, sequence: sequence, consumed: consumed, hasLeft: flags & 1 == 1)
    }
}
