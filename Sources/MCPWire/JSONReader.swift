// A strict, iterative reader of RFC 8259 tokens over bytes: strings, numbers, literals, white space. The envelope
// reader drives it member by member; `JSONReader+Containers` opens, closes and skips arrays and objects. It builds no
// values and allocates nothing.

/// A string of the text: offsets of its contents, and what a comparison has to know of them.
struct StringToken {
    var start: Int
    var end: Int
    /// Holds a backslash.
    var isEscaped: Bool
    /// Holds a byte above 0x7F.
    var hasHighBytes: Bool

    var isPlain: Bool { !isEscaped && !hasHighBytes }
    var range: ByteRange { ByteRange(start, end) }
}

/// A position in the text. Bytes are read through `byte(at:)`, `current` and `word(at:)` only, each of which checks
/// against `end`; so no read leaves the buffer, whatever the text says. Offsets and levels are bounded by `end` and by
/// the depth limit, never by numbers in the text, so the wrapping operators on them cannot wrap.
struct JSONReader {
    private let base: UnsafeRawPointer
    let end: Int
    var position = 0
    /// Containers that are open, and for each of them one bit (set: an object), the innermost lowest.
    var level = 0
    var objects: UInt64 = 0
    /// Members seen in each open object; room for `ScanLimits.depthMaximum` levels.
    let members: UnsafeMutablePointer<Int>
    var tokensLeft: Int
    let limits: ScanLimits

    /// - Parameter members: room for `ScanLimits.depthMaximum` counters; need not be initialized.
    init(
        _ base: UnsafeRawPointer, count: Int, members: UnsafeMutablePointer<Int>, limits: ScanLimits
    ) {
        self.base = base
        self.end = count
        self.members = members
        self.limits = limits
        self.tokensLeft = limits.tokens
    }

    /// The byte at the position; 0 at the end of the text, which starts no token.
    @inline(__always)
    var current: UInt8 { byte(at: position) }

    @inline(__always)
    func byte(at offset: Int) -> UInt8 {
        offset < end ? base.load(fromByteOffset: offset, as: UInt8.self) : 0
    }

    /// The eight bytes from an offset, the first one lowest; nil when fewer are left.
    @inline(__always)
    private func word(at offset: Int) -> UInt64? {
        guard end &- offset >= 8 else { return nil }
        return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The contents of a string of this text.
    @inline(__always)
    func contents(of token: StringToken) -> UnsafeRawBufferPointer {
        guard token.start >= 0, token.start <= token.end, token.end <= end else { return .init(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: base + token.start, count: token.end &- token.start)
    }

    /// A failure at the position; at the end of the text it is always that the text ends early.
    func failure(_ reason: ScanFailure.Reason) -> ScanFailure {
        ScanFailure(position >= end ? .endsEarly : reason, at: position)
    }

    @inline(__always)
    mutating func skipSpace() {
        while true {
            switch current {
            case 0x20, 0x0A, 0x0D, 0x09: position &+= 1
            default: return
            }
        }
    }

    /// Counts one key or value.
    @inline(__always)
    mutating func count() throws(ScanFailure) {
        guard tokensLeft > 0 else { throw ScanFailure(.tooManyTokens, at: position) }
        tokensLeft &-= 1
    }

    // MARK: Strings

    /// Reads the string whose opening quote is at the position, and goes behind its closing quote.
    @inline(__always)
    mutating func string() throws(ScanFailure) -> StringToken {
        // Most names have at most eight letters: one look finds their end, or that nothing in the word stops.
        let start = position &+ 1
        if let word = word(at: start) {
            let end = start &+ Self.stops(word).trailingZeroBitCount >> 3
            if byte(at: end) == UInt8(ascii: "\"") {
                position = end &+ 1
                return StringToken(start: start, end: end, isEscaped: false, hasHighBytes: false)
            }
        }
        return try longString()
    }

    @inline(never)
    private mutating func longString() throws(ScanFailure) -> StringToken {
        var token = StringToken(start: position &+ 1, end: 0, isEscaped: false, hasHighBytes: false)
        var at = position &+ 1
        while true {
            at = plainEnd(from: at)
            let byte = byte(at: at)
            if byte == UInt8(ascii: "\"") {
                token.end = at
                position = at &+ 1
                return token
            }
            position = at
            if byte == UInt8(ascii: "\\") {
                token.isEscaped = true
                try escape()
            } else if byte >= 0x80 {
                token.hasHighBytes = true
                while current >= 0x80 { try multibyte() }
            } else {
                throw failure(.controlByte)
            }
            at = position
        }
    }

    /// The offset of the first byte that is not printable ASCII, or is a quote or a backslash; else the end.
    @inline(__always)
    private func plainEnd(from start: Int) -> Int {
        var at = start
        while let word = word(at: at) {
            let stops = Self.stops(word)
            if stops != 0 { return at &+ stops.trailingZeroBitCount >> 3 }
            at &+= 8
            while end &- at >= 32, let first = self.word(at: at), let second = self.word(at: at &+ 8),
                let third = self.word(at: at &+ 16), let fourth = self.word(at: at &+ 24),
                (Self.stops(first) | Self.stops(second)) | (Self.stops(third) | Self.stops(fourth)) == 0
            {
                at &+= 32
            }
        }
        while at < end {
            let byte = byte(at: at)
            if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            at &+= 1
        }
        return at
    }

    /// The top bit of each byte that ends a plain run; exact up to and including the lowest one.
    ///
    /// For bytes below 0x80 no addition carries into the next byte. `^ 0x02` swaps within the control characters and
    /// brings the quote (0x22) to 0x20, so that one comparison with 0x21 finds both. A byte from 0x80 makes one of the
    /// additions overflow its byte (0xDC the first, all others the second), so it is a stop and spoils what is above.
    @inline(__always)
    private static func stops(_ word: UInt64) -> UInt64 {
        let noControlOrQuote = (word ^ 0x0202_0202_0202_0202) &+ 0x5F5F_5F5F_5F5F_5F5F
        let noBackslash = (word ^ 0x5C5C_5C5C_5C5C_5C5C) &+ 0x7F7F_7F7F_7F7F_7F7F
        return ~(noControlOrQuote & noBackslash) & 0x8080_8080_8080_8080
    }

    private mutating func escape() throws(ScanFailure) {
        position &+= 1
        switch current {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position &+= 1
        case UInt8(ascii: "u"):
            position &+= 1
            for _ in 0..<4 {
                guard hexDigit(current) != nil else { throw failure(.badEscape) }
                position &+= 1
            }
        default:
            throw failure(.badEscape)
        }
    }

    /// One character of two to four bytes, by the table of well-formed sequences (Unicode 15, table 3-7).
    private mutating func multibyte() throws(ScanFailure) {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch current {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw failure(.badUTF8)
        }
        guard second.contains(byte(at: position &+ 1)) else { throw failure(.badUTF8) }
        for offset in 2..<max(2, length) where byte(at: position &+ offset) & 0xC0 != 0x80 {
            throw failure(.badUTF8)
        }
        position &+= length
    }
}
