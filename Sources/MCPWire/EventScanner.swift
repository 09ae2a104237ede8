// Finds the events of a Server-Sent Events stream in whatever pieces it arrives. Each stream has one; its owner keeps
// the bytes, appends what comes, and drops what was returned. It is pure: no clock, no I/O, no copies.

/// Why a stream cannot be read on. The stream has to be closed.
public enum EventScanError: Error, Equatable, Sendable {
    /// An event has more bytes before its blank line than allowed, or the buffer is too long for 32-bit offsets.
    case eventTooLarge
}

/// An incremental scanner for event streams (WHATWG HTML, section 9.2).
///
/// Lines end in LF, CR LF or CR in any mix, one byte order mark is allowed at the start of the stream, and the result
/// does not depend on how the stream is cut into reads. What is left at the end of a stream without a blank line is
/// no event and is to be discarded.
public struct EventScanner: Sendable {
    private let maximumEventBytes: Int
    // Offsets are relative to the start of the unfinished event, so the owner may drop finished bytes at any time.
    private var event = Event()
    private var looked = 0
    private var lineStart = 0
    /// Bytes between `from` and the event's start: a byte order mark, or the LF of a CR LF that was cut in two.
    private var lead = 0
    private var isAtStreamStart = true
    /// The last line ended in a CR that was the last byte: an LF in front of what comes next belongs to it.
    private var isAfterReturn = false
    private var isBroken = false

    /// - Parameter maximumEventBytes: most bytes of one event before its blank line.
    public init(maximumEventBytes: Int) {
        self.maximumEventBytes = maximumEventBytes
    }

    /// Finds the next complete event.
    ///
    /// Remembers how far it has looked, so that feeding a stream byte by byte costs linear time. An event whose blank
    /// line ends in a CR is complete at once; should an LF follow, it is passed over at the next call.
    ///
    /// - Parameters:
    ///   - bytes: a buffer in which the stream continues at `from`. May move and be compacted between calls.
    ///   - from: the end of the last event returned (or the start of the stream); the same place again after nil.
    /// - Returns: the event, or nil when more bytes are needed.
    /// - Throws: ``EventScanError/eventTooLarge``, and again at each later call.
    public mutating func next(in bytes: UnsafeRawBufferPointer, from: Int) throws(EventScanError) -> Event? {
        guard !isBroken, bytes.count < Int(UInt32.max) else { throw broken() }
        guard from >= 0, from < bytes.count, passByteOrderMark(bytes, from) else { return nil }
        passLineFeed(bytes, from)
        let start = from + lead
        let text = bytes.cut(from: start, to: bytes.count)
        while true {
            let end = EventLine.end(in: text, from: looked)
            // All bytes up to here stand before the blank line, whether that has come or not; so the verdict does not
            // depend on how the stream is cut.
            if end > maximumEventBytes { throw broken() }
            guard end < text.count else {
                looked = end
                return nil
            }
            let after = behindLineEnd(text, end)
            if end == lineStart { return finish(start, after) }
            note(EventLine(text, lineStart, end))
            (lineStart, looked) = (after, after)
        }
    }

    /// False when more bytes are needed to tell whether the stream begins with a byte order mark.
    private mutating func passByteOrderMark(_ bytes: UnsafeRawBufferPointer, _ from: Int) -> Bool {
        guard isAtStreamStart else { return true }
        let mark: StaticString = "\u{FEFF}"
        let head = bytes.cut(from: from, to: from + mark.utf8CodeUnitCount)
        if head.count < mark.utf8CodeUnitCount, head.first == 0xEF { return false }
        if head.holds(mark) { lead = head.count }
        isAtStreamStart = false
        return true
    }

    /// Passes over the LF of a CR LF that was cut in two.
    private mutating func passLineFeed(_ bytes: UnsafeRawBufferPointer, _ from: Int) {
        guard isAfterReturn, let byte = bytes.byte(at: from + lead + looked) else { return }
        isAfterReturn = false
        guard byte == UInt8(ascii: "\n") else { return }
        if looked == 0 {
            lead += 1
        } else {
            looked += 1
            lineStart += 1
        }
    }

    /// The offset behind the line end at an offset.
    private mutating func behindLineEnd(_ text: UnsafeRawBufferPointer, _ end: Int) -> Int {
        guard text.byte(at: end) == UInt8(ascii: "\r") else { return end + 1 }
        isAfterReturn = end + 1 == text.count
        return text.byte(at: end + 1) == UInt8(ascii: "\n") ? end + 2 : end + 1
    }

    private mutating func note(_ line: EventLine) {
        switch line.field {
        case .name: event.name = line.value
        case .data:
            if event.dataLines == 0 { event.data = line.value }
            event.dataLines += 1
        case .id: (event.id, event.hasID) = (line.value, true)
        case .retry: event.retry = line.value
        case .blank, .comment, .unknown: return
        }
        event.isEmpty = false
    }

    private mutating func finish(_ start: Int, _ after: Int) -> Event {
        var finished = event
        finished.range = ByteRange(0, after)
        finished.shift(by: start)
        event = Event()
        (looked, lineStart, lead) = (0, 0, 0)
        return finished
    }

    private mutating func broken() -> EventScanError {
        isBroken = true
        return .eventTooLarge
    }
}
