// Server-Sent Events: what one event holds, the odd forms that the standard allows, limits, and that none of it
// depends on how the stream is cut. The reference is a plain reading of the standard over the whole stream.

import MCPWire
import Testing

@Suite struct EventScannerTests {
    /// One event as text, so that events from different buffers can be compared.
    struct Found: Equatable, CustomStringConvertible {
        var fields: String
        /// The bytes that the event covers, lead excluded.
        var bytes: [UInt8]
        var description: String { fields }
    }

    static func render(
        name: String?, data: String?, lines: Int, id: String?, retry: String?, isEmpty: Bool
    ) -> String {
        [
            name.map { "event=\($0)" }, data.map { "data=\($0)" }, lines > 0 ? "lines=\(lines)" : nil,
            id.map { "id=\($0)" }, retry.map { "retry=\($0)" }, isEmpty ? "empty" : nil,
        ].compactMap(\.self).joined(separator: " ")
    }

    static func found(_ event: Event, in bytes: [UInt8]) -> Found {
        var joined: [UInt8] = []
        bytes.withUnsafeBytes { event.appendText(in: $0, to: &joined) }
        #expect(event.hasID == !event.id.isAbsent && (event.dataLines > 0) == !event.data.isAbsent)
        if event.dataLines == 1 { #expect(text(event.data, in: bytes) == String(decoding: joined, as: UTF8.self)) }
        if event.dataLines > 1 { #expect(joined.starts(with: bytes[event.data.range] + [10])) }
        return Found(
            fields: render(
                name: text(event.name, in: bytes),
                data: event.dataLines > 0 ? String(decoding: joined, as: UTF8.self) : nil, lines: event.dataLines,
                id: text(event.id, in: bytes), retry: text(event.retry, in: bytes), isEmpty: event.isEmpty),
            bytes: Array(bytes[event.range.range]))
    }

    /// Feeds the stream in pieces. With `compacting`, finished bytes are dropped after each event.
    static func scan(
        _ stream: [UInt8], cuts: [Int] = [], compacting: Bool = true, maximum: Int = 1 << 20
    ) throws -> [Found] {
        var scanner = EventScanner(maximumEventBytes: maximum)
        var buffer: [UInt8] = []
        var from = 0
        var events: [Found] = []
        for (start, end) in zip([0] + cuts, cuts + [stream.count]) {
            buffer.append(contentsOf: stream[start..<end])
            while let event = try withExactBytes(buffer, { try scanner.next(in: $0, from: from) }) {
                events.append(found(event, in: buffer))
                from = Int(event.range.end)
                if compacting {
                    buffer.removeFirst(from)
                    from = 0
                }
            }
        }
        return events
    }

    /// The standard, line by line, over the whole stream (WHATWG HTML, section 9.2.6).
    static func reference(_ stream: [UInt8]) -> [String] {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        var rest = stream.starts(with: [0xEF, 0xBB, 0xBF]) ? stream.dropFirst(3) : stream[...]
        while let byte = rest.popFirst() {
            if byte == 13 || byte == 10 {
                if byte == 13, rest.first == 10 { rest.removeFirst() }
                lines.append(line)
                line = []
            } else {
                line.append(byte)
            }
        }
        var events: [String] = []
        var (name, id, retry): (String?, String?, String?) = (nil, nil, nil)
        var data: [String] = []
        for line in lines {
            if line.isEmpty {
                let isEmpty = name == nil && id == nil && retry == nil && data.isEmpty
                events.append(
                    render(
                        name: name, data: data.isEmpty ? nil : data.joined(separator: "\n"), lines: data.count, id: id,
                        retry: retry, isEmpty: isEmpty))
                (name, id, retry, data) = (nil, nil, nil, [])
                continue
            }
            let colon = line.firstIndex(of: 58) ?? line.count
            var value = line.dropFirst(colon + 1)
            if value.first == 32 { value = value.dropFirst() }
            let text = String(decoding: value, as: UTF8.self)
            switch String(decoding: line[..<colon], as: UTF8.self) {
            case "event": name = text
            case "data": data.append(text)
            case "id" where !value.contains(0): id = text
            case "retry": retry = text
            default: break
            }
        }
        return events
    }

    static let streams = [
        "", "data: a\n\n", "data: a\r\n\r\n", "data: a\r\r", "data: a\n\r", "data: a\r\n\n", "data: a\n\r\n",
        "data:a\n\n", "data:  a\n\n", "data\n\n", "data:\n\n", "data: \n\n", "id: 1\ndata:\n\n", "id\n\n", "id:\n\n",
        "id: a\u{0}b\n\n", "id: 1\nid: a\u{0}b\ndata: x\n\n", "retry: 3000\n\n", "retry: soon\n\n",
        "event: message\n\n", ": ping\n\n", ":\n\n", "\n", "\n\n\n", "\r\n\r\n", "\r\r\n\n\r", "data: a\n", "data: a",
        "data: a\ndata: b\ndata\ndata:c\n\n", "data: a\r\ndata: b\rdata: c\n\r\n",
        "event: endpoint\ndata: /messages?session_id=1\n\n",
        "id: 1\nevent: message\nretry: 5\ndata: {\"jsonrpc\":\"2.0\"}\n\n: keep\n\ndata: two\n\n",
        "datax: a\n\n", "dat: a\n\n", "Data: a\n\n", " data: a\n\n", "data : a\n\n", "x\n\n",
        "events: a\nevent: b\n\n", "idx: 1\n\n", "i: 1\n\n", "retryx: 1\ndata: y\n\n",
        "foo: bar\n: c\ndata: z\n\n", "id: 1\nid: 2\nevent: a\nevent: b\n\n", "\u{FEFF}data: a\n\n",
        "\u{FEFF}\n\u{FEFF}data: a\n\n", "\u{FEFF}", "\u{FEFF}\u{FEFF}data: a\n\n", "é: a\n\n",
        "\u{FEFF}\r\ndata: a\r\r", "data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\n\n",
        "data: a\r\r\ndata: b\r\r\n\r\ndata: c\r\n\r", "data: é😀\u{2028}\u{85}\n\n",
        "data: 12345678901234567890123456789012345678901234567890\ndata: x\r\n\r\ndata: y\n\n",
        "data:a:b: c\n\n", "data: a\n\nid: 2", "retry:5\n:x\n\r\n\r\n", ": a\r: b\r\rdata: c\r\r",
        "\u{0}\n\ndata: \u{0}\n\n",
    ]

    @Test(arguments: streams)
    func agreesWithTheStandardHoweverTheStreamIsCut(stream: String) throws {
        let bytes = Array(stream.utf8)
        let expected = Self.reference(bytes)
        for compacting in [true, false] {
            let whole = try Self.scan(bytes, compacting: compacting)
            #expect(whole.map(\.fields) == expected)
            for cut in 0...bytes.count {
                let found = try Self.scan(bytes, cuts: [cut], compacting: compacting)
                #expect(found.map(\.fields) == expected, "cut at \(cut)")
            }
            let single = try Self.scan(bytes, cuts: Array(0..<bytes.count), compacting: compacting)
            #expect(single.map(\.fields) == expected, "byte by byte")
        }
    }

    @Test func eventsCoverTheStream() throws {
        for stream in Self.streams where !stream.contains("\r") && !stream.hasPrefix("\u{FEFF}") {
            let bytes = Array(stream.utf8)
            let covered = try Self.scan(bytes).flatMap(\.bytes)
            #expect(bytes.starts(with: covered))
            #expect(!bytes.dropFirst(covered.count).contains(10) || !stream.hasSuffix("\n\n"))
        }
    }

    @Test func anEventEndingInABareReturnIsCompleteAtOnce() throws {
        var scanner = EventScanner(maximumEventBytes: 100)
        let first = Array("data: a\r\r".utf8)
        let event = try #require(try withExactBytes(first) { try scanner.next(in: $0, from: 0) })
        #expect(event.range == ByteRange(start: 0, end: 9))
        // The line feed that follows belongs to the event before: no event, and not part of the next.
        let second = Array("\ndata: b\n\n".utf8)
        #expect(try withExactBytes([second[0]]) { try scanner.next(in: $0, from: 0) } == nil)
        let next = try #require(try withExactBytes(second) { try scanner.next(in: $0, from: 0) })
        #expect(next.range == ByteRange(start: 1, end: 10) && text(next.data, in: second) == "b")
    }
}
