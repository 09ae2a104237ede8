// One connection to an instance: sends one request at a time and takes its answer apart. It knows HTTP/1.1 and its
// receiver, nothing of MCP. The state of the answer's body is in `AnswerBody`; connecting is in `+Connect`.
internal import HTTPWire
internal import NIOCore
internal import TransportAPI

/// A keep-alive connection to one instance, and the handle of the exchange that runs on it.
final class UpstreamConnection: ChannelInboundHandler, ExchangeHandle {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum State {
        /// Nobody may use it yet: the request waits.
        case connecting(head: ByteBuffer, body: ByteBuffer?)
        case idle
        case awaitingHead
        case readingBody(AnswerBody)
        case closed
    }

    unowned let lane: HTTPLane
    let pool: InstancePool
    var state = State.idle
    var receiver: (any ExchangeReceiver)?
    var context: ChannelHandlerContext?
    /// TCP is there: from now on ``context`` stays the same.
    var isConnected = false
    private var reader: ResponseHeadReader
    /// The beginning of a head that has not arrived whole.
    private var tail: ByteBuffer?
    private var lines = ByteBuffer()
    private var keepsAlive = true
    private var isPaused = false
    private var isWriting = false
    /// Requests that were sent on this connection.
    private var sentCount = 0
    private var lastUsed: NIODeadline
    private var reuseLimit: TimeAmount

    init(lane: HTTPLane, pool: InstancePool) {
        self.lane = lane
        self.pool = pool
        reader = ResponseHeadReader(limits: HeadLimits(blockBytes: lane.upstream.options.headBytesMax))
        reuseLimit = lane.upstream.options.reuseLimit
        lastUsed = lane.now
    }

    // MARK: Sending

    /// Sends on an idle connection. False if the connection is too old or gone: nothing was sent then.
    func start(_ request: ExchangeRequest, for receiver: any ExchangeReceiver) -> Bool {
        guard case .idle = state, let context, !isStale(now: lane.now) else {
            close()
            return false
        }
        self.receiver = receiver
        let head = framed(request)
        send(head, request.body, context)
        return true
    }

    /// The request with its framing; small bodies are inside, larger ones are written as they are.
    func framed(_ request: ExchangeRequest) -> ByteBuffer {
        let bodyCount = request.body?.readableBytes ?? 0
        let copied = bodyCount <= ExchangeRequest.countedBodyBytes ? bodyCount : 0
        var out = ByteBufferAllocator().buffer(capacity: 256 + request.lines.readableBytes + copied)
        pool.requestLines.write(request, to: &out)
        out.writeImmutableBuffer(request.lines)
        if request.verb == .post {
            out.writeStaticString("Content-Length: ")
            out.writeDecimal(bodyCount)
            out.writeStaticString("\r\n\r\n")
        } else {
            out.writeStaticString("\r\n")
        }
        if copied > 0, let body = request.body { out.writeImmutableBuffer(body) }
        return out
    }

    func send(_ head: ByteBuffer, _ body: ByteBuffer?, _ context: ChannelHandlerContext) {
        state = .awaitingHead
        keepsAlive = true
        sentCount &+= 1
        guard let body, body.readableBytes > ExchangeRequest.countedBodyBytes else {
            context.writeAndFlush(wrapOutboundOut(head), promise: nil)
            return
        }
        // A large request may still be on its way when its answer is complete; such a connection is not used again.
        isWriting = true
        let written = context.eventLoop.makePromise(of: Void.self)
        let request = sentCount
        written.futureResult.assumeIsolated().whenComplete { [weak self] result in
            guard let self else { return }
            isWriting = false
            if case .success = result { wasWritten(request) }
        }
        context.write(wrapOutboundOut(head), promise: nil)
        context.writeAndFlush(wrapOutboundOut(body), promise: written)
    }

    /// Tells the receiver of that request, which may still be in its call of ``HTTPLane/open(_:toInstance:for:)``, and
    /// by then may have made room for another one.
    private func wasWritten(_ request: Int) {
        lane.loop.assumeIsolated().execute { [weak self] in
            guard let self, sentCount == request else { return }
            receiver?.requestSent()
        }
    }

    // MARK: Receiving

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if var tail {
            self.tail = nil
            tail.writeBuffer(&bytes)
            bytes = tail
        }
        do {
            try receive(&bytes)
        } catch {
            fail(TransportError(.malformed, .unknown, "\(pool.instance.authority) answered badly: \(error.reason)"))
            close()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        receiver?.answerPaused()
        if !isPaused { context.read() }
    }

