// Contents of JSON strings, compared, decoded and written as bytes. The core compares header values with members of
// a message through it and writes the few JSON texts of its own. Quotes are the caller's matter.

/// Functions on the contents of JSON strings (RFC 8259, section 7). `raw` is what stands between the quotes.
public enum JSONString {
    /// True when the decoded contents are exactly these ASCII or UTF-8 bytes. No Unicode normalisation takes place.
    public static func equals(_ raw: UnsafeRawBufferPointer, _ decoded: StaticString) -> Bool {
        raw.holds(decoded) && !raw.contains(UInt8(ascii: "\\"))
            || equals(
                raw,
                decoded: UnsafeRawBufferPointer(start: decoded.utf8Start, count: decoded.utf8CodeUnitCount))
    }

    /// True when the decoded contents are exactly these bytes. Contents with half of a surrogate pair equal nothing.
    public static func equals(_ raw: UnsafeRawBufferPointer, decoded: UnsafeRawBufferPointer) -> Bool {
        guard raw.count >= decoded.count else { return false }
        var bytes = DecodedBytes(raw)
        for byte in decoded where bytes.next() != byte { return false }
        return bytes.next() == nil && !bytes.isBroken
    }

    /// The UTF-8 bytes that the contents stand for; nil when they hold half of a surrogate pair or a broken escape.
    public static func decode(_ raw: UnsafeRawBufferPointer) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(raw.count)
        var bytes = DecodedBytes(raw)
        while let byte = bytes.next() { decoded.append(byte) }
        return bytes.isBroken ? nil : decoded
    }

    /// Appends UTF-8 text as string contents, without quotes.
    ///
    /// Quotes, backslashes and control characters are escaped; bytes that are not UTF-8 become U+FFFD, so that
    /// whatever comes in, what goes out is JSON on one line.
    public static func appendEscaped(_ s: some Sequence<UInt8>, to out: inout [UInt8]) {
        var bytes = s.makeIterator()
        var decoder = UTF8()
        while true {
            switch decoder.decode(&bytes) {
            case .scalarValue(let scalar): appendEscaped(scalar, to: &out)
            case .error: out.append(contentsOf: UTF8.encodedReplacementCharacter)
            case .emptyInput: return
            }
        }
    }

    private static func appendEscaped(_ scalar: Unicode.Scalar, to out: inout [UInt8]) {
        switch scalar {
        case "\"", "\\":
            out.append(UInt8(ascii: "\\"))
            out.append(UInt8(truncatingIfNeeded: scalar.value))
        case "\n":
            out.append(contentsOf: "\\n".utf8)
        case "\r":
            out.append(contentsOf: "\\r".utf8)
        case "\t":
            out.append(contentsOf: "\\t".utf8)
        case "\0"..."\u{1F}":
            let digits = UnsafeBufferPointer(start: hexDigits.utf8Start, count: hexDigits.utf8CodeUnitCount)
            out.append(contentsOf: "\\u00".utf8)
            out.append(digits[Int(scalar.value >> 4)])
            out.append(digits[Int(scalar.value & 0xF)])
        default:
            out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    private static let hexDigits: StaticString = "0123456789abcdef"
}
