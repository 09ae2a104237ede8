// Why a head or a chunked body was refused. The codec turns it into a status line and closes the connection, since
// after a framing error nobody knows where the next message begins.

/// A refused HTTP/1.1 head or body framing (RFC 9112).
public struct HeadError: Error, Equatable, Sendable {
    /// The status that a server answers with: 400, 413, 417, 431, 501 or 505.
    public var status: Int
    /// What was wrong and what to do, for the answer's body and the log. Never holds bytes from the wire.
    public var reason: String

    public init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    static let bareLineFeed = HeadError(400, "A line ends in a bare LF; end every line with CR LF.")
    static let bareCarriageReturn = HeadError(400, "A CR stands without its LF; end every line with CR LF.")
    static let controlByte = HeadError(400, "A header value holds a control byte; remove it.")
    static let headTooLarge = HeadError(
        431, "The header block is larger than the limit; send fewer or shorter headers.")
    static let tooManyFields = HeadError(431, "There are too many header lines; send fewer.")
    static let badStartLine = HeadError(400, "The start line is not 'METHOD target HTTP/1.1'.")
    static let badVersion = HeadError(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
    static let badName = HeadError(400, "A header line has no valid name followed directly by ':'.")
    static let folded = HeadError(400, "A header line is folded (it begins with white space); send it on one line.")
    static let badLength = HeadError(400, "Content-Length is not one plain decimal number.")
    static let twoLengths = HeadError(400, "Content-Length occurs more than once; send it once.")
    static let lengthWithChunks = HeadError(400, "Content-Length and Transfer-Encoding are both present; send one.")
    static let badCoding = HeadError(501, "Transfer-Encoding is not exactly 'chunked'.")
    static let codingInHTTP10 = HeadError(400, "Transfer-Encoding is not part of HTTP/1.0.")
    static let noHost = HeadError(400, "An HTTP/1.1 request needs exactly one Host header.")
    static let badExpectation = HeadError(417, "The only expectation that is met is '100-continue'.")
    static let badChunk = HeadError(400, "The chunked body is malformed: a chunk is 'HEXSIZE CR LF data CR LF'.")
    static let badTrailer = HeadError(
        400, "A trailer of the chunked body is malformed, too long or one that only a head may have; leave it out.")
    static let chunkTooLarge = HeadError(413, "A chunk announces more bytes than any body may have.")
    static let badStatus = HeadError(400, "The status line is not 'HTTP/1.1 NNN reason'.")
}

/// Bounds on one head.
public struct HeadLimits: Sendable {
    /// Bytes of the start line and all header lines together. Beyond: 431.
    public var blockBytes: Int
    /// Header lines. Beyond: 431.
    public var fields: Int

    public init(blockBytes: Int = 32 * 1024, fields: Int = 128) {
        self.blockBytes = blockBytes
        self.fields = fields
    }
}
