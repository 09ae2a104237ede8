// Hexadecimal text to bytes for the published vectors of these tests. A bad vector fails the test that names it.
import Testing

/// The bytes that `text` spells; blanks between bytes are allowed.
func hex(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> [UInt8] {
    let digits = text.utf8.filter { $0 != UInt8(ascii: " ") }
    guard digits.count.isMultiple(of: 2) else {
        Issue.record("odd number of hexadecimal digits in \(text)", sourceLocation: sourceLocation)
        return []
    }
    return stride(from: 0, to: digits.count, by: 2).compactMap { index in
        let pair = String(decoding: digits[index..<index + 2], as: UTF8.self)
        let byte = UInt8(pair, radix: 16)
        if byte == nil { Issue.record("'\(pair)' is not a byte in hexadecimal", sourceLocation: sourceLocation) }
        return byte
    }
}
