// One line of an event stream: where it ends, which field it sets and to what. `EventScanner` reads every line through
// it and `Event` those of an event whose data spans several.

struct EventLine {
    enum Field { case blank, comment, name, data, id, retry, unknown }

    var field: Field
    /// The value without the one space that may follow the colon.
    var value: ByteRange

    /// The line between two offsets, its end excluded.
    init(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) {
        let line = bytes.cut(from: start, to: end)
        guard let first = line.first else {
            (field, value) = (.blank, ByteRange(end, end))
            return
        }
        let colon: Int
        switch first {
        case UInt8(ascii: "d"): (field, colon) = Self.match(line, "data", .data)
        case UInt8(ascii: "e"): (field, colon) = Self.match(line, "event", .name)
        case UInt8(ascii: "i"): (field, colon) = Self.match(line, "id", .id)
        case UInt8(ascii: "r"): (field, colon) = Self.match(line, "retry", .retry)
        case UInt8(ascii: ":"): (field, colon) = (.comment, 0)
        default: (field, colon) = (.unknown, 0)
        }
        let hasSpace = line.byte(at: colon + 1) == UInt8(ascii: " ")
        let from = Swift.min(start + colon + (hasSpace ? 2 : 1), end)
        value = ByteRange(from, end)
        if field == .id, bytes.cut(value).contains(0) { field = .unknown }
    }

    /// The name must be followed by a colon or be the whole line.
    private static func match(
        _ line: UnsafeRawBufferPointer, _ name: StaticString, _ field: Field
    ) -> (Field, colon: Int) {
        let length = name.utf8CodeUnitCount
        guard line.cut(from: 0, to: length).holds(name), line.byte(at: length) ?? colonByte == colonByte else {
            return (.unknown, 0)
        }
        return (field, length)
    }

    private static var colonByte: UInt8 { UInt8(ascii: ":") }

    /// The offset of the first CR or LF from an offset on, or the length of the buffer. Reads eight bytes at a time.
    static func end(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let base = bytes.baseAddress, start >= 0 else { return bytes.count }
        var at = start
        while bytes.count &- at >= 8 {
            let stops = stops(base, at)
            if stops != 0 { return at &+ stops.trailingZeroBitCount >> 3 }
            at &+= 8
            while bytes.count &- at >= 32,
                (Self.stops(base, at) | Self.stops(base, at &+ 8))
                    | (Self.stops(base, at &+ 16) | Self.stops(base, at &+ 24)) == 0
            {
                at &+= 32
            }
        }
        while at < bytes.count {
            let byte = base.load(fromByteOffset: at, as: UInt8.self)
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { return at }
            at &+= 1
        }
        return bytes.count
    }

    /// The top bit of each of the eight bytes from an offset that is LF or CR; exact up to and including the lowest
    /// one. The caller has checked that there are eight.
    @inline(__always)
    private static func stops(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        let lineFeeds = word ^ 0x0A0A_0A0A_0A0A_0A0A
        let returns = word ^ 0x0D0D_0D0D_0D0D_0D0D
        let ones: UInt64 = 0x0101_0101_0101_0101
        return (((lineFeeds &- ones) & ~lineFeeds) | ((returns &- ones) & ~returns)) & 0x8080_8080_8080_8080
    }
}
