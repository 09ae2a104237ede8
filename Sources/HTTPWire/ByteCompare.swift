// Comparing bytes with constants, eight at a time. Everything that is compared on every request goes through here.

enum ByteCompare {
    private static let caseBits: UInt64 = 0x2020_2020_2020_2020

    /// Equality on bytes.
    @inline(__always)
    static func equal(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        bytes.count == text.utf8CodeUnitCount && hasPrefix(bytes, text)
    }

    @inline(__always)
    static func hasPrefix(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        compare(bytes, text, folding: 0, tail: 0)
    }

    /// Equality without regard to ASCII case, for tokens: `text` is lower case and holds token characters only.
    ///
    /// Setting bit 5 maps upper case to lower case; that it also maps `^` to `~` and control bytes to punctuation does
    /// not matter where `text` has none of those.
    @inline(__always)
    static func equalIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        bytes.count == text.utf8CodeUnitCount && hasPrefixIgnoringCase(bytes, text)
    }

    @inline(__always)
    static func hasPrefixIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        compare(bytes, text, folding: caseBits, tail: 0x20)
    }

    @inline(__always)
    private static func compare(
        _ bytes: UnsafeRawBufferPointer, _ text: StaticString, folding: UInt64, tail: UInt8
    ) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count >= count else { return false }
        let wanted = UnsafeRawBufferPointer(start: text.utf8Start, count: count)
        var index = 0
        while index + 8 <= count {
            let own = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let other = wanted.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if own | folding != other | folding { return false }
            index += 8
        }
        while index < count {
            if bytes[index] | tail != wanted[index] | tail { return false }
            index += 1
        }
        return true
    }
}
