// Finds the events in an instance's stream so that whole events go on to the client, each looked at once and none
// re-written. Only a changed event is put together anew.
internal import MCPWire
internal import NIOCore

/// The state of one event stream between an instance and a client.
struct EventRelay {
    private var scanner: EventScanner
    /// The beginning of an event that has not arrived whole.
    private var tail: ByteBuffer?

    init(eventBytesMax: Int) { scanner = EventScanner(maximumEventBytes: eventBytesMax) }

    @inline(__always)
    var hasTail: Bool { tail != nil }

    /// Bytes of an event that has not arrived whole.
    var tailBytes: Int { tail?.readableBytes ?? 0 }

    /// What to do with an event.
    enum Verdict {
        case pass
        /// Send this instead.
        case replace(ByteBuffer)
        case drop
    }

    /// Calls `inspect` for each event that is complete now, and `send` with what goes on, in order.
    mutating func feed(
        _ bytes: ByteBuffer, inspect: (Event, UnsafeRawBufferPointer) -> Verdict, send: (ByteBuffer) -> Void
    ) throws(EventScanError) {
        var bytes = bytes
        if var begun = tail {
            tail = nil
            begun.writeImmutableBuffer(bytes)
            bytes = begun
        }
        var sent = 0
        var seen = 0
        var failure: EventScanError?
        bytes.withUnsafeReadableBytes { view in
            do throws(EventScanError) {
                while let event = try scanner.next(in: view, from: seen) {
                    let start = seen
                    seen = Int(event.range.end)
                    let verdict = inspect(event, view)
                    if case .pass = verdict { continue }
                    Self.send(bytes, sent..<start, send)
                    sent = seen
                    if case .replace(let other) = verdict { send(other) }
                }
            } catch {
                failure = error
            }
        }
        Self.send(bytes, sent..<seen, send)
        // The line feed of a last CR LF may still be on its way. Some clients wait for it, so it is not waited for
        // here: should it come, it is an empty line.
        let last = bytes.readerIndex + seen - 1
        if sent < seen, seen == bytes.readableBytes, bytes.getInteger(at: last) == UInt8(ascii: "\r") {
            send(ByteBuffer(integer: UInt8(ascii: "\n")))
        }
        if let failure { throw failure }
        if seen < bytes.readableBytes {
            bytes.moveReaderIndex(forwardBy: seen)
            // Else a stream whose reads always end within an event would keep all that ever came.
            bytes.discardReadBytes()
            tail = bytes
        }
    }

    private static func send(_ bytes: ByteBuffer, _ range: Range<Int>, _ send: (ByteBuffer) -> Void) {
        guard !range.isEmpty else { return }
        if let part = bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count) { send(part) }
    }

    /// The message in an event. Nil for what is no message, or cannot be read.
    static func withMessage<Result>(
        _ event: Event, _ view: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, Message) -> Result
    ) -> Result? {
        withData(event, view) { data in
            guard let message = try? MessageScanner.scanMessage(data, limits: .ofInstances) else { return nil }
            return body(data, message)
        }
    }

    /// The data of an event, read in place; data of several lines is joined first.
    @inline(__always)
    static func withData<Result>(
        _ event: Event, _ view: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        guard event.dataLines == 1 else {
            // A line feed between two lines of JSON is white space, and so is a blank, which keeps it on one line.
            var joined: [UInt8] = []
            event.appendText(in: view, to: &joined)
            for index in joined.indices where joined[index] == UInt8(ascii: "\n") { joined[index] = UInt8(ascii: " ") }
            return joined.withUnsafeBytes(body)
        }
        let isThere = !event.data.isAbsent && Int(event.data.end) <= view.count
        return body(UnsafeRawBufferPointer(rebasing: view[isThere ? event.data.range : 0..<0]))
    }
}
