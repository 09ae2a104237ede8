// Comparing, decoding and escaping of string contents, byte for byte.

import Foundation
import MCPWire
import Testing

@Suite struct JSONStringTests {
    @Test(arguments: [
        ("", ""), ("plain", "plain"), (#"a\"b\\c\/d"#, "a\"b\\c/d"), (#"\b\f\n\r\t"#, "\u{8}\u{C}\n\r\t"),
        (#"\u0041\u00e9\u20AC"#, "Aé€"), (#"\ud83d\ude00"#, "😀"), (#"\uD834\uDD1Ex"#, "𝄞x"),
        (#"\u0000"#, "\0"), ("naïve 名前", "naïve 名前"), (#"\uffff"#, "\u{FFFF}"), (#"\udbff\udfff"#, "\u{10FFFF}"),
        (#"a\u002fb"#, "a/b"), (#"\\u0041"#, "\\u0041"),
    ])
    func decodes(raw: String, text: String) {
        let decoded = withExactBytes(raw) { JSONString.decode($0) }
        #expect(decoded == Array(text.utf8))
        withExactBytes(raw) { raw in
            withExactBytes(text) { #expect(JSONString.equals(raw, decoded: $0)) }
            withExactBytes(text + "x") { #expect(!JSONString.equals(raw, decoded: $0)) }
            withExactBytes("x" + text) { #expect(!JSONString.equals(raw, decoded: $0)) }
            if !text.isEmpty {
                withExactBytes(Array(text.utf8.dropLast())) { #expect(!JSONString.equals(raw, decoded: $0)) }
            }
        }
    }

    @Test(arguments: [
        #"\ud83d"#, #"\ude00"#, #"\ud83dx"#, #"\ud83d\n"#, #"\ud83d\u0041"#, #"\ud83d\ud83d"#, #"\ude00\ud83d"#,
        "\\",
        #"\u"#, #"\u12"#, #"\u12G4"#, #"\x"#, #"abc\"#, #"\ud83d\"#, #"\ud83d\u"#, #"\ud83d\ude0"#,
    ])
    func whatStandsForNoTextEqualsNothing(raw: String) {
        withExactBytes(raw) { bytes in
            #expect(JSONString.decode(bytes) == nil)
            #expect(!JSONString.equals(bytes, decoded: bytes))
            #expect(!JSONString.equals(bytes, ""))
            #expect(!JSONString.equals(bytes, "\u{FFFD}"))
        }
    }

    @Test func comparesWithStaticText() {
        withExactBytes("tools/call") { #expect(JSONString.equals($0, "tools/call")) }
        withExactBytes(#"tools\/c\u0061ll"#) { #expect(JSONString.equals($0, "tools/call")) }
        withExactBytes("tools/Call") { #expect(!JSONString.equals($0, "tools/call")) }
        withExactBytes("tools/cal") { #expect(!JSONString.equals($0, "tools/call")) }
        withExactBytes("tools/call ") { #expect(!JSONString.equals($0, "tools/call")) }
        withExactBytes("") { #expect(JSONString.equals($0, "")) }
        // What looks the same is not: composed and decomposed, Kelvin sign and K.
        withExactBytes("e\u{301}") { #expect(!JSONString.equals($0, "\u{E9}")) }
        withExactBytes("\u{212A}") { #expect(!JSONString.equals($0, "K")) }
        // The raw text is an escape, the decoded one is not.
        withExactBytes(#"\\n"#) { #expect(JSONString.equals($0, #"\n"#) && !JSONString.equals($0, #"\\n"#)) }
    }

    @Test func escapesRoundTrip() throws {
        let texts =
            ["", "plain", "quote\" back\\slash /", "é€😀 \u{2028}", "\u{7F}\u{FEFF}"]
            + (0..<0x20).compactMap(Unicode.Scalar.init).map { "a\(Character($0))b" }
        for text in texts {
            var raw: [UInt8] = []
            JSONString.appendEscaped(text.utf8, to: &raw)
            #expect(!raw.contains { $0 < 0x20 })
            #expect(raw.withUnsafeBytes { JSONString.decode($0) } == Array(text.utf8))
            let parsed = try JSONSerialization.jsonObject(
                with: Data(Array("\"".utf8) + raw + Array("\"".utf8)), options: .fragmentsAllowed)
            #expect(parsed as? String == text)
        }
    }

    @Test func escapingRepairsBrokenUTF8() {
        let replacement = Array("\u{FFFD}".utf8)
        for broken: [UInt8] in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x98]] {
            var raw: [UInt8] = []
            JSONString.appendEscaped([0x61] + broken + [0x62], to: &raw)
            #expect(raw.first == 0x61 && raw.last == 0x62)
            #expect(raw.dropFirst().starts(with: replacement))
            #expect(String(validating: raw, as: UTF8.self) != nil)
        }
    }
}
