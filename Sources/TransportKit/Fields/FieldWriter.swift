// Numbered fields, so that a record can gain fields and older readers still read it. A version byte, then for each
// field its tag, the length of its bytes (seven bits a byte, low ones first) and the bytes.
public import NIOCore

/// Writes tagged fields. A tag may be written more than once.
public struct FieldWriter: Sendable {
    /// What was written so far.
    public private(set) var buffer: ByteBuffer

    /// - Parameter version: changes only when older readers must not read it.
    public init(version: UInt8) {
        buffer = ByteBuffer()
        buffer.writeInteger(version)
    }

    public mutating func write(_ tag: UInt8, _ bytes: [UInt8]) {
        writeHead(tag, bytes.count)
        buffer.writeBytes(bytes)
    }

    public mutating func write(_ tag: UInt8, _ bytes: ByteBuffer) {
        writeHead(tag, bytes.readableBytes)
        buffer.writeImmutableBuffer(bytes)
    }

    /// Without its leading zero bytes.
    public mutating func write(_ tag: UInt8, _ number: UInt64) {
        let count = (64 - number.leadingZeroBitCount + 7) / 8
        writeHead(tag, count)
        for place in (0..<count).reversed() {
            buffer.writeInteger(UInt8(truncatingIfNeeded: number >> UInt64(8 * place)))
        }
    }

    public mutating func write(_ tag: UInt8, _ text: String) {
        writeHead(tag, text.utf8.count)
        buffer.writeString(text)
    }

    private mutating func writeHead(_ tag: UInt8, _ count: Int) {
        buffer.writeInteger(tag)
        var rest = UInt32(clamping: count)
        while rest >= 0x80 {
            buffer.writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        buffer.writeInteger(UInt8(truncatingIfNeeded: rest))
    }
}
