// Every message that the specification prints, and every method that its five schemas define, goes through the
// scanner. What is found in each of them is kept in a golden file.

import MCPWire
import Testing

@Suite struct OfficialMessageTests {
    /// Examples are whole messages, requests without an envelope (inside `inputRequests`), params, or results; the
    /// last three are put into a message here.
    static func message(from path: String) throws -> [UInt8] {
        let bytes = try Resources.example(path)
        let text = String(decoding: bytes, as: UTF8.self)
        let folder = path.prefix { $0 != "/" }
        if text.contains("\"jsonrpc\"") { return bytes }
        if folder.hasSuffix("Result") { return Array(#"{"jsonrpc":"2.0","id":1,"result":\#(text)}"#.utf8) }
        if folder.hasSuffix("Params") {
            return Array(#"{"jsonrpc":"2.0","id":1,"method":"vendor/example","params":\#(text)}"#.utf8)
        }
        if folder.hasSuffix("Error") { return Array(#"{"jsonrpc":"2.0","id":1,"error":\#(text)}"#.utf8) }
        let id = text.contains("\n  \"id\":") ? "" : #""id":1,"#
        return Array(#"{"jsonrpc":"2.0",\#(id)"#.utf8) + bytes.drop { $0 != UInt8(ascii: "{") }.dropFirst()
    }

    @Test func everyExampleIsFoundOutCorrectly() throws {
        var lines: [String] = []
        for path in try Resources.examples() {
            let scanned = try Scanned(Self.message(from: path))
            lines.append("\(path): \(describe(scanned.message, in: scanned.bytes))")
        }
        #expect(lines.count > 50)
        try Golden.expect(lines, file: "official-messages.txt")
    }

    @Test func examplesHaveTheKindThatTheirFolderNames() throws {
        for path in try Resources.examples() {
            let kind = try Scanned(Self.message(from: path)).message.kind
            let folder = path.prefix { $0 != "/" }
            let expected: Message.Kind =
                if folder.hasSuffix("Notification") {
                    .notification
                } else if folder.hasSuffix("Error") {
                    .error
                } else if folder.hasSuffix("Response") || folder.hasSuffix("Result") {
                    .result
                } else {
                    .request
                }
            #expect(kind == expected, "\(path)")
        }
    }

    @Test func everyMethodOfEveryRevisionIsRecognised() throws {
        let lines = String(decoding: try Resources.bytes("Schema/methods.txt"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count > 100)
        var revisions: Set<Substring> = []
        for line in lines {
            let columns = line.split(separator: " ")
            try #require(columns.count == 3)
            let (kind, name) = (columns[1], String(columns[2]))
            revisions.insert(columns[0])
            let id = kind == "request" ? #""id":"a-1","# : ""
            let scanned = try Scanned(#"{"jsonrpc":"2.0",\#(id)"method":"\#(name)","params":{}}"#)
            #expect(scanned.message.kind == (kind == "request" ? .request : .notification), "\(line)")
            #expect(scanned[\.method] == name)
            let method = scanned.message.knownMethod
            if kind == "request" || Method.allCases.contains(where: { $0.name == name }) {
                #expect(method.name == name, "\(line)")
            } else {
                #expect(method == .otherNotification, "\(line)")
            }
        }
        #expect(revisions.sorted() == Revision.allCases.map { Substring($0.text) })
    }
}
