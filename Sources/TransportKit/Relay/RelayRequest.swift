// What one member asks another to serve.
public import NIOCore

/// A request as it travels from a relay's caller to its host. It is served when it has arrived whole, and only then.
public struct RelayRequest: Sendable {
    /// Opaque facts for the host's service. At most ``RelayLimits/contextBytesMax``.
    public var context: ByteBuffer
    /// A request head as HTTP/1.1 bytes, blank line included. At most ``RelayLimits/headBytesMax``.
    public var head: ByteBuffer
    /// At most ``RelayLimits/bodyBytesMax``; may be empty.
    public var body: ByteBuffer
    /// Which event loop of the host, modulo its count. Nil: any. At the host: the loop that serves it.
    public var loop: UInt8?

    public init(context: ByteBuffer, head: ByteBuffer, body: ByteBuffer = ByteBuffer(), loop: UInt8? = nil) {
        self.context = context
        self.head = head
        self.body = body
        self.loop = loop
    }
}
