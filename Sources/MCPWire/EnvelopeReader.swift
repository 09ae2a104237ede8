// Reads one JSON-RPC message with the JSON reader and notes where its members lie. `MessageScanner` makes one for each
// body. A broken rule of JSON-RPC does not stop the reading, so that the id may still be found and text that is not
// JSON at all is reported as that; broken JSON and broken limits do stop it.

struct EnvelopeReader {
    var json: JSONReader
    var message = Message()
    /// The first rule that the body broke.
    private(set) var failure: ScanFailure?
    /// The first member of params or `_meta` whose name differs from a watched one only in case. It counts once the
    /// method is one that MCP defines: what a vendor's method calls its members is not the gateway's matter.
    private var caseVariant: ScanFailure?
    private var idOffset = 0
    private var isIDRepeated = false
    /// `params.progressToken`, which counts for `notifications/progress` only.
    var ownProgressToken = ByteRange.absent

    init(_ json: JSONReader) {
        self.json = json
    }

    /// The id for an error response: absent when it is missing, refused or ambiguous.
    var idForError: ByteRange { isIDRepeated ? .absent : message.id }

    mutating func note(_ reason: ScanFailure.Reason, at offset: Int, key: WatchedKey? = nil) {
        if failure == nil { failure = ScanFailure(reason, at: offset, key: key) }
    }

    /// Reads the message whose brace is at the position, and judges it.
    mutating func read() throws(ScanFailure) {
        message = Message()
        (caseVariant, isIDRepeated, ownProgressToken) = (nil, false, .absent)
        let start = json.position
        var seen: UInt32 = 0
        var more = try json.beginObject()
        while more {
            switch try member(of: .envelope, &seen) {
            case .jsonrpc: try version()
            case .id: try id()
            case .method: try method()
            case .params: try params()
            case .result: try result()
            case .error: try error()
            default: try json.skipValue()
            }
            more = try json.hasNext()
        }
        message.range = ByteRange(start, json.position)
        judge(seen, at: start)
    }

    /// Reads a member name. Nil for a name without meaning in this part; its value is then to be skipped.
    @inline(__always)
    mutating func member(of part: MessagePart, _ seen: inout UInt32) throws(ScanFailure) -> WatchedKey? {
        let at = json.position
        let token = try json.key()
        switch WatchedKey.recognise(json.contents(of: token), token, in: part) {
        case .unknown:
            return nil
        case .exact(let key):
            if seen & key.bit != 0 {
                note(.duplicate, at: at, key: key)
                if key == .id { isIDRepeated = true }
            }
            seen |= key.bit
            return key
        case .caseVariant(let key):
            if part == .envelope {
                note(.caseVariant, at: at, key: key)
            } else if part != .result && caseVariant == nil {
                caseVariant = ScanFailure(.caseVariant, at: at, key: key)
            }
            return nil
        }
    }

    /// Reads a string; nil for a value of another type, which is passed over.
    @inline(__always)
    mutating func stringOrSkip() throws(ScanFailure) -> StringToken? {
        guard json.current == UInt8(ascii: "\"") else {
            try json.skipValue()
            return nil
        }
        try json.count()
        return try json.string()
    }

    // MARK: Members of the envelope

    private mutating func version() throws(ScanFailure) {
        let at = json.position
        guard let text = try stringOrSkip(), json.contents(of: text).holds("2.0") else {
            return note(.badVersion, at: at)
        }
    }

    private mutating func id() throws(ScanFailure) {
        let start = json.position
        idOffset = start
        switch json.current {
        case UInt8(ascii: "n"):
            // Legal in an error response; judged when the kind is known.
            return try json.skipValue()
        case UInt8(ascii: "\""):
            try json.skipValue()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try json.count()
            guard try json.number() else { return note(.badID, at: start) }
        default:
            try json.skipValue()
            return note(.badID, at: start)
        }
        guard json.position &- start <= json.limits.idBytes else { throw ScanFailure(.idTooLong, at: start) }
        message.id = ByteRange(start, json.position)
    }

    private mutating func method() throws(ScanFailure) {
        let at = json.position
        guard let text = try stringOrSkip() else { return note(.badMethod, at: at) }
        message.method = text.range
        message.knownMethod = Method(raw: json.contents(of: text), isEscaped: text.isEscaped)
    }

    private mutating func error() throws(ScanFailure) {
        let start = json.position
        if json.current != UInt8(ascii: "{") { note(.badError, at: start) }
        try json.skipValue()
        message.error = ByteRange(start, json.position)
    }

    // MARK: Judging

    /// JSON-RPC 2.0, sections 4 and 5, with the ids of MCP (base protocol, all revisions: never null in a request).
    private mutating func judge(_ seen: UInt32, at start: Int) {
        let hasID = seen & WatchedKey.id.bit != 0
        let hasResult = seen & WatchedKey.result.bit != 0
        let hasError = seen & WatchedKey.error.bit != 0
        if seen & WatchedKey.jsonrpc.bit == 0 { note(.noVersion, at: start) }
        if hasResult && hasError { note(.twoAnswers, at: start) }
        if seen & WatchedKey.method.bit != 0 {
            if hasResult || hasError { note(.methodAndAnswer, at: start) }
            if hasID && message.id.isAbsent { note(.badID, at: idOffset) }
            message.kind = hasID ? .request : .notification
            if message.knownMethod == .progress { message.progressToken = ownProgressToken }
            if let caseVariant, !message.knownMethod.isCatchAll, failure == nil { failure = caseVariant }
        } else if hasResult {
            if message.id.isAbsent { note(hasID ? .badID : .noID, at: hasID ? idOffset : start) }
            message.kind = .result
        } else if hasError {
            message.kind = .error
        } else {
            note(.noMethod, at: start)
        }
    }
}
