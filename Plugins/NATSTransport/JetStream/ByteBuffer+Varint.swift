// Numbers that take as many bytes as they need: seven bits a byte, low ones first. Pure.
internal import NIOCore

extension ByteBuffer {
    mutating func writeVarint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        writeInteger(UInt8(truncatingIfNeeded: rest))
    }

    /// Nil when the bytes end before the number does, or when it has more than 64 bits.
    mutating func readVarint() -> UInt64? {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = readInteger(as: UInt8.self) {
            let bits = UInt64(byte & 0x7F)
            guard shift < 63 || (shift == 63 && bits <= 1) else { return nil }
            number |= bits << shift
            if byte & 0x80 == 0 { return number }
            shift &+= 7
        }
        return nil
    }

    /// A count that fits in 32 bits.
    mutating func readVarintCount() -> Int? {
        guard let number = readVarint(), number <= UInt64(UInt32.max) else { return nil }
        return Int(number)
    }
}
