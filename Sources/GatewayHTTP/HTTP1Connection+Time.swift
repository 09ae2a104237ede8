// What time and a drain do to a client connection: heads and bodies that do not arrive, idle connections. Deadlines are
// looked at twice a second by the connection's table. Answers that nobody takes: `HTTP1Connection+Bounds`.
internal import GatewayCore
internal import HTTPWire
internal import NIOCore

extension HTTP1Connection {
    func tick(now: NIODeadline) {
        if queue.mayHold { lookAtQueue(now: now) }
        guard now >= deadline else { return }
        if isOutWaited { return deadline = now + table.options.lingerTimeout }
        deadline = .distantFuture
        switch phase {
        case .readingHead where isBetweenRequests || !isWritable: context?.close(promise: nil)
        case .readingHead, .readingBody:
            table.ledger.note(.slowRequest)
            refuse(Self.text(408, "The request did not arrive whole in time; send it faster."), verb: .get)
        case .lingering, .closed: context?.close(promise: nil)
        case .answering: break
        }
    }

    /// Nothing of a request has come. A CR LF behind the last one is none (RFC 9112 §2.2): it begins no wait for a
    /// head, at whose end an idle client would be told 408.
    var isBetweenRequests: Bool {
        let crlf: (UInt8, UInt8) = (0x0D, 0x0A)
        let (first, second) = (inbox.readerIndex, inbox.readerIndex + 1)
        switch inbox.readableBytes {
        case 0: return true
        case 1: return inbox.getInteger(at: first) == crlf.0
        case 2: return inbox.getInteger(at: first) == crlf.0 && inbox.getInteger(at: second) == crlf.1
        default: return false
        }
    }

    /// Between answers, while the client still has something to take: its queue is looked after, see `lookAtQueue`.
    private var isOutWaited: Bool {
        switch phase {
        case .readingHead, .lingering: queue.counted > 0
        case .readingBody, .answering, .closed: false
        }
    }

    /// Closes it if it waits for another request. A client that has just connected gets its first answer.
    func closeIfIdle() {
        guard hasServed, case .readingHead = phase, isBetweenRequests else { return }
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
