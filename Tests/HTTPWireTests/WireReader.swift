// Reads a stream with the readers under test in whatever pieces it arrives, as the connections of the gateway do it.
// Each read sees an allocation of exactly the bytes that are there, so that the address sanitizer sees a read beyond.
import HTTPWire

/// Runs a closure on a copy of the bytes in an allocation without slack.
func withExactBytes<Found, Failure: Error>(
    _ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Found
) throws(Failure) -> Found {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: bytes)
    return try body(UnsafeRawBufferPointer(copy))
}

/// `RequestHeadReader` or `ResponseHeadReader` with `ChunkedDecoder`, on one connection.
struct WireReader {
    private(set) var reading = WireReading()
    /// Why the stream was refused.
    private(set) var error: HeadError?
    private var inbox: [UInt8] = []
    /// Where the inbox begins in the stream.
    private var offset = 0
    private var side: WireReading.Side
    private var requests: RequestHeadReader
    private var answers: ResponseHeadReader
    private var decoder = ChunkedDecoder()
    private var body = Framing.none
    private var isInBody = false

    init(_ side: WireReading.Side, limits: HeadLimits = HeadLimits()) {
        self.side = side
        requests = RequestHeadReader(limits: limits)
        answers = ResponseHeadReader(limits: limits)
    }

    /// The whole stream in one piece. `isEnded`: the peer has closed behind it.
    static func read(_ side: WireReading.Side, _ bytes: [UInt8], isEnded: Bool = false) -> WireReading {
        var reader = WireReader(side)
        reader.feed(bytes)
        if isEnded { reader.finish() }
        return reader.reading
    }

    mutating func feed(_ piece: some Collection<UInt8>) {
        guard case .wantsMore = reading.ending else { return }
        inbox.append(contentsOf: piece)
        do throws(HeadError) {
            while try step() {}
            if case .wantsMore = reading.ending {
                reading.ending = .wantsMore(isClean: inbox.isEmpty && reading.messages.last?.isComplete ?? true)
            }
        } catch {
            self.error = error
            reading.ending = .refused("\(error.status) \(error.reason)")
        }
    }

    /// The peer has closed: this ends a body without a length.
    mutating func finish() {
        guard isInBody, body == .untilClose, case .wantsMore = reading.ending else { return }
        endMessage()
    }

    private mutating func step() throws(HeadError) -> Bool {
        guard !inbox.isEmpty, case .wantsMore = reading.ending else { return false }
        return try isInBody ? stepBody() : stepHead()
    }

    // MARK: Heads

    private mutating func stepHead() throws(HeadError) -> Bool {
        let found = try withExactBytes(inbox) { bytes throws(HeadError) in
            switch side {
            case .requests: try requests.read(bytes).map { Self.message($0, bytes) }
            case .answers: try answers.read(bytes).map { Self.message($0, bytes) }
            }
        }
        guard let (message, framing, byteCount) = found else { return false }
        reading.messages.append(message)
        reading.messages[reading.messages.count - 1].offset += offset
        drop(byteCount)
        body = framing
        decoder = ChunkedDecoder()
        isInBody = true
        if framing == .none { endMessage() }
        return true
    }

    private mutating func endMessage() {
        isInBody = false
        let last = reading.messages.count - 1
        reading.messages[last].isComplete = true
        let isSwitch = side == .answers && reading.messages[last].start.starts(with: "101".utf8)
        if isSwitch { reading.switchesProtocol = true }
        if isSwitch || !reading.messages[last].keepsAlive { reading.ending = .closes }
    }

    private static func message(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer
    ) -> (WireReading.Message, Framing, Int) {
        // An empty line before the request is ignored.
        let empty = bytes.prefix { $0 == 0x0D || $0 == 0x0A }.count
        var start = Array(bytes.dropFirst(empty).prefix { $0 != 0x20 }) + [0x20] + head.path.bytes(in: bytes)
        if head.query.isPresent { start += [0x3F] + head.query.bytes(in: bytes) }
        start += Array(head.isHTTP11 ? " 1.1".utf8 : " 1.0".utf8)
        let fields = head.fields.map { field($0, bytes) }
        let message = WireReading.Message(
            start: start, offset: empty, fields: fields, keepsAlive: head.keepsAlive)
        return (message, head.framing, head.byteCount)
    }

    private static func message(
        _ head: ResponseHead, _ bytes: UnsafeRawBufferPointer
    ) -> (WireReading.Message, Framing, Int) {
        let version = bytes.dropFirst(5).prefix(3)
        let message = WireReading.Message(
            start: Array("\(head.status) ".utf8) + version, fields: head.fields.map { field($0, bytes) },
            keepsAlive: head.keepsAlive && head.framing != .untilClose)
        return (message, head.framing, head.byteCount)
    }

    /// NIOHTTP1 makes strings of names and values, with U+FFFD for what is not UTF-8; so the same is done here.
    private static func field(_ field: HeadField, _ bytes: UnsafeRawBufferPointer) -> WireReading.Field {
        WireReading.Field(
            name: Array(String(decoding: field.nameRange.bytes(in: bytes), as: UTF8.self).utf8),
            value: Array(String(decoding: field.value.bytes(in: bytes), as: UTF8.self).utf8))
    }

    // MARK: Bodies

    private mutating func stepBody() throws(HeadError) -> Bool {
        let last = reading.messages.count - 1
        switch body {
        case .none:
            return false
        case .length(let left):
            let taken = min(left, inbox.count)
            take(taken, to: last)
            body = .length(left - taken)
            if taken == left { endMessage() }
        case .untilClose:
            take(inbox.count, to: last)
        case .chunked:
            try stepChunks(last)
        }
        return true
    }

    private mutating func take(_ count: Int, to index: Int) {
        reading.messages[index].body += inbox.prefix(count)
        drop(count)
    }

    private mutating func drop(_ count: Int) {
        inbox.removeFirst(count)
        offset += count
    }

    private mutating func stepChunks(_ last: Int) throws(HeadError) {
        let (pieces, used, result) = withExactBytes(inbox) { ChunkedReading.read(&decoder, $0) }
        reading.messages[last].body += pieces
        drop(used)
        if try result.get() { endMessage() }
    }
}

/// One call after the other of `ChunkedDecoder.next` on one buffer.
enum ChunkedReading {
    /// The data that was found, how many bytes were used, and whether the body has ended or why it was refused.
    static func read(
        _ decoder: inout ChunkedDecoder, _ bytes: UnsafeRawBufferPointer
    ) -> (data: [UInt8], used: Int, result: Result<Bool, HeadError>) {
        var data: [UInt8] = []
        var offset = 0
        do throws(HeadError) {
            while true {
                switch try decoder.next(in: bytes, at: &offset) {
                case .data(let range): data += bytes[range]
                case .needsMore: return (data, offset, .success(false))
                case .end: return (data, offset, .success(true))
                }
            }
        } catch {
            return (data, offset, .failure(error))
        }
    }
}
