// Standard Base64 with padding (RFC 4648, section 4), decoding only. `HeaderText` is the one caller.

enum Base64 {
    /// The decoded bytes; nil when the length is no multiple of four, a character is foreign, padding stands in the
    /// wrong place, or unused bits are not zero. So every byte sequence has exactly one accepted form.
    static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var padding = 0
        if text.byte(at: text.count - 1) == UInt8(ascii: "=") { padding += 1 }
        if padding == 1, text.byte(at: text.count - 2) == UInt8(ascii: "=") { padding += 1 }

        var out: [UInt8] = []
        out.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var held = 0
        for byte in text.dropLast(padding) {
            guard let value = sextet(byte) else { return nil }
            bits = bits << 6 | value
            held += 6
            if held >= 8 {
                held -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
                bits &= (1 << UInt32(held)) - 1
            }
        }
        return bits == 0 ? out : nil
    }

    private static func sextet(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte &- UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte &- UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte &- UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
