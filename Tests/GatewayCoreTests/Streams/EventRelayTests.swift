// The relay of event streams: whole events go on, whatever the reads look like, and no byte is kept for longer than
// its event.

import MCPWire
import NIOCore
import Testing

@testable import GatewayCore

@Suite struct EventRelayTests {
    /// Feeds the pieces and returns what was sent; events whose data begins with 'r' are replaced, with 'd' dropped.
    private func relayed(_ pieces: [[UInt8]], max: Int = 1000) throws -> [String] {
        var relay = EventRelay(eventBytesMax: max)
        var sent: [String] = []
        for piece in pieces {
            try relay.feed(ByteBuffer(bytes: piece)) { event, view in
                switch event.data.isAbsent || event.data.count == 0 ? 0 : view[Int(event.data.start)] {
                case UInt8(ascii: "r"): .replace(ByteBuffer(string: "data: other\n\n"))
                case UInt8(ascii: "d"): .drop
                default: .pass
                }
            } send: { sent.append(String(buffer: $0)) }
        }
        return sent
    }

    private static let streams = [
        "data: a\n\ndata: b\n\n",
        "event: message\r\ndata: a\r\n\r\n: ping\r\n\r\nid: 7\r\ndata: r\r\n\r\ndata: d\r\n\r\nretry: 5\r\n\r\n",
        "\u{FEFF}data: r1\r\rdata: x\r\rdata: d\r\r:\r\rdata: y\n\n",
        "data: r\n\ndata: r\n\n\n\ndata: d\n\ndata\n\ndata: last\ndata: line\n\n",
        "data: dropped\n\nid: 1\nevent: e\ndata: kept\n\ndata: r\n\ndata: end without a blank line",
    ]

    /// The events that a client reads out of a stream: what matters is not where a read was cut.
    private func events(_ text: String) -> [String] {
        var scanner = EventScanner(maximumEventBytes: 10_000)
        return Array(text.utf8).withUnsafeBytes { view in
            var found: [String] = []
            var start = 0
            while let event = try? scanner.next(in: view, from: start) {
                start = Int(event.range.end)
                let lines = String(decoding: view[event.range.range], as: UTF8.self).split { $0.isNewline }
                let data = lines.filter { $0.hasPrefix("data") }.joined(separator: "|")
                let id = event.hasID ? String(decoding: view[event.id.range], as: UTF8.self) : "-"
                if !event.isEmpty { found.append("\(id) \(data)") }
            }
            return found
        }
    }

    @Test(arguments: streams.indices)
    func sendsTheSameHoweverTheStreamIsCut(_ number: Int) throws {
        let bytes = Array(Self.streams[number].utf8)
        let whole = try relayed([bytes]).joined()
        for first in 0...bytes.count {
            for second in stride(from: first, through: bytes.count, by: 3) {
                let pieces = [Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])]
                #expect(events(try relayed(pieces).joined()) == events(whole), "cut at \(first) and \(second)")
            }
        }
        let single = try relayed(bytes.map { [$0] }).joined()
        #expect(events(single) == events(whole))
    }

    @Test func passesUntouchedEventsAsTheyAre() throws {
        let text = "event: message\r\nid: 1\r\ndata: {}\r\n\r\n: comment\n\ndata: x\n\n"
        #expect(try relayed([Array(text.utf8)]) == [text])
    }

    @Test func replacesAndDropsInPlace() throws {
        let sent = try relayed([Array("data: a\n\ndata: r\n\ndata: b\n\ndata: d\n\ndata: c\n\n".utf8)])
        #expect(sent.joined() == "data: a\n\ndata: other\n\ndata: b\n\ndata: c\n\n")
    }

    @Test func sendsWholeEventsOnly() throws {
        let pieces = ["data: a\n\nda", "ta: b\n", "\ndata: c\n\n"].map { Array($0.utf8) }
        #expect(try relayed(pieces) == ["data: a\n\n", "data: b\n\ndata: c\n\n"])
    }

    @Test func stopsAtAnEventThatIsTooLarge() throws {
        let long = "data: " + String(repeating: "x", count: 100) + "\n\n"
        #expect(throws: EventScanError.eventTooLarge) { try relayed([Array(long.utf8)], max: 50) }
        #expect(throws: EventScanError.eventTooLarge) { try relayed(long.utf8.map { [$0] }, max: 50) }
        #expect(try relayed([Array(long.utf8)], max: 110) == [long])
        // What came whole before it has gone on.
        var relay = EventRelay(eventBytesMax: 50)
        var sent = ""
        #expect(throws: EventScanError.eventTooLarge) {
            try relay.feed(ByteBuffer(string: "data: a\n\n" + long)) { _, _ in
                .pass
            } send: {
                sent += String(buffer: $0)
            }
        }
        #expect(sent == "data: a\n\n")
    }

    @Test func keepsNoBytesOfEventsThatAreGone() throws {
        var relay = EventRelay(eventBytesMax: 1000)
        // Each read ends in the middle of an event, so that something is always left over.
        try relay.feed(ByteBuffer(string: "data: ")) { _, _ in .pass } send: { _ in }
        for _ in 0..<10_000 {
            try relay.feed(ByteBuffer(string: "0123456789\n\ndata: ")) { _, _ in .pass } send: { _ in }
        }
        let tail = Mirror(reflecting: relay).children.first { $0.label == "tail" }?.value as? ByteBuffer
        let kept = try #require(tail)
        #expect(kept.readableBytes == 6)
        #expect(kept.capacity <= 4096)
    }

    @Test func findsTheMessageOfAnEvent() throws {
        func kind(_ text: String) throws -> String? {
            var scanner = EventScanner(maximumEventBytes: 1000)
            return try Array(text.utf8).withUnsafeBytes { view in
                let event = try #require(try scanner.next(in: view, from: 0))
                return EventRelay.withMessage(event, view) { _, message in "\(message.kind)" }
            }
        }
        #expect(try kind("data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n") == "result")
        #expect(try kind("data: not json\n\n") == nil)
        #expect(try kind(": comment\n\n") == nil)
        #expect(try kind("data:\n\n") == nil)
    }
}
