// What a reader made of a stream of HTTP/1.1 messages, in a form in which two readers can be compared. `WireReader`
// fills it from this project's readers, `Oracle` from NIOHTTP1; the tests and the fuzz targets compare the two.

/// A stream of requests or of answers, taken apart.
struct WireReading: Equatable {
    enum Side { case requests, answers }

    struct Field: Equatable {
        var name: [UInt8]
        var value: [UInt8]
    }

    struct Message: Equatable {
        /// `POST /mcp?a=b 1.1` for a request, `200 1.1` for an answer.
        var start: [UInt8]
        /// Where the message's start line begins in the stream; the oracle does not tell.
        var offset = 0
        var fields: [Field] = []
        var keepsAlive = true
        var body: [UInt8] = []
        var isComplete = false
    }

    enum Ending: Equatable {
        /// Everything was read; the stream may go on. `isClean`: it ended exactly behind a message.
        case wantsMore(isClean: Bool)
        /// The last message was the last on this connection; what follows it is not HTTP/1.1.
        case closes
        case refused(String)
    }

    var messages: [Message] = []
    var ending = Ending.wantsMore(isClean: true)
    /// The connection goes on in another protocol after the last message.
    var switchesProtocol = false
}

extension WireReading.Field {
    /// Is this header's name these lower-case bytes?
    func isNamed(_ text: StaticString) -> Bool { Self.equal(name, text) }

    /// Does the comma list hold this lower-case item?
    func lists(_ text: StaticString) -> Bool {
        value.split(separator: 0x2C).contains { Self.equal(Self.trimmed($0), text) }
    }

    /// Without the spaces and tabs around it.
    static func trimmed(_ bytes: some BidirectionalCollection<UInt8>) -> [UInt8] {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var left = Array(bytes.drop(while: isBlank))
        while let last = left.last, isBlank(last) { left.removeLast() }
        return left
    }

    private static func equal(_ bytes: [UInt8], _ text: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        return bytes.count == wanted.count
            && zip(bytes, wanted).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 && $0 >= 0x41 && $0 <= 0x5A) }
    }
}

extension WireReading: CustomStringConvertible {
    var description: String {
        let texts = messages.map { message in
            let fields = message.fields.map { "\(Self.ascii($0.name))=\(Self.ascii($0.value))" }
            let body = "\(Self.ascii(message.body))\(message.isComplete ? "." : "…")"
            return "\(Self.ascii(message.start)) [\(fields.joined(separator: ", "))] body \(body)"
                + (message.keepsAlive ? "" : " close")
        }
        return "\(texts.joined(separator: " | ")) → \(ending)\(switchesProtocol ? " (switches)" : "")"
    }

    /// Bytes as a Swift string literal shows them.
    static func ascii(_ bytes: some Sequence<UInt8>) -> String {
        bytes.reduce(into: "") { text, byte in
            switch byte {
            case 0x0D: text += "\\r"
            case 0x0A: text += "\\n"
            case 0x20...0x7E: text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "\\x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
            }
        }
    }
}
