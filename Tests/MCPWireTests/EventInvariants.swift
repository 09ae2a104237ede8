// What must hold for every event stream, whoever made it. The fuzz target stops at the first violation, and the corpus
// test checks the same for each file.
import MCPWire

enum EventInvariants {
    /// One event as its reader sees it; two readings are compared by these.
    struct Fields: Equatable {
        var name: [UInt8]?
        /// All `data` lines joined.
        var text: [UInt8]?
        var dataLines = 0
        var id: [UInt8]?
        var retry: [UInt8]?
    }

    /// The first invariant that the stream breaks, or nil.
    ///
    /// The scanner finds the events that a plain reading of the standard finds; pieces do not matter, and neither does
    /// dropping what was read; the events lie behind each other; the limit holds alike in every cutting; what is
    /// written for an event's text is read as exactly one event with that text.
    static func violation(_ stream: [UInt8]) -> String? {
        var generator = SeededGenerator(seed: UInt64(stream.count) &* 31 &+ UInt64(stream.last ?? 0))
        let expected = reference(stream)
        guard case .success(let whole) = scan(stream, cuts: []) else { return "refused below the limit" }
        if whole != expected { return "found \(whole)\n  reference \(expected)" }
        let limit = Int.random(in: 1...(stream.count + 1), using: &generator)
        let limited = scan(stream, cuts: [], limit: limit)
        for cuts in cuttings(stream.count, &generator) {
            if scan(stream, cuts: cuts) != .success(whole) { return "in pieces \(cuts)" }
            if scan(stream, cuts: cuts, limit: limit) != limited { return "limit \(limit) in pieces \(cuts)" }
        }
        return whole.lazy.compactMap(roundTripViolation).first ?? roundTripViolation(Fields(text: stream))
    }

    private static func cuttings(_ count: Int, _ generator: inout SeededGenerator) -> [[Int]] {
        let random = [1, 2, 6].map { pieces in
            (0..<pieces).map { _ in Int.random(in: 0...count, using: &generator) }.sorted()
        }
        return count <= 192 ? random + [Array(0..<count)] : random
    }

    // MARK: The scanner

    struct Refused: Error, Equatable {}

    /// Feeds the stream in pieces. An odd number of pieces drops what was read, an even one keeps it.
    static func scan(_ stream: [UInt8], cuts: [Int], limit: Int = 1 << 24) -> Result<[Fields], Refused> {
        var scanner = EventScanner(maximumEventBytes: limit)
        var buffer: [UInt8] = []
        var from = 0
        var events: [Fields] = []
        for (start, end) in zip([0] + cuts, cuts + [stream.count]) {
            buffer += stream[start..<end]
            while true {
                let next = Result { try withExactBytes(buffer) { try scanner.next(in: $0, from: from) } }
                guard let event = try? next.get() else {
                    if case .failure = next { return .failure(Refused()) }
                    break
                }
                guard event.range.range.lowerBound >= from, event.range.range.upperBound > from,
                    let fields = fields(event, buffer)
                else { return .failure(Refused()) }
                events.append(fields)
                from = event.range.range.upperBound
                if cuts.count % 2 == 0 { (buffer, from) = (Array(buffer[from...]), 0) }
            }
        }
        return .success(events)
    }

    /// Nil when a range leaves the event or a flag is wrong.
    private static func fields(_ event: Event, _ buffer: [UInt8]) -> Fields? {
        let all = [event.name, event.data, event.id, event.retry]
        let isInside = all.allSatisfy { part in
            part.isAbsent || (part.start >= event.range.start && part.end <= event.range.end && part.start <= part.end)
        }
        guard isInside, Int(event.range.end) <= buffer.count, event.hasID == !event.id.isAbsent,
            (event.dataLines > 0) == !event.data.isAbsent, event.isEmpty == all.allSatisfy(\.isAbsent)
        else { return nil }
        var text: [UInt8] = []
        withExactBytes(buffer) { event.appendText(in: $0, to: &text) }
        let part = { (range: ByteRange) in range.isAbsent ? nil : Array(buffer[range.range]) }
        return Fields(
            name: part(event.name), text: event.dataLines > 0 ? text : nil, dataLines: event.dataLines,
            id: part(event.id), retry: part(event.retry))
    }

    // MARK: The reference

    /// The standard, line by line, over the whole stream (WHATWG HTML, section 9.2.6).
    static func reference(_ stream: [UInt8]) -> [Fields] {
        var rest = stream.starts(with: [0xEF, 0xBB, 0xBF]) ? stream.dropFirst(3) : stream[...]
        var events: [Fields] = []
        var event = Fields()
        while let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            let line = rest[..<end]
            let isPair = rest[end] == 0x0D && rest[(end + 1)...].first == 0x0A
            rest = rest[(end + (isPair ? 2 : 1))...]
            if line.isEmpty {
                events.append(event)
                event = Fields()
            } else {
                note(line, &event)
            }
        }
        return events
    }

    private static func note(_ line: ArraySlice<UInt8>, _ event: inout Fields) {
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        var value = line.dropFirst(name.count + 1)
        if value.first == 0x20 { value = value.dropFirst() }
        if name.elementsEqual("event".utf8) { event.name = Array(value) }
        if name.elementsEqual("retry".utf8) { event.retry = Array(value) }
        if name.elementsEqual("id".utf8), !value.contains(0) { event.id = Array(value) }
        if name.elementsEqual("data".utf8) {
            event.text = (event.text.map { $0 + [0x0A] } ?? []) + value
            event.dataLines += 1
        }
    }

    // MARK: The writer

    /// One event in is one event out, whatever its text holds.
    private static func roundTripViolation(_ event: Fields) -> String? {
        var out: [UInt8] = []
        let name = event.name.map { String(decoding: $0, as: UTF8.self) }
        let id = event.id.map { String(decoding: $0, as: UTF8.self) }
        guard EventWriter.append(name: name, id: id, data: event.text ?? [], to: &out) else {
            return name?.utf8.contains(0) == true ? nil : "not written: \(event)"
        }
        guard case .success(let found) = scan(out, cuts: []), found.count == 1, let first = found.first else {
            return "one event was written as none or as several"
        }
        // Clients see every line end as LF.
        let text = event.text ?? []
        let expected = text.indices.compactMap { index -> UInt8? in
            if text[index] == 0x0A, index > 0, text[index - 1] == 0x0D { return nil }
            return text[index] == 0x0D ? 0x0A : text[index]
        }
        let names = [name, id].map { text in text.map { Array($0.utf8) } }
        return first.text == expected && [first.name, first.id] == names ? nil : "another event was read than written"
    }
}
