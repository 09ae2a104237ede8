// Event streams as a whole: random streams in random pieces, limits, cost, and that what the writer writes is what
// the scanner reads.

import MCPWire
import Testing

@Suite struct EventStreamTests {
    @Test(arguments: [1, 7, 42, 2_026])
    func randomStreamsInRandomPieces(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "data: x", "data:", "data", "id: 7", "event: message", "retry: 10", ": c", "foo: bar", "\n", "\n", "\r",
            "\r\n", "\r", "\n\n", "\u{FEFF}", "é", "data: {\"a\":\"b\"}", "\u{0}", ":", " ",
        ]
        for round in 0..<150 {
            let count = Int.random(in: 1...40, using: &generator)
            let stream = (0..<count).flatMap { _ in Array((pieces.randomElement(using: &generator) ?? "").utf8) }
            let expected = EventScannerTests.reference(stream)
            for _ in 0..<4 {
                let cuts = stream.indices.filter { _ in Int.random(in: 0..<5, using: &generator) == 0 }
                let compacting = Bool.random(using: &generator)
                let found = try EventScannerTests.scan(stream, cuts: cuts, compacting: compacting)
                #expect(found.map(\.fields) == expected, "seed \(seed), round \(round), cuts \(cuts)")
            }
        }
    }

    @Test func tooLargeAnEventIsRefusedInEveryCutting() throws {
        for (stream, maximum) in [
            ("data: 12345\n\n", 12), ("data: 12345\r\n\r\n", 13), ("data: 12345\r\r", 12), ("data: 1\r\n: 45\n\r", 14),
        ] {
            let bytes = Array(stream.utf8)
            for cut in 0...bytes.count {
                let fits = try EventScannerTests.scan(bytes, cuts: [cut], maximum: maximum)
                #expect(fits.count == 1, "\(Golden.ascii(stream)) cut at \(cut)")
                #expect(throws: EventScanError.eventTooLarge, "\(Golden.ascii(stream)) cut at \(cut)") {
                    try EventScannerTests.scan(bytes, cuts: [cut], maximum: maximum - 1)
                }
            }
        }
    }

    @Test func aLineWithoutAnEndIsRefusedOnceItIsTooLong() {
        var scanner = EventScanner(maximumEventBytes: 8)
        let bytes = Array("data: 123".utf8)
        #expect(throws: Never.self) {
            try withExactBytes(Array(bytes.dropLast())) { _ = try scanner.next(in: $0, from: 0) }
        }
        for _ in 0..<2 {
            #expect(throws: EventScanError.eventTooLarge) {
                try withExactBytes(bytes) { _ = try scanner.next(in: $0, from: 0) }
            }
        }
        // It stays broken: what follows may be the middle of the refused event.
        #expect(throws: EventScanError.eventTooLarge) {
            try withExactBytes("\n\n") { _ = try scanner.next(in: $0, from: 0) }
        }
    }

    @Test func positionsOutsideOfTheBufferFindNothing() throws {
        var scanner = EventScanner(maximumEventBytes: 100)
        try withExactBytes("data: a\n\n") { bytes in
            for from in [9, 10, -1, Int.max, Int.min] {
                let event = try scanner.next(in: bytes, from: from)
                #expect(event?.range == nil)
            }
        }
    }

    /// A scanner that began anew at each call would take 10¹¹ steps for this and run into the limit.
    @Test(.timeLimit(.minutes(1))) func feedingByteByByteIsLinear() throws {
        let size = 500_000
        let stream = Array("data: ".utf8) + [UInt8](repeating: 0x61, count: size) + Array("\n\n".utf8)
        var scanner = EventScanner(maximumEventBytes: 1 << 20)
        var event: Event?
        try stream.withUnsafeBytes { bytes in
            for end in 1...bytes.count where event == nil {
                event = try scanner.next(in: UnsafeRawBufferPointer(rebasing: bytes[..<end]), from: 0)
            }
        }
        #expect(event?.data.count == size)
    }

    @Test func whatIsWrittenIsRead() throws {
        let texts = [
            "", "a", "{\"jsonrpc\":\"2.0\"}", " leading", "a\nb", "a\r\nb", "a\rb", "\n", "\r\n", "a\n", "\n\na",
            "a\n\r\nb",
            "data: x\n\nid: evil\n\n", ": c\nretry: 1", "\u{FEFF}x", "é😀\u{2028}\u{0}",
        ]
        for text in texts {
            for (name, id, retry): (String?, String?, Int?) in [
                (nil, nil, nil), ("message", "s.1", nil), ("", "", 0), ("e: x", " i", 60_000), (nil, "ü", 1),
            ] {
                var out: [UInt8] = []
                #expect(EventWriter.append(name: name, id: id, retry: retry, data: Array(text.utf8), to: &out))
                let expected = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
                // Swift sees CR LF as one character; the replacement above must not have missed one.
                try #require(!expected.utf8.contains(13))
                let lines = expected.utf8.count { $0 == 10 } + 1
                let rendered = EventScannerTests.render(
                    name: name, data: expected, lines: lines, id: id, retry: retry.map(String.init), isEmpty: false)
                #expect(try EventScannerTests.scan(out).map(\.fields) == [rendered])
                #expect(EventScannerTests.reference(out) == [rendered])
            }
        }
    }

    @Test func eventsWithoutTextAndComments() throws {
        var out: [UInt8] = []
        #expect(EventWriter.append(retry: 250, data: nil, to: &out))
        EventWriter.append(comment: "ping", to: &out)
        EventWriter.append(comment: "two\r\ndata: lines\rid: 3\n", to: &out)
        #expect(EventWriter.append(id: "1.1", data: [], to: &out))
        let text = String(decoding: out, as: UTF8.self)
        #expect(text == "retry: 250\n\n: ping\n\n: two\n: data: lines\n: id: 3\n: \n\nid: 1.1\ndata: \n\n")
        let events = try EventScannerTests.scan(out).map(\.fields)
        #expect(events == ["retry=250", "empty", "empty", "data= lines=1 id=1.1"])
    }

    @Test func lineEndsInNameAndIDAreRefused() {
        for bad in ["a\nb", "a\rb", "a\r\nb", "\n", "a\u{0}", "x\ndata: evil"] {
            var out: [UInt8] = [1]
            #expect(!EventWriter.append(name: bad, data: [0x78], to: &out))
            #expect(!EventWriter.append(id: bad, data: [0x78], to: &out))
            #expect(out == [1])
        }
        for retry in [-1, 60_001, Int.max, Int.min] {
            var out: [UInt8] = []
            #expect(!EventWriter.append(retry: retry, data: nil, to: &out) && out.isEmpty)
        }
    }
}