    private func receive(_ bytes: inout ByteBuffer) throws(HeadError) {
        while bytes.readableBytes > 0 {
            switch state {
            case .awaitingHead:
                guard try receiveHead(&bytes) else {
                    tail = bytes
                    return
                }
            case .readingBody(var body):
                let step = try body.next(&bytes)
                state = .readingBody(body)
                switch step {
                case .bytes(let part):
                    receiver?.answerBytes(part)
                    if body.isComplete, case .readingBody = state { finish(leftover: bytes.readableBytes) }
                case .needsMore: return
                case .end: finish(leftover: bytes.readableBytes)
                }
            case .idle, .connecting:
                // Bytes that nobody asked for: whatever they are, they would be taken for the next answer.
                return close()
            case .closed:
                return
            }
        }
    }

    /// False when the head has not arrived whole.
    private func receiveHead(_ bytes: inout ByteBuffer) throws(HeadError) -> Bool {
        let result = bytes.withUnsafeReadableBytes { view in
            Result { () throws(HeadError) in try reader.read(view) }
        }
        guard let head = try result.get() else { return false }
        // A body that may follow although there is none would be taken for the next answer.
        keepsAlive = keepsAlive && head.keepsAlive && !head.hasDisputedBody
        if head.status < 200 {
            guard head.status != 101 else { throw HeadError(400, "It switched protocols without being asked.") }
            bytes.moveReaderIndex(forwardBy: head.byteCount)
            return true
        }
        let answer = AnswerLines.make(head, in: bytes, further: lane.upstream.answerHeaders, lines: &lines)
        bytes.moveReaderIndex(forwardBy: head.byteCount)
        if head.framing == .untilClose { keepsAlive = false }
        noteKeepAlive(answer.keepAliveSeconds)
        state = .readingBody(AnswerBody(head.framing))
        receiver?.answerBegan(answer.head)
        if head.framing == .none, case .readingBody = state { finish(leftover: bytes.readableBytes) }
        return true
    }

    private func noteKeepAlive(_ seconds: Int?) {
        guard let seconds else { return }
        // One second for the way: the server counts from when it sent, we from when we received.
        reuseLimit = .seconds(Int64(max(0, min(seconds, 3600) - 1)))
    }

    private func finish(leftover: Int) {
        let receiver = receiver
        self.receiver = nil
        if keepsAlive && leftover == 0 && !isWriting { release() } else { close() }
        receiver?.answerEnded()
    }

    private func release() {
        state = .idle
        lastUsed = lane.now
        if isPaused { resume() }
        let most = lane.upstream.options.idleConnectionsMax
        guard reuseLimit > .zero, pool.idle.count < most else { return close() }
        pool.idle.append(self)
    }

    func isStale(now: NIODeadline) -> Bool { now - lastUsed >= reuseLimit }

    // MARK: Ending

    func channelInactive(context: ChannelHandlerContext) {
        guard isConnected, context === self.context else { return }
        switch state {
        case .awaitingHead:
            fail(TransportError(.interrupted, .unknown, "\(pool.instance.authority) closed before it answered."))
        case .readingBody(let body):
            if body.endsWithConnection {
                let receiver = receiver
                self.receiver = nil
                receiver?.answerEnded()
            } else {
                fail(TransportError(.interrupted, .unknown, "\(pool.instance.authority) closed in mid-answer."))
            }
        case .connecting:
            fail(TransportError(.unreachable, .notDelivered, "\(pool.instance.authority) closed at once."))
        case .idle, .closed:
            break
        }
        close()
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard isConnected, context === self.context else { return context.close(promise: nil) }
        if case .connecting = state {
            fail(TransportError(.unreachable, .notDelivered, "\(pool.instance.authority): \(error)"))
        } else {
            fail(TransportError(.interrupted, .unknown, "\(pool.instance.authority): \(error)"))
        }
        close()
    }

    func fail(_ error: TransportError) {
        let receiver = receiver
        self.receiver = nil
        receiver?.exchangeFailed(error)
    }

    var isClosed: Bool { if case .closed = state { true } else { false } }

    /// Closes and forgets the connection. May be called twice.
    func close() {
        if case .closed = state { return }
        state = .closed
        receiver = nil
        pool.openCount -= 1
        pool.idle.removeAll { $0 === self }
        context?.close(promise: nil)
    }

    func pause() { isPaused = true }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        context?.read()
    }

    func cancel() { close() }
}
