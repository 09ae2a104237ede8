// Walks through the contents of a JSON string and yields the UTF-8 bytes that it stands for, without a copy. Key
// and method comparison, header comparison and `JSONString.decode` sit on it. It does not validate UTF-8.

/// The decoded bytes of raw JSON string contents (between the quotes).
///
/// Ends early with ``isBroken`` set at an unknown escape or at half of a surrogate pair, which stands for no text.
struct DecodedBytes: IteratorProtocol {
    private let raw: UnsafeRawBufferPointer
    private var offset = 0
    /// Bytes of a decoded escape that are still to be handed out, the next one lowest; they are never zero.
    private var pending: UInt32 = 0
    private(set) var isBroken = false

    init(_ raw: UnsafeRawBufferPointer) {
        self.raw = raw
    }

    mutating func next() -> UInt8? {
        if pending != 0 {
            let byte = UInt8(truncatingIfNeeded: pending)
            pending >>= 8
            return byte
        }
        guard !isBroken, let byte = raw.byte(at: offset) else { return nil }
        offset += 1
        return byte == UInt8(ascii: "\\") ? escape() : byte
    }

    private mutating func escape() -> UInt8? {
        guard let kind = raw.byte(at: offset) else { return broken() }
        offset += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return kind
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): return unicode()
        default: return broken()
        }
    }

    private mutating func unicode() -> UInt8? {
        guard let first = hexQuad() else { return broken() }
        guard first & 0xFC00 == 0xD800 else { return encode(Unicode.Scalar(first)) }
        guard raw.byte(at: offset) == UInt8(ascii: "\\"), raw.byte(at: offset + 1) == UInt8(ascii: "u") else {
            return broken()
        }
        offset += 2
        guard let second = hexQuad(), second & 0xFC00 == 0xDC00 else { return broken() }
        return encode(Unicode.Scalar(0x1_0000 + ((first & 0x3FF) << 10 | second & 0x3FF)))
    }

    /// Nil arrives here for a low surrogate without its high half.
    private mutating func encode(_ scalar: Unicode.Scalar?) -> UInt8? {
        guard let scalar else { return broken() }
        var first: UInt8?
        var shift: UInt32 = 0
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
            if first == nil {
                first = byte
            } else {
                pending |= UInt32(byte) << shift
                shift += 8
            }
        }
        return first
    }

    private mutating func hexQuad() -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = raw.byte(at: offset), let digit = hexDigit(byte) else { return nil }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }

    private mutating func broken() -> UInt8? {
        isBroken = true
        return nil
    }
}

/// The value of a hexadecimal digit of either case.
@inline(__always)
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
    default: nil
    }
}
