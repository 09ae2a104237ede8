// One client request as the codec hands it over: a scanned head, the bytes it was scanned from, and the whole body.
public import HTTPWire
public import NIOCore

/// A complete request of a client. A class, because its head is large and it is handed through many hands.
public final class Request {
    public let head: RequestHead
    /// The head's bytes: the ranges in `head` count from its reader index.
    public let block: ByteBuffer
    /// Empty when there is none.
    public let body: ByteBuffer
    /// Set when another member, or another event loop, has the client and has asked this one to serve it.
    var forwarded: ForwardedFacts?
    /// What is known of its session's record, where that has to be read first.
    var record = Record.unread
    /// Decided in part already: nothing of it may wait any more.
    var isSettled = false
    /// The session's instance was asked, and accepts its credentials.
    var isAccepted = false

    enum Record {
        case unread
        /// A session that is unknown all the same is none.
        case read
        case unknown
    }

    public init(head: RequestHead, block: ByteBuffer, body: ByteBuffer) {
        self.head = head
        self.block = block
        self.body = body
    }

    /// The same request with another body.
    func with(body: ByteBuffer) -> Request {
        let changed = Request(head: head, block: block, body: body)
        changed.copyState(of: self)
        return changed
    }

    func copyState(of other: Request) {
        forwarded = other.forwarded
        record = other.record
        isSettled = other.isSettled
        isAccepted = other.isAccepted
    }

    /// Calls `body` with the bytes of the first header line of this name; they are empty when it is absent.
    @inline(__always)
    func withValue<Result>(_ name: HeaderName, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        block.withUnsafeReadableBytes { body(head.known[name].bytes(in: $0)) }
    }

    func has(_ name: HeaderName) -> Bool { head.known[name].isPresent }
}

/// A complete answer that the gateway gives by itself.
public struct Answer: Sendable {
    public var status: Int
    /// `name: value CR LF` each.
    public var lines: String
    public var body: [UInt8]

    public init(status: Int, lines: String = "", body: [UInt8] = []) {
        self.status = status
        self.lines = lines
        self.body = body
    }
}

/// What is decided when only the head is there.
public enum Admission {
    /// Read the body, up to so many bytes, and hand the request over.
    case accept(bodyBytesMax: Int)
    /// Answer at once.
    case refuse(Answer)
}

/// Who serves the requests of a listener. One per event loop, used on it only.
public protocol RequestService: AnyObject {
    /// The head is there; the body is not.
    func admit(_ head: RequestHead, _ block: ByteBuffer) -> Admission
    /// The request is whole. The returned observer hears of the client until the sink was ended or aborted.
    func serve(_ request: Request, to sink: any ResponseSink) -> (any ClientObserver)?
}
