// The head of one HTTP/1.x request and its strict reader. This is the security boundary towards clients: what is
// ambiguous is refused here (RFC 9112 §2-§6, §11), and NIOHTTP1 is its oracle in the tests.

/// What a client wants to do. Methods that no endpoint offers are `.other`.
public enum Verb: UInt8, Sendable {
    case get, post, delete, options, head, other
}

/// One complete request head. Ranges count from the first byte that was read for it.
///
/// A class, because it is large and goes through many hands on the hot path.
public final class RequestHead: Sendable {
    public let verb: Verb
    /// The target's path, from its '/' to before '?'. Never percent-decoded.
    public let path: HeadRange
    /// What follows '?', or absent.
    public let query: HeadRange
    public let isHTTP11: Bool
    public let framing: Framing
    /// The client is ready to send another request on this connection.
    public let keepsAlive: Bool
    /// `Connection` names header lines, or may: those are for this connection only (RFC 9110 §7.6.1).
    public let namesOptions: Bool
    /// The client waits for `100 Continue` before it sends the body.
    public let expectsContinue: Bool
    /// Header lines in their order.
    public let fields: [HeadField]
    public let known: KnownFields
    /// Bytes of the head with the empty line that ends it, and with the one before it, if there was one.
    public let byteCount: Int

    init(
        verb: Verb, path: HeadRange, query: HeadRange, isHTTP11: Bool, framing: Framing, keepsAlive: Bool,
        namesOptions: Bool, expectsContinue: Bool, fields: [HeadField], known: KnownFields, byteCount: Int
    ) {
        self.verb = verb
        self.path = path
        self.query = query
        self.isHTTP11 = isHTTP11
        self.framing = framing
        self.keepsAlive = keepsAlive
        self.namesOptions = namesOptions
        self.expectsContinue = expectsContinue
        self.fields = fields
        self.known = known
        self.byteCount = byteCount
    }
}

/// Reads request heads from one connection, one after the other.
public struct RequestHeadReader: Sendable {
    private var lines = FieldLines()
    private var start: StartLine?
    private let limits: HeadLimits

    private struct StartLine {
        var verb: Verb
        var path: HeadRange
        var query: HeadRange
        var isHTTP11: Bool
    }

    public init(limits: HeadLimits) { self.limits = limits }

    /// Looks at `bytes`, which begin with the head (call with the same beginning and more bytes until it is whole).
    /// - Returns: the head, or nil when more bytes are needed.
    /// - Throws: ``HeadError`` with the status to answer; the connection must then be closed.
    public mutating func read(_ bytes: UnsafeRawBufferPointer) throws(HeadError) -> RequestHead? {
        if start == nil {
            guard var line = try lines.nextLine(in: bytes, limits: limits) else { return nil }
            // Some clients send a CR LF behind a body. One is ignored, as RFC 9112 §2.2 asks; a second is refused.
            if line.isEmpty, line.lowerBound == 0 {
                guard let second = try lines.nextLine(in: bytes, limits: limits) else { return nil }
                line = second
            }
            start = try Self.startLine(bytes, line)
        }
        guard try lines.read(bytes, limits: limits), let start else { return nil }
        let head = try makeHead(start, bytes)
        lines.reset()
        self.start = nil
        return head
    }

    private func makeHead(_ start: StartLine, _ bytes: UnsafeRawBufferPointer) throws(HeadError) -> RequestHead {
        let known = lines.known
        if known.isRepeated(.host) || (start.isHTTP11 && known[.host].isAbsent) { throw .noHost }
        let expectation = known[.expect]
        if expectation.isPresent {
            guard !known.isRepeated(.expect),
                ByteCompare.equalIgnoringCase(expectation.bytes(in: bytes), "100-continue")
            else { throw .badExpectation }
        }
        return RequestHead(
            verb: start.verb, path: start.path, query: start.query, isHTTP11: start.isHTTP11,
            framing: try framing(start),
            keepsAlive: start.isHTTP11 ? !lines.saysClose : lines.saysKeepAlive && !lines.saysClose,
            namesOptions: lines.namesOptions, expectsContinue: expectation.isPresent && start.isHTTP11,
            fields: lines.fields, known: known, byteCount: lines.lineStart)
    }

    private func framing(_ start: StartLine) throws(HeadError) -> Framing {
        if lines.isChunked {
            guard start.isHTTP11 else { throw .codingInHTTP10 }
            guard lines.contentLength == nil else { throw .lengthWithChunks }
            return .chunked
        }
        guard let length = lines.contentLength, length > 0 else { return .none }
        return .length(length)
    }

    private static func startLine(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>
    ) throws(HeadError) -> StartLine {
        var at = line.lowerBound
        while at < line.upperBound, ByteClass.isToken(bytes[at]) { at += 1 }
        let method = UnsafeRawBufferPointer(rebasing: bytes[line.lowerBound..<at])
        guard !method.isEmpty, at < line.upperBound, bytes[at] == 0x20 else { throw .badStartLine }
        at += 1
        let target = at
        var question: Int?
        while at < line.upperBound, ByteClass.isVisible(bytes[at]) {
            if bytes[at] == 0x23 { throw .badStartLine }
            if bytes[at] == 0x3F, question == nil { question = at }
            at += 1
        }
        guard at > target, at < line.upperBound, bytes[at] == 0x20 else { throw .badStartLine }
        let isHTTP11 = try version(UnsafeRawBufferPointer(rebasing: bytes[(at + 1)..<line.upperBound]))
        let verb = verb(method)
        // CONNECT has no origin form (RFC 9112 §3.2.3), and some take what follows its head for another protocol.
        if verb == .other, ByteCompare.equal(method, "CONNECT") { throw .badStartLine }
        // Only the origin form: the gateway is no forward proxy. `OPTIONS *` finds no endpoint and gets 404.
        guard bytes[target] == 0x2F || (bytes[target] == 0x2A && at == target + 1 && verb == .options)
        else { throw .badStartLine }
        return StartLine(
            verb: verb, path: HeadRange(start: target, end: question ?? at),
            query: question.map { HeadRange(start: $0 + 1, end: at) } ?? .absent, isHTTP11: isHTTP11)
    }

    /// True for HTTP/1.1, false for HTTP/1.0.
    private static func version(_ text: UnsafeRawBufferPointer) throws(HeadError) -> Bool {
        guard text.count == 8, ByteCompare.hasPrefix(text, "HTTP/"), text[6] == 0x2E else { throw .badStartLine }
        guard text[5] == 0x31, text[7] == 0x31 || text[7] == 0x30 else { throw .badVersion }
        return text[7] == 0x31
    }

    /// Methods are case-sensitive (RFC 9110 §9.1).
    private static func verb(_ method: UnsafeRawBufferPointer) -> Verb {
        switch method.count {
        case 3 where ByteCompare.equal(method, "GET"): .get
        case 4 where ByteCompare.equal(method, "POST"): .post
        case 4 where ByteCompare.equal(method, "HEAD"): .head
        case 6 where ByteCompare.equal(method, "DELETE"): .delete
        case 7 where ByteCompare.equal(method, "OPTIONS"): .options
        default: .other
        }
    }
}
