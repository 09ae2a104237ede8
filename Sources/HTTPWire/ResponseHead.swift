// The head of one HTTP/1.x answer from an instance and its strict reader. Instances are trusted no more than clients:
// an ambiguous answer ends the exchange and its connection is never used again.

/// One complete response head. Ranges count from the head's first byte.
public final class ResponseHead: Sendable {
    /// 100 to 599.
    public let status: Int
    public let framing: Framing
    /// The instance is ready for another request on this connection.
    public let keepsAlive: Bool
    /// The lines announce a body, and the status says that there is none (RFC 9112 §6.3). ``framing`` is `.none`, but
    /// senders get this wrong: what comes next on the connection may be that body, and must not be taken for an answer.
    public let hasDisputedBody: Bool
    public let fields: [HeadField]
    public let known: KnownFields
    /// Bytes of the head with the empty line that ends it.
    public let byteCount: Int

    init(
        status: Int, framing: Framing, keepsAlive: Bool, hasDisputedBody: Bool, fields: [HeadField],
        known: KnownFields, byteCount: Int
    ) {
        self.status = status
        self.framing = framing
        self.keepsAlive = keepsAlive
        self.hasDisputedBody = hasDisputedBody
        self.fields = fields
        self.known = known
        self.byteCount = byteCount
    }
}

/// Reads response heads from one connection, one after the other.
public struct ResponseHeadReader: Sendable {
    private var lines = FieldLines()
    private var status: Int?
    private var isHTTP11 = true
    private let limits: HeadLimits

    public init(limits: HeadLimits) { self.limits = limits }

    /// Forgets a head that was begun.
    public mutating func reset() {
        lines.reset()
        status = nil
    }

    /// Looks at `bytes`, which begin with the head. Returns nil when more bytes are needed.
    public mutating func read(_ bytes: UnsafeRawBufferPointer) throws(HeadError) -> ResponseHead? {
        if status == nil {
            guard let line = try lines.nextLine(in: bytes, limits: limits) else { return nil }
            try readStatus(UnsafeRawBufferPointer(rebasing: bytes[line]))
        }
        guard try lines.read(bytes, limits: limits), let status else { return nil }
        let head = ResponseHead(
            status: status, framing: try framing(status),
            keepsAlive: isHTTP11 ? !lines.saysClose : lines.saysKeepAlive && !lines.saysClose,
            hasDisputedBody: Self.hasNoBody(status) && (lines.isChunked || lines.contentLength ?? 0 > 0),
            fields: lines.fields, known: lines.known, byteCount: lines.lineStart)
        reset()
        return head
    }

    /// RFC 9112 §6.3, without the cases of HEAD and CONNECT, which are never sent.
    private func framing(_ status: Int) throws(HeadError) -> Framing {
        if lines.isChunked {
            guard isHTTP11 else { throw .codingInHTTP10 }
            guard lines.contentLength == nil else { throw .lengthWithChunks }
        }
        if Self.hasNoBody(status) { return .none }
        if lines.isChunked { return .chunked }
        guard let length = lines.contentLength else { return .untilClose }
        return length > 0 ? .length(length) : .none
    }

    private static func hasNoBody(_ status: Int) -> Bool { status < 200 || status == 204 || status == 304 }

    private mutating func readStatus(_ line: UnsafeRawBufferPointer) throws(HeadError) {
        guard line.count >= 12, ByteCompare.hasPrefix(line, "HTTP/1."), line[8] == 0x20,
            line[7] == 0x30 || line[7] == 0x31, line.count == 12 || line[12] == 0x20,
            let code = Decimal.parse(UnsafeRawBufferPointer(rebasing: line[9..<12])), code >= 100, code <= 599
        else { throw .badStatus }
        if ByteClass.hasControl(line) { throw .controlByte }
        isHTTP11 = line[7] == 0x31
        status = code
    }
}
