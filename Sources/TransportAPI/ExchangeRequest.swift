// What goes to an instance: one message as bytes, with the header lines that travel with it. A transport frames it
// and adds what belongs to the way there (Host, lengths), nothing else.
public import NIOCore

/// One request for one instance.
public struct ExchangeRequest {
    /// The kinds of request that MCP's HTTP binding has.
    public enum Verb: UInt8, Sendable { case post, get, delete }

    public var verb: Verb
    /// Where at the instance, or nil for the instance's own endpoint. Used for the message path of 2024-11-05.
    public var path: String?
    /// Uses the instance's 2024-11-05 stream endpoint instead of its ordinary one.
    public var usesStreamEndpoint: Bool
    /// `name: value CR LF` for each header that travels: no hop-by-hop header, no Host, no framing.
    public var lines: ByteBuffer
    /// The message's bytes, or nil for none.
    public var body: ByteBuffer?

    public init(
        verb: Verb, path: String? = nil, usesStreamEndpoint: Bool = false, lines: ByteBuffer, body: ByteBuffer?
    ) {
        self.verb = verb
        self.path = path
        self.usesStreamEndpoint = usesStreamEndpoint
        self.lines = lines
        self.body = body
    }
}

/// The beginning of an instance's answer.
public struct AnswerHead {
    /// What the body is, as far as the gateway cares.
    public enum Content: Sendable { case none, json, eventStream, other }

    /// 200 to 599.
    public var status: Int
    public var content: Content
    /// Length of the body, or nil when only its end tells.
    public var length: Int?
    /// The value of `Mcp-Session-Id`, if the instance sent one.
    public var sessionID: [UInt8]?
    /// `name: value CR LF` for each header that may travel on: no hop-by-hop header, no framing, no session id, nothing
    /// that speaks of the instance itself. Valid during the call that hands it over; copy what is to be kept.
    public var lines: ByteBuffer

    public init(status: Int, content: Content, length: Int?, sessionID: [UInt8]?, lines: ByteBuffer) {
        self.status = status
        self.content = content
        self.length = length
        self.sessionID = sessionID
        self.lines = lines
    }
}
