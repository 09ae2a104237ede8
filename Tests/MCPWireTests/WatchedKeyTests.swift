// The table of member names against itself: every watched name must be found, in every writing, in its own objects
// and in no other.

import Testing

@testable import MCPWire

@Suite struct WatchedKeyTests {
    static let parts: [MessagePart] = [.envelope, .params, .meta, .result]

    private func recognise(_ name: String, in part: MessagePart) -> String {
        let bytes = Array(name.utf8)
        return withExactBytes(bytes) { raw in
            let token = StringToken(
                start: 0, end: raw.count, isEscaped: bytes.contains(UInt8(ascii: "\\")),
                hasHighBytes: bytes.contains { $0 >= 0x80 })
            return switch WatchedKey.recognise(raw, token, in: part) {
            case .exact(let key): "exact \(key)"
            case .caseVariant(let key): "variant \(key)"
            case .unknown: "unknown"
            }
        }
    }

    @Test func everyKeyIsFoundInItsPartsOnly() {
        for part in Self.parts {
            for key in WatchedKey.allCases {
                let name = key.text.description
                let isWatched = part.keys.contains(key)
                #expect(recognise(name, in: part) == (isWatched ? "exact \(key)" : "unknown"), "\(part)")
                let escaped = DuplicateMemberTests.escaped(name, at: 0)
                #expect(recognise(escaped, in: part) == (isWatched ? "exact \(key)" : "unknown"), "\(part)")
                guard isWatched else { continue }
                #expect(recognise(name.uppercased(), in: part) == "variant \(key)")
                #expect(recognise(name + "x", in: part) == "unknown")
                #expect(recognise(String(name.dropLast()) + "\u{E9}", in: part) == "unknown")
                #expect(recognise(name + #"\u0000"#, in: part) == "unknown")
                #expect(recognise(name + #"\ud800"#, in: part) == "unknown")
            }
        }
        #expect(WatchedKey.allCases.allSatisfy { key in Self.parts.contains { $0.keys.contains(key) } })
    }

    @Test func lettersThatFoldIntoASCIICount() {
        #expect(recognise("ta\u{17F}kId", in: .params) == "variant taskID")
        #expect(recognise("tas\u{212A}Id", in: .params) == "variant taskID")
        #expect(recognise(#"tas\u212aId"#, in: .params) == "variant taskID")
        #expect(recognise("re\u{17F}ource", in: .params) == "unknown")
        #expect(recognise("tas\u{212B}Id", in: .params) == "unknown")
    }
}
