// One Server-Sent Event as ranges into the buffer that it was found in. The stream code relays the bytes of `range`
// with an id line of its own, or scans `data`; it never rebuilds the event.

/// A complete event (WHATWG HTML, section 9.2.6), with ranges into the buffer given to ``EventScanner/next(in:from:)``.
public struct Event: Sendable, BitwiseCopyable {
    /// The whole event, its terminating blank line included. The stream continues at its end. It begins behind a byte
    /// order mark or a line feed left over from the event before, so it may begin later than the scan did.
    public var range: ByteRange = .absent
    /// The last `event` value.
    public var name: ByteRange = .absent
    /// The first `data` value. When ``dataLines`` is above 1 it is not the whole text; see ``appendText(in:to:)``.
    public var data: ByteRange = .absent
    /// The last `id` value; empty when the event resets the id. A value with NUL is ignored, as the standard has it.
    public var id: ByteRange = .absent
    /// The last `retry` value as it stands: it need not be a number.
    public var retry: ByteRange = .absent
    public var dataLines = 0
    public var hasID = false
    /// True when there are only comments, unknown fields or the blank line: nothing in it has an effect on a client.
    public var isEmpty = true

    public init() {}

    /// Appends the text that a client gets: all `data` values, joined by line feeds.
    ///
    /// - Parameter bytes: the buffer that the event was found in.
    public func appendText(in bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        if dataLines <= 1 {
            out.append(contentsOf: bytes.cut(data))
            return
        }
        let text = bytes.cut(range)
        var isFirst = true
        var start = 0
        while start < text.count {
            let end = EventLine.end(in: text, from: start)
            let line = EventLine(text, start, end)
            if line.field == .data {
                if !isFirst { out.append(UInt8(ascii: "\n")) }
                isFirst = false
                out.append(contentsOf: text.cut(line.value))
            }
            start = end + 1
        }
    }

    /// Moves all ranges, from offsets relative to the event's start to offsets in the buffer.
    mutating func shift(by start: Int) {
        range.shift(by: start)
        name.shift(by: start)
        data.shift(by: start)
        id.shift(by: start)
        retry.shift(by: start)
    }
}

extension ByteRange {
    fileprivate mutating func shift(by distance: Int) {
        if !isAbsent { self = ByteRange(Int(start) + distance, Int(end) + distance) }
    }
}
