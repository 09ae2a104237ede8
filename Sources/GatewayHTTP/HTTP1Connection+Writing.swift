// How a client connection writes: what goes to the socket, what still waits for it, and the answers that the codec
// gives by itself. What an answer consists of is `HTTP1Sink`'s business.
internal import GatewayCore
internal import NIOCore

extension HTTP1Connection {
    func write(_ bytes: ByteBuffer) {
        queue.add(bytes.readableBytes)
        context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        if !isWritable { countQueue(bufferedBytes) }
    }

    func writeWithoutFlush(_ bytes: ByteBuffer) {
        queue.add(bytes.readableBytes)
        context?.write(wrapOutboundOut(bytes), promise: nil)
        if !isWritable { countQueue(bufferedBytes) }
    }

    func flush() { context?.flush() }

    var queuedBytes: Int { isWritable ? 0 : bufferedBytes }

    var bufferedBytes: Int {
        (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    var clientAddress: String { context?.remoteAddress?.ipAddress ?? "-" }

    static let fullAnswer = ByteBuffer(
        string: "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    static func text(_ status: Int, _ text: String) -> Answer {
        let again = status == 503 ? "Retry-After: 1\r\n" : ""
        return Answer(status: status, lines: again + "Content-Type: text/plain\r\n", body: Array(text.utf8))
    }
}
