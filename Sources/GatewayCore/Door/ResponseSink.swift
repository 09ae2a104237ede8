// What the core sees of a client connection: somewhere to put an answer. Lengths, chunks, keep-alive and pipelining
// belong to the codec behind it; another codec (HTTP/2) is another implementation of this protocol.
public import NIOCore

/// Takes one answer. Used on its event loop only.
public protocol ResponseSink: AnyObject {
    /// The address of the client, for logs.
    var clientAddress: String { get }
    /// Bytes that the client has not taken yet.
    var queuedBytes: Int { get }
    /// Begins the answer. `lines` are `name: value CR LF` each, without framing. A nil length is a stream.
    func begin(status: Int, lines: ByteBuffer, length: Int?)
    /// Adds to the body. Nothing is sent before ``flush()`` or ``end()``.
    func write(_ bytes: ByteBuffer)
    /// Hands everything that was written to the connection.
    func flush()
    /// Completes the answer and flushes. The sink must not be used afterwards.
    func end()
    /// Breaks the answer off so that the client sees a cut, not an end. The sink must not be used afterwards.
    func abort()
}

/// Hears what becomes of the client while its answer is under way.
public protocol ClientObserver: AnyObject {
    /// The client is gone. The sink is dead.
    func clientLeft()
    /// The client takes bytes again, or has stopped taking them.
    func clientIsWritable(_ isWritable: Bool)
}
