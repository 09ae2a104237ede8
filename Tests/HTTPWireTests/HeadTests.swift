// The two head readers against the tables: what they find, what they refuse with which status, and that it does not
// matter in which pieces a head arrives.
import HTTPWire
import Testing

@Suite struct HeadTests {
    @Test(arguments: GoodStream.requests)
    func requestIsRead(good: GoodStream) throws {
        for bytes in [Array(good.head.utf8), good.bytes] {
            var reader = RequestHeadReader(limits: HeadLimits())
            let found = try withExactBytes(bytes) { view in
                try reader.read(view).map { (HeadText.text($0, view), $0.byteCount) }
            }
            #expect(found?.0 == good.expected)
            #expect(found?.1 == good.head.utf8.count)
        }
    }

    @Test(arguments: GoodStream.answers)
    func answerIsRead(good: GoodStream) throws {
        for bytes in [Array(good.head.utf8), good.bytes] {
            var reader = ResponseHeadReader(limits: HeadLimits())
            let found = try withExactBytes(bytes) { view in
                try reader.read(view).map { (HeadText.text($0, view), $0.byteCount) }
            }
            #expect(found?.0 == good.expected)
            #expect(found?.1 == good.head.utf8.count)
        }
    }

    @Test(arguments: RefusedStream.requests)
    func requestIsRefused(bad: RefusedStream) {
        var reader = WireReader(.requests)
        reader.feed(bad.bytes)
        #expect(reader.error?.status == bad.status)
        #expect(reader.reading.messages.isEmpty)
    }

    @Test(arguments: RefusedStream.answers)
    func answerIsRefused(bad: RefusedStream) {
        var reader = WireReader(.answers)
        reader.feed(bad.bytes)
        #expect(reader.error?.status == bad.status)
        #expect(reader.reading.messages.isEmpty)
    }

    /// Clients are shown the reason: it is a sentence, and it repeats nothing of what they sent.
    @Test func reasonsAreSentences() {
        for bad in RefusedStream.requests + RefusedStream.answers {
            var reader = WireReader(RefusedStream.requests.contains { $0.bytes == bad.bytes } ? .requests : .answers)
            reader.feed(bad.bytes)
            let reason = reader.error?.reason ?? ""
            #expect(reason.count > 20 && reason.hasSuffix("."), "\(bad.name): \(reason)")
            #expect(reason.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(bad.name)")
        }
    }

    /// Two rules that give the same status are told apart, so that whoever reads the answer looks in the right place.
    @Test func reasonsNameTheRule() {
        for (name, word) in [
            ("folded with a space", "folded"), ("folded with a tab", "folded"), ("bare CR in a value", "CR stands"),
            ("NUL in a value", "control byte"), ("bare LF behind a line", "bare LF"), ("no colon", "name"),
            ("length twice, equal", "more than once"), ("length negative", "decimal"), ("two hosts", "Host"),
            ("length and chunks", "both present"), ("HTTP/1.0 with chunks", "HTTP/1.0"),
        ] {
            var reader = WireReader(.requests)
            reader.feed(RefusedStream.requests.first { $0.name == name }?.bytes ?? [])
            #expect(reader.error?.reason.contains(word) == true, "\(name): \(reader.error?.reason ?? "read")")
        }
    }

    @Test func piecesDoNotMatterForRequests() {
        for good in GoodStream.requests { expectSameInPieces(.requests, good.bytes, good.name) }
        for bad in RefusedStream.requests { expectSameInPieces(.requests, bad.bytes, bad.name) }
    }

    @Test func piecesDoNotMatterForAnswers() {
        for good in GoodStream.answers { expectSameInPieces(.answers, good.bytes, good.name) }
        for bad in RefusedStream.answers { expectSameInPieces(.answers, bad.bytes, bad.name) }
    }

    /// Cut in two at every place, and byte by byte.
    private func expectSameInPieces(_ side: WireReading.Side, _ bytes: [UInt8], _ name: String) {
        var whole = WireReader(side)
        whole.feed(bytes)
        for cut in bytes.indices.dropFirst() {
            var inTwo = WireReader(side)
            inTwo.feed(bytes[..<cut])
            inTwo.feed(bytes[cut...])
            #expect(inTwo.reading == whole.reading, "\(name), cut at \(cut)")
            #expect(inTwo.error == whole.error, "\(name), cut at \(cut)")
        }
        var single = WireReader(side)
        for byte in bytes { single.feed(CollectionOfOne(byte)) }
        #expect(single.reading == whole.reading, "\(name), byte by byte")
        #expect(single.error == whole.error, "\(name), byte by byte")
    }

    /// Nothing of a head may be left in the reader when the next one comes.
    @Test func aReaderForgetsTheHeadBefore() throws {
        let first =
            "POST /a?b HTTP/1.0\r\nHost: a\r\nContent-Length: 7\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n"
        let second = "GET / HTTP/1.1\r\nHost: b\r\n\r\n"
        var reader = RequestHeadReader(limits: HeadLimits())
        for (text, expected) in [
            (first + "Origin: o\r\nOrigin: p\r\n\r\n", "post /a ?b 1.0 length(7) keeps"),
            (second, "get / 1.1 none keeps | Host(host)=b"),
            (first + "Transfer-Encoding: x\r\n\r\n", ""),
        ] {
            withExactBytes(Array(text.utf8)) { view in
                guard let head = try? reader.read(view) else { return #expect(expected.isEmpty) }
                #expect(HeadText.text(head, view).hasPrefix(expected))
                #expect(head.known.isRepeated(.origin) == text.contains("Origin"))
                #expect(head.known[.origin].isPresent == text.contains("Origin"))
            }
        }
    }

    @Test func anAnswerReaderCanBeReset() throws {
        var reader = ResponseHeadReader(limits: HeadLimits())
        let begun = "HTTP/1.0 404 x\r\nContent-Length: 7\r\nConnection: close\r\nA:"
        #expect(try withExactBytes(Array(begun.utf8)) { view in try reader.read(view)?.status } == nil)
        reader.reset()
        let next = Array("HTTP/1.1 200 OK\r\nB: c\r\n\r\n".utf8)
        let text = try withExactBytes(next) { view in
            try reader.read(view).map { HeadText.text($0, view) }
        }
        #expect(text == "200 untilClose keeps | B(other)=c")
    }
}
