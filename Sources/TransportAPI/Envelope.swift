// What a bus carries: two pieces of bytes that it never looks into.
public import NIOCore

/// One message on a bus.
public struct Envelope: Sendable, Equatable {
    /// What the message is about. Small; made and read by the code above the bus.
    public var header: ByteBuffer
    /// The payload, carried without being looked at or changed. Any byte values; may be empty.
    public var body: ByteBuffer
    /// Not carried. By this number the publisher is told when its envelope to an inbox was heard by nobody
    /// (``EnvelopeReceiver/unheard(_:by:)``); 0 for no such word.
    public var receipt: UInt64

    public init(header: ByteBuffer, body: ByteBuffer = ByteBuffer(), receipt: UInt64 = 0) {
        self.header = header
        self.body = body
        self.receipt = receipt
    }

    /// Bytes of header and body together, which ``MessageBus/envelopeBytesMax`` bounds.
    public var count: Int { header.readableBytes + body.readableBytes }
}

/// Where a message goes. "To one" and "to all" are the same call with another address.
public enum Subject: Hashable, Sendable {
    /// The inbox of one member.
    case inbox(MemberID)
    /// Every member, attachments included.
    case everyone
    /// Whoever has subscribed to this topic. 1 to 64 of `a-z A-Z 0-9 . _ -`, from our own code, never from a client.
    case topic(String)
}
