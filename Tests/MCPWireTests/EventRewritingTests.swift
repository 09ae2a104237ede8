// Events without their ids, or with other data: every other line stays as it was, whatever the line ends are.

import MCPWire
import Testing

@Suite struct EventRewritingTests {
    /// The first event of `text` without its id, with other data if given.
    private func rewritten(_ text: String, data: String? = nil) throws -> String {
        var scanner = EventScanner(maximumEventBytes: 1000)
        return try Array(text.utf8).withUnsafeBytes { view in
            let event = try #require(try scanner.next(in: view, from: 0))
            var out: [UInt8] = []
            if let data {
                Array(data.utf8).withUnsafeBytes { data in
                    event.forEachLine(in: view, data: data) { out.append(contentsOf: $0) }
                }
            } else {
                event.forEachLine(in: view, data: nil) { out.append(contentsOf: $0) }
            }
            return String(decoding: out, as: UTF8.self)
        }
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func takesIDsAndRetriesOut(end: String) throws {
        let lines = ["id: 1", ": c", "event: e", "id", "data: a", "retry: 5", "x-other: y", "data:b", "id:2", "", ""]
        let kept = lines.filter { !$0.hasPrefix("id") && !$0.hasPrefix("retry") }
        #expect(try rewritten(lines.joined(separator: end) + "data: next" + end + end) == kept.joined(separator: end))
        let changed = [": c", "event: e", "data: new", "x-other: y", "", ""]
        #expect(try rewritten(lines.joined(separator: end), data: "new") == changed.joined(separator: end))
    }

    @Test func leavesTheByteOrderMarkOut() throws {
        #expect(try rewritten("\u{FEFF}id: 1\ndata: a\n\n") == "data: a\n\n")
    }

    @Test func keepsNamesThatOnlyBeginAlike() throws {
        #expect(try rewritten("identity: 1\nretryx: 2\ndata: a\n\n") == "identity: 1\nretryx: 2\ndata: a\n\n")
        #expect(try rewritten("data\n\n", data: "x") == "data: x\n\n")
    }

    @Test func takesAMixOfLineEnds() throws {
        #expect(try rewritten("id: 1\rdata: a\ndata: b\r\nid: 2\r\r") == "data: a\ndata: b\r\n\r")
        #expect(try rewritten("data: a\rdata: b\r\nevent: e\n\r", data: "x") == "data: x\revent: e\n\r")
    }
}

@Suite struct ListKindsTests {
    private func kinds(_ result: String) -> ListKinds {
        Array(result.utf8).withUnsafeBytes { ListKinds(initializeResult: $0) }
    }

    @Test func readsWhatIsDeclared() {
        let all = #"{"a":[{}],"capabilities":{"tools":{"x":{},"listChanged":true},"prompts":{"listChanged":true},"#
            + #""logging":{"listChanged":true},"resources":{"subscribe":true,"listChanged": true}},"z":1}"#
        #expect(kinds(all) == [.tools, .prompts, .resources])
        #expect(kinds(#"{"capabilities":{"tools":{"listChanged":true},"prompts":{}}}"#) == .tools)
    }

    @Test(arguments: [
        "", " ", "null", "[]", "7", "{", "{}", #"{"capabilities":null}"#, #"{"capabilities":[]}"#,
        #"{"capabilities":{"tools":true}}"#, #"{"capabilities":{"tools":{"listChanged":false}}}"#,
        #"{"capabilities":{"tools":{"listChanged":"true"}}}"#, #"{"capabilities":{"tools":{"listChanged":1}}}"#,
        #"{"tools":{"listChanged":true}}"#, #"{"x":{"capabilities":{"tools":{"listChanged":true}}}}"#,
        #"{"capabilities":{"tools":{"x":{"listChanged":true}}}}"#, #"{"capabilities":{"tools":{"listChanged":true}"#,
    ]) func takesNothingElse(result: String) { #expect(kinds(result) == []) }

    @Test func survivesDeepNests() {
        let deep = String(repeating: #"{"capabilities":"#, count: 200)
        #expect(kinds(deep) == [])
        #expect(kinds(#"{"capabilities":{"tools":"# + String(repeating: "[", count: 500)) == [])
    }
}
