// An entry of a states frame: where an exchange stands, as its host sees it.
internal import NIOCore

/// What a host says of one of its exchanges.
struct RelayState {
    /// On the wire: exchange, sequence, flags.
    static let bytesFixed = 8 + 4 + 1

    var exchange: UInt64
    /// Of the host's next counted frame.
    var sequence: UInt32
    /// The host has such an exchange.
    var isKnown: Bool

    func write(to buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(exchange, sequence, UInt8(isKnown ? 1 : 0))
    }

    init(exchange: UInt64, sequence: UInt32, isKnown: Bool) {
        self.exchange = exchange
        self.sequence = sequence
        self.isKnown = isKnown
    }

    init?(readFrom buffer: inout ByteBuffer) {
        guard let (exchange, sequence, flags) = buffer.readMultipleIntegers(as: (UInt64, UInt32, UInt8).self) else {
            return nil
        }
        self.init(exchange: exchange, sequence: sequence, isKnown: flags & 1 == 1)
    }
}
