// Mirrored header values: the vectors of SEP-2243 and of the 2026-07-28 text, and what an attacker may add.

import MCPWire
import Testing

@Suite struct HeaderTextTests {
    @Test(arguments: [
        // Plain values stand for themselves.
        ("us-west1", "us-west1"), ("", ""), ("42", "42"), ("true", "true"), ("a b, c", "a b, c"),
        // The encoded examples of the specification.
        ("=?base64?SGVsbG8=?=", "Hello"), ("=?base64?SGVsbG8sIOS4lueVjA==?=", "Hello, 世界"),
        ("=?base64?IHBhZGRlZCA=?=", " padded "), ("=?base64?bGluZTEKbGluZTI=?=", "line1\nline2"),
        ("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "=?base64?literal?="), ("=?base64?IHVzLXdlc3Qx?=", " us-west1"),
        ("=?base64??=", ""), ("=?base64?dMO2w7ZsX3VuaWNvZGU=?=", "tööl_unicode"),
        // Near misses of the markers are literal.
        ("SGVsbG8=", "SGVsbG8="), ("=?base64?SGVsbG8=", "=?base64?SGVsbG8="), ("SGVsbG8=?=", "SGVsbG8=?="),
        ("=?BASE64?SGVsbG8=?=", "=?BASE64?SGVsbG8=?="), ("=?Base64?SGVsbG8=?=", "=?Base64?SGVsbG8=?="),
        ("=?base64?SGVsbG8=?= ", "=?base64?SGVsbG8=?= "), ("=?base64?SGVsbG8=?", "=?base64?SGVsbG8=?"),
        (" =?base64?SGVsbG8=?=", " =?base64?SGVsbG8=?="), ("=?base64?=", "=?base64?="), ("=?base64?", "=?base64?"),
        ("=?base64:SGVsbG8=?=", "=?base64:SGVsbG8=?="), ("?=", "?="),
    ])
    func decodes(value: String, text: String) {
        let decoded = withExactBytes(value) { HeaderText.decode($0) }
        #expect(decoded == Array(text.utf8))
        var raw: [UInt8] = []
        JSONString.appendEscaped(text.utf8, to: &raw)
        withExactBytes(value) { value in
            withExactBytes(raw) { #expect(HeaderText.matches(value, jsonString: $0)) }
            withExactBytes(raw + [0x78]) { #expect(!HeaderText.matches(value, jsonString: $0)) }
        }
    }

    @Test(arguments: [
        // No padding, foreign characters, the URL alphabet, space, wrong places of padding.
        "=?base64?SGVsbG8?=", "=?base64?SGVs!!!bG8=?=", "=?base64?!!!?=", "=?base64?literal?=", "=?base64?_-8=?=",
        "=?base64?SGVs bG8=?=", "=?base64?SGVs\tbG8=?=", "=?base64?=SGVsbG8?=", "=?base64?SGV=bG8=?=",
        "=?base64?SGVsbG8==?=", "=?base64?S===?=", "=?base64?====?=", "=?base64?=?=", "=?base64?SA=?=",
        // Bits that are not used must be zero, or two headers would stand for one name.
        "=?base64?SGVsbG9=?=", "=?base64?SH==?=",
        // Valid Base64 of bytes that are no UTF-8.
        "=?base64?/w==?=", "=?base64?wIA=?=", "=?base64?7aCA?=",
    ])
    func brokenBase64IsNil(value: String) {
        withExactBytes(value) { value in
            #expect(HeaderText.decode(value) == nil)
            #expect(!HeaderText.matches(value, jsonString: value))
            withExactBytes("Hello") { #expect(!HeaderText.matches(value, jsonString: $0)) }
            withExactBytes("") { #expect(!HeaderText.matches(value, jsonString: $0)) }
        }
    }

    @Test func comparesWithEscapedContents() {
        withExactBytes("=?base64?SGVsbG8sIOS4lueVjA==?=") { value in
            withExactBytes(#"Hello, \u4e16\u754c"#) { #expect(HeaderText.matches(value, jsonString: $0)) }
            withExactBytes(#"Hello, \u4e16"#) { #expect(!HeaderText.matches(value, jsonString: $0)) }
        }
        withExactBytes("get_weather") { value in
            withExactBytes(#"get\u005Fweather"#) { #expect(HeaderText.matches(value, jsonString: $0)) }
            withExactBytes("Get_weather") { #expect(!HeaderText.matches(value, jsonString: $0)) }
            withExactBytes(#"get_weather\ud800"#) { #expect(!HeaderText.matches(value, jsonString: $0)) }
        }
    }

    @Test func everyShortTextRoundTrips() {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var generator = SeededGenerator(seed: 2_243)
        for length in 0..<60 {
            let text = (0..<length).map { _ in UInt8.random(in: 0...0x7F, using: &generator) }
            var encoded: [UInt8] = []
            for start in stride(from: 0, to: text.count, by: 3) {
                let group = text[start..<min(start + 3, text.count)]
                let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
                for place in 0..<4 {
                    let sextet = Int(bits >> UInt32(18 - 6 * place)) & 63
                    encoded.append(place <= group.count ? alphabet[sextet] : UInt8(ascii: "="))
                }
            }
            let value = Array("=?base64?".utf8) + encoded + Array("?=".utf8)
            #expect(withExactBytes(value) { HeaderText.decode($0) } == text, "seed 2243, length \(length)")
        }
    }
}
