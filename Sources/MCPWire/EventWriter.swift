// Writes Server-Sent Events. The streams use it for what the gateway says itself: priming events, keep-alive comments,
// `retry`, endpoint events, error answers. Relayed events are not rewritten.

/// Appends events to a buffer so that one event in is one event out, whatever the text holds.
public enum EventWriter {
    /// Longest pause that may be asked of a client, in milliseconds.
    public static let retryMaximum = 60_000

    /// Appends one event.
    ///
    /// - Parameters:
    ///   - name: the `event` field; nil leaves it out, and clients take it for `message`.
    ///   - id: the `id` field; nil leaves it out.
    ///   - retry: milliseconds until the client may connect again, 0 to ``retryMaximum``.
    ///   - data: the text. Each CR, LF or CR LF in it starts a new `data` line, which clients join with LF. Nil leaves
    ///     the field out; such an event is not dispatched by clients, only its id and retry count. Empty text is one
    ///     empty `data` line.
    /// - Returns: false, with nothing written, when `name` or `id` holds CR, LF or NUL, or `retry` is out of bounds.
    public static func append(
        name: String? = nil, id: String? = nil, retry: Int? = nil, data: UnsafeRawBufferPointer?,
        to out: inout [UInt8]
    ) -> Bool {
        guard isOneLine(name), isOneLine(id), retry.map({ (0...retryMaximum).contains($0) }) ?? true else {
            return false
        }
        if let id { appendLine("id: ", id.utf8, to: &out) }
        if let name { appendLine("event: ", name.utf8, to: &out) }
        if let retry { appendLine("retry: ", String(retry).utf8, to: &out) }
        if let data { appendLines("data: ", data, to: &out) }
        out.append(UInt8(ascii: "\n"))
        return true
    }

    /// The same with the text in an array.
    public static func append(
        name: String? = nil, id: String? = nil, retry: Int? = nil, data: [UInt8], to out: inout [UInt8]
    ) -> Bool {
        data.withUnsafeBytes { append(name: name, id: id, retry: retry, data: $0, to: &out) }
    }

    /// Appends a comment and a blank line: keeps a connection alive, and clients ignore it. A text of several lines
    /// becomes several comment lines.
    public static func append(comment: String, to out: inout [UInt8]) {
        var comment = comment
        comment.withUTF8 { appendLines(": ", UnsafeRawBufferPointer($0), to: &out) }
        out.append(UInt8(ascii: "\n"))
    }

    private static func isOneLine(_ text: String?) -> Bool {
        text?.utf8.allSatisfy { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") && $0 != 0 } ?? true
    }

    private static func appendLine(_ field: StaticString, _ value: some Sequence<UInt8>, to out: inout [UInt8]) {
        out.append(contentsOf: UnsafeBufferPointer(start: field.utf8Start, count: field.utf8CodeUnitCount))
        out.append(contentsOf: value)
        out.append(UInt8(ascii: "\n"))
    }

    private static func appendLines(_ field: StaticString, _ text: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        var start = 0
        while true {
            let end = EventLine.end(in: text, from: start)
            appendLine(field, text.cut(from: start, to: end), to: &out)
            guard let byte = text.byte(at: end) else { return }
            let isPair = byte == UInt8(ascii: "\r") && text.byte(at: end + 1) == UInt8(ascii: "\n")
            start = end + (isPair ? 2 : 1)
        }
    }
}
