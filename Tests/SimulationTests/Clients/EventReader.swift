// Takes a stream of events apart as a client does.

struct EventReader {
    struct Event {
        var id: String?
        var text: [UInt8]
    }

    private var rest: [UInt8] = []
    /// Of the event that is coming in.
    private var id: String?
    private var text: [UInt8] = []
    private var hasLines = false

    /// Calls `body` for each event that is complete. Comments are none.
    mutating func feed(_ bytes: [UInt8], _ body: (Event) -> Void) {
        rest += bytes
        var start = 0
        while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            var line = rest[start..<end]
            start = end + 1
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            if line.isEmpty {
                if hasLines { body(Event(id: id, text: text)) }
                (id, text, hasLines) = (nil, [], false)
            } else {
                take(line)
            }
        }
        rest.removeFirst(start)
    }

    private mutating func take(_ line: ArraySlice<UInt8>) {
        guard line.first != UInt8(ascii: ":") else { return }
        if line.starts(with: "data: ".utf8) {
            hasLines = true
            text += line.dropFirst(6)
        } else if line.starts(with: "id: ".utf8) {
            hasLines = true
            id = String(decoding: line.dropFirst(4), as: UTF8.self)
        }
    }
}
