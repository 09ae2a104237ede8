// Whether two ids of JSON-RPC are the same one. Servers write ids anew, so bytes may differ where values do not.

/// Compares raw id tokens.
public enum RequestID {
    /// Strings are equal if their contents are, numbers if their values are; a string never equals a number
    /// (JSON-RPC 2.0, Request object).
    public static func areEqual(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        if one.holds(other) { return !one.isEmpty }
        guard let first = one.first, let second = other.first else { return false }
        let quote = UInt8(ascii: "\"")
        guard first == quote || second == quote else { return number(one) != nil && number(one) == number(other) }
        guard first == quote, second == quote, one.count > 1, other.count > 1 else { return false }
        let contents = JSONString.decode(one.cut(from: 1, to: one.count - 1))
        return contents != nil && contents == JSONString.decode(other.cut(from: 1, to: other.count - 1))
    }

    private static func number(_ token: UnsafeRawBufferPointer) -> Double? {
        Double(String(decoding: token, as: UTF8.self))
    }
}
