// One answer on its way to an HTTP/1.1 client. Small pieces are gathered into one buffer, so that an answer that is
// there at once leaves in one write; large pieces go as they are.
internal import GatewayCore
internal import HTTPWire
internal import NIOCore
internal import TransportAPI

/// The answer to one request.
final class HTTP1Sink: ResponseSink {
    /// Pieces above this are not copied into the gathering buffer.
    private static let gatheredBytesMax = 16 * 1024

    private enum Framing { case none, length, chunks, untilClose }

    private var connection: HTTP1Connection?
    private var out = ByteBuffer()
    private var framing = Framing.none
    private var keepsAlive: Bool
    private let isHTTP11: Bool
    private let isHead: Bool
    private(set) var hasLostClient = false

    init(_ connection: HTTP1Connection, _ head: RequestHead) {
        self.connection = connection
        keepsAlive = head.keepsAlive
        isHTTP11 = head.isHTTP11
        isHead = head.verb == .head
    }

    /// For a request that was not understood: the connection ends with its answer.
    init(_ connection: HTTP1Connection, verb: Verb) {
        self.connection = connection
        keepsAlive = false
        isHTTP11 = true
        isHead = verb == .head
    }

    var clientAddress: String { connection?.clientAddress ?? "-" }

    var queuedBytes: Int { connection?.queuedBytes ?? 0 }

    func begin(status: Int, lines: ByteBuffer, length: Int?) {
        guard let connection else { return }
        if connection.table.isDraining { keepsAlive = false }
        out = ByteBufferAllocator().buffer(capacity: 192 + lines.readableBytes + min(length ?? 512, 16 * 1024))
        StatusLine.write(status, to: &out)
        out.writeImmutableBuffer(lines)
        if let length {
            framing = .length
            if status != 204 && status != 304 {
                out.writeStaticString("Content-Length: ")
                out.writeDecimal(length)
                out.writeStaticString("\r\n")
            }
        } else if isHTTP11 {
            framing = .chunks
            out.writeStaticString("Transfer-Encoding: chunked\r\n")
        } else {
            framing = .untilClose
            keepsAlive = false
        }
        if !keepsAlive {
            out.writeStaticString("Connection: close\r\n")
        } else if !isHTTP11 {
            out.writeStaticString("Connection: keep-alive\r\n")
        }
        out.writeStaticString("\r\n")
    }

    func write(_ bytes: ByteBuffer) {
        guard let connection, !isHead, bytes.readableBytes > 0 else { return }
        if framing == .chunks {
            out.writeHexadecimal(bytes.readableBytes)
            out.writeStaticString("\r\n")
        }
        if bytes.readableBytes <= Self.gatheredBytesMax {
            out.writeImmutableBuffer(bytes)
        } else {
            if out.readableBytes > 0 { connection.writeWithoutFlush(out) }
            connection.writeWithoutFlush(bytes)
            out = ByteBuffer()
        }
        if framing == .chunks { out.writeStaticString("\r\n") }
    }

    func flush() {
        guard let connection else { return }
        if out.readableBytes > 0 {
            connection.write(out)
            out = ByteBuffer()
        } else {
            connection.flush()
        }
    }

    func end() {
        guard let connection else { return }
        if framing == .chunks, !isHead { out.writeStaticString("0\r\n\r\n") }
        flush()
        self.connection = nil
        connection.answerEnded(keepsAlive: keepsAlive)
    }

    func abort() {
        guard let connection else { return }
        self.connection = nil
        connection.answerAborted()
    }

    /// The client is gone, not the answer.
    func detach() {
        connection = nil
        hasLostClient = true
    }

    /// A whole answer at once.
    func answer(_ answer: Answer) {
        begin(status: answer.status, lines: ByteBuffer(string: answer.lines), length: answer.body.count)
        if !answer.body.isEmpty { write(ByteBuffer(bytes: answer.body)) }
        end()
    }
}
