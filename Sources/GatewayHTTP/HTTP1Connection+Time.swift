// What time and a drain do to a client connection: heads and bodies that do not arrive, idle connections, last answers
// that nobody takes. Deadlines are looked at twice a second by the connection's table.
internal import GatewayCore
internal import HTTPWire
internal import NIOCore

extension HTTP1Connection {
    func tick(now: NIODeadline) {
        guard now >= deadline else { return }
        if isStillTaking() { return deadline = now + table.options.lingerTimeout }
        deadline = .distantFuture
        switch phase {
        case .readingHead where inbox.readableBytes == 0 || !isWritable: context?.close(promise: nil)
        case .readingHead, .readingBody:
            refuse(
                Answer(
                    status: 408, lines: "Content-Type: text/plain\r\n",
                    body: Array("The request did not arrive whole in time; send it faster.".utf8)), verb: .get)
        case .lingering, .closed: context?.close(promise: nil)
        case .answering: break
        }
    }

    /// Between answers: the client has taken some of what waits for it since this was last asked.
    private func isStillTaking() -> Bool {
        switch phase {
        case .readingHead, .lingering:
            let queued = bufferedBytes
            defer { lastQueued = queued }
            return queued > 0 && queued < lastQueued
        case .readingBody, .answering, .closed: return false
        }
    }

    /// Closes it if it waits for another request. A client that has just connected gets its first answer.
    func closeIfIdle() {
        guard hasServed, case .readingHead = phase, inbox.readableBytes == 0 else { return }
        if bufferedBytes > 0 { linger() } else { context?.close(promise: nil) }
    }

    /// Closes when the last byte that was written has been sent. An answer under way has had its end already.
    func closeBehindWrites() {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}
