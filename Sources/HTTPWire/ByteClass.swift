// Classes of bytes of RFC 9110 §5.6, as bit sets, so that a test is a shift and not a table in memory.

enum ByteClass {
    /// `tchar`: what a method or a header name is made of.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        // !#$%&'*+-. 0-9 | A-Z ^_` a-z |~
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        if byte < 64 { return low &>> UInt64(byte) & 1 == 1 }
        if byte < 128 { return high &>> UInt64(byte &- 64) & 1 == 1 }
        return false
    }

    /// What a request target is made of: visible ASCII.
    @inline(__always)
    static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

    /// True if some byte is a control byte other than a tab, eight bytes at a time.
    static func hasControl(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        var index = 0
        while index + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let belowSpace = (word &- ones &* 0x20) & ~word & tops
            let delete = word ^ (ones &* 0x7F)
            let isDelete = (delete &- ones) & ~delete & tops
            if belowSpace | isDelete != 0, hasControl(bytes, from: index, to: index + 8) { return true }
            index += 8
        }
        return hasControl(bytes, from: index, to: bytes.count)
    }

    private static func hasControl(_ bytes: UnsafeRawBufferPointer, from: Int, to: Int) -> Bool {
        for index in from..<to {
            let byte = bytes[index]
            if (byte < 0x20 && byte != 0x09) || byte == 0x7F { return true }
        }
        return false
    }
}
