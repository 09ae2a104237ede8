// Finding and reading small things in bytes: one byte, a decimal number, the items of a comma list.
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

enum ByteSearch {
    /// The offset of the first `byte`, or nil.
    @inline(__always)
    static func firstIndex(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return nil }
        guard let found = memchr(start, Int32(byte), bytes.count) else { return nil }
        return UnsafeRawPointer(found) - start
    }
}

enum Decimal {
    /// A number of 1 to 18 digits and nothing else; nil otherwise (no sign, no white space, no overflow).
    static func parse(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard !bytes.isEmpty, bytes.count <= 18 else { return nil }
        var number = 0
        for byte in bytes {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            number = number &* 10 &+ Int(byte &- 0x30)
        }
        return number
    }
}

/// A comma-separated header value (RFC 9110 §5.6.1).
public enum HeaderList {
    /// Calls `body` with each non-empty item, white space trimmed. Quoted strings are not understood: no name that the
    /// gateway reads as a list has them.
    public static func forEach(_ value: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var start = 0
        for index in 0...value.count where index == value.count || value[index] == 0x2C {
            var first = start
            var last = index
            while first < last, value[first] == 0x20 || value[first] == 0x09 { first += 1 }
            while last > first, value[last - 1] == 0x20 || value[last - 1] == 0x09 { last -= 1 }
            if first < last { body(UnsafeRawBufferPointer(rebasing: value[first..<last])) }
            start = index + 1
        }
    }
}
