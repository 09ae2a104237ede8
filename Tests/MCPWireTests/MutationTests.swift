// Twenty thousand broken messages: the scanner must neither crash nor read beyond the body (run it with the address
// sanitizer), and what it accepts must mean the same to another JSON library.

import Foundation
import MCPWire
import Testing

@Suite struct MutationTests {
    static let dictionary = [
        "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "true", "-0", "1e5", "0.5", "\\u0041", "\\ud83d", "\\ude00",
        "\"id\":1,", "\"method\":\"ping\",", "\"params\":{", "\"_meta\":{", "\"result\":{},", "\"jsonrpc\":\"2.0\",",
        "\"name\":", "\"uri\":\"u\",", "\n", " ", "\u{0}", "é", "😀", "{}", "[]", "\"me\\u0074hod\":", "\"Method\":",
    ].map { Array($0.utf8) }

    static func mutate(_ seed: [UInt8], with generator: inout SeededGenerator) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let at = Int.random(in: 0...bytes.count, using: &generator)
            let end = min(bytes.count, at + Int.random(in: 0...12, using: &generator))
            switch Int.random(in: 0..<7, using: &generator) {
            case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &generator)
            case 1 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.removeSubrange(at..<end)
            case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
            case 4: bytes.insert(contentsOf: dictionary.randomElement(using: &generator) ?? [], at: at)
            case 5: bytes.replaceSubrange(at..<end, with: dictionary.randomElement(using: &generator) ?? [])
            default: if Int.random(in: 0..<8, using: &generator) == 0 { bytes.removeSubrange(at...) }
            }
        }
        return bytes
    }

    static func seeds() throws -> [[UInt8]] {
        let examples = try Resources.examples().map(OfficialMessageTests.message)
        let batch = Array("[".utf8) + examples[0] + Array(",".utf8) + examples[1] + Array("]".utf8)
        return examples.filter { $0.count < 700 } + [batch, Array(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.utf8)]
    }

    @Test(arguments: [11, 4_711, 20_260_728, 0xC0FFEE])
    func mutationsAreReadAsOthersReadThem(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let seeds = try Self.seeds()
        var accepted = 0
        for round in 0..<5_000 {
            let bytes = Self.mutate(try #require(seeds.randomElement(using: &generator)), with: &generator)
            let name: Comment = "seed \(seed), round \(round): \(Golden.ascii(String(decoding: bytes, as: UTF8.self)))"
            let parsed = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            switch scanBody(bytes) {
            case .success(.message(let message)):
                accepted += 1
                try expectSame(message, bytes, parsed, name)
            case .success(.batch(let messages)):
                accepted += 1
                if parsed == nil, Self.isBeyondFoundation(bytes) { continue }
                let objects = parsed as? [Any]
                #expect(objects?.count == messages.count, name)
                for (message, object) in zip(messages, objects ?? []) { try expectSame(message, bytes, object, name) }
            case .failure(let error):
                #expect(error.id.range.upperBound <= bytes.count, name)
                // Not JSON for us is not JSON for Foundation, but that it lets a comma stand before a closing brace.
                if error.code == .parseError, !Self.hasTrailingComma(bytes) { #expect(parsed == nil, name) }
            }
        }
        // Without a fair share of accepted mutations the comparison would say little.
        #expect(accepted > 500, "seed \(seed): \(accepted) accepted")
    }

    /// Half surrogates and numbers beyond `Double`, which are fine by the grammar but not for Foundation.
    static func isBeyondFoundation(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        return text.contains("\\ud") || text.contains(/[0-9]e[+-]?[0-9]{3}/)
    }

    static func hasTrailingComma(_ bytes: [UInt8]) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains(/,\s*}/)
    }

    private func expectSame(_ message: Message, _ bytes: [UInt8], _ parsed: Any?, _ name: Comment) throws {
        for (_, member) in messageRanges where !message[keyPath: member].isAbsent {
            let range = message[keyPath: member]
            #expect(range.start <= range.end && range.end <= message.range.end, name)
            #expect(range.start > message.range.start && Int(message.range.end) <= bytes.count, name)
        }
        if parsed == nil, Self.isBeyondFoundation(bytes) { return }
        let object = try #require(parsed as? [String: Any], name)
        #expect(object["jsonrpc"] as? String == "2.0", name)
        #expect(decoded(message.method, bytes) == object["method"] as? String, name)
        #expect(message.id.isAbsent == (object["id"] == nil || object["id"] is NSNull), name)
        if let id = object["id"], !(id is NSNull), let own = text(message.id, in: bytes) {
            let same = try JSONSerialization.jsonObject(with: Data(own.utf8), options: .fragmentsAllowed)
            #expect((same as? NSObject)?.isEqual(id) == true, name)
        }
        #expect(message.params.isAbsent == (object["params"] == nil), name)
        #expect(message.result.isAbsent == (object["result"] == nil), name)
        #expect(message.error.isAbsent == (object["error"] == nil), name)
        let params = object["params"] as? [String: Any]
        for (range, key) in [
            (message.name, "name"), (message.uri, "uri"), (message.taskId, "taskId"), (message.cursor, "cursor"),
            (message.requestState, "requestState"),
        ] {
            #expect(decoded(range, bytes) == params?[key] as? String, name)
        }
        let meta = params?["_meta"] as? [String: Any]
        #expect(message.hasMeta == (meta != nil), name)
        let version = meta?["io.modelcontextprotocol/protocolVersion"] as? String
        #expect(decoded(message.metaProtocolVersion, bytes) == version, name)
        let result = object["result"] as? [String: Any]
        #expect(decoded(message.resultType, bytes) == result?["resultType"] as? String, name)
        #expect(decoded(message.nextCursor, bytes) == result?["nextCursor"] as? String, name)
    }

    private func decoded(_ range: ByteRange, _ bytes: [UInt8]) -> String? {
        guard !range.isAbsent else { return nil }
        let text = withExactBytes(Array(bytes[range.range])) { JSONString.decode($0) }
        return text.map { String(decoding: $0, as: UTF8.self) }
    }
}
