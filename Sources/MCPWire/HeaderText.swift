// Values of the mirrored headers `Mcp-Name` and `Mcp-Param-…`, which may be Base64 in a sentinel. The HTTP door
// compares them with the body before anything is routed. Surrounding spaces are already gone when a value gets here.

/// Decoding of mirrored header values (2026-07-28 Streamable HTTP, value encoding; SEP-2243).
///
/// `=?base64?…?=` with exactly these lowercase markers is standard Base64 of UTF-8 text; every other value,
/// near misses of the markers included, stands for itself.
public enum HeaderText {
    private static let opening: StaticString = "=?base64?"
    private static let closing: StaticString = "?="

    /// The text as UTF-8 bytes; nil when a sentinel holds anything but canonical, padded Base64 of valid UTF-8.
    public static func decode(_ value: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let payload = payload(of: value) else { return Array(value) }
        guard let text = Base64.decode(payload), isUTF8(text) else { return nil }
        return text
    }

    /// True when the value stands for the same bytes as the contents of a JSON string. A broken value matches nothing.
    public static func matches(_ value: UnsafeRawBufferPointer, jsonString raw: UnsafeRawBufferPointer) -> Bool {
        guard payload(of: value) != nil else { return JSONString.equals(raw, decoded: value) }
        guard let text = decode(value) else { return false }
        return text.withUnsafeBytes { JSONString.equals(raw, decoded: $0) }
    }

    /// What stands between the markers; nil for a plain value.
    private static func payload(of value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let head = opening.utf8CodeUnitCount
        let tail = value.count - closing.utf8CodeUnitCount
        guard tail >= head, value.cut(from: 0, to: head).holds(opening),
            value.cut(from: tail, to: value.count).holds(closing)
        else { return nil }
        return value.cut(from: head, to: tail)
    }

    private static func isUTF8(_ text: [UInt8]) -> Bool {
        var bytes = text.makeIterator()
        var decoder = UTF8()
        while true {
            switch decoder.decode(&bytes) {
            case .scalarValue: continue
            case .error: return false
            case .emptyInput: return true
            }
        }
    }
}
