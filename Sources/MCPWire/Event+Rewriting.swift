// An event with another id, or with other data: every other line of it stays as the server wrote it.

extension Event {
    /// Hands out the event's lines without its `id` and `retry` fields, the blank line included.
    ///
    /// - Parameters:
    ///   - bytes: the buffer that the event was found in.
    ///   - data: stands in place of all `data` lines; it must be one line. Nil keeps them.
    public func forEachLine(
        in bytes: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer?, _ write: (UnsafeRawBufferPointer) -> Void
    ) {
        let text = bytes.cut(range)
        var hasData = false
        var start = 0
        while start < text.count {
            let end = EventLine.end(in: text, from: start)
            let isPair = text.byte(at: end) == UInt8(ascii: "\r") && text.byte(at: end + 1) == UInt8(ascii: "\n")
            let next = Swift.min(end + (isPair ? 2 : 1), text.count)
            switch EventLine(text, start, end).field {
            case .id, .retry:
                break
            case .data where data != nil:
                if !hasData, let data {
                    Self.dataField.withUTF8Buffer { write(UnsafeRawBufferPointer($0)) }
                    write(data)
                    write(text.cut(from: end, to: next))
                }
                hasData = true
            case .blank, .comment, .name, .data, .unknown:
                write(text.cut(from: start, to: next))
            }
            start = next
        }
    }

    private static let dataField: StaticString = "data: "
}
