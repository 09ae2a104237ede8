// The HTTP/1.1 codec of one client connection: reads requests one after the other, hands them to the service, and
// writes answers through `HTTP1Sink`. Lengths, chunks, keep-alive and pipelining live here and nowhere else.
internal import GatewayCore
internal import HTTPWire
internal import NIOCore

/// One client connection.
final class HTTP1Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        case readingHead
        case readingBody(RequestHead, ByteBuffer, BodyCollector)
        /// An answer is under way.
        case answering
        /// The last answer is out; what still comes is dropped so that the client can read it (RFC 9112 §9.6).
        case lingering
        case closed
    }

    /// Bytes of following requests that are read ahead while an answer is under way. Beyond: reading stops.
    static let pipelinedBytesMax = 64 * 1024

    let table: ConnectionTable
    let service: any RequestService
    private(set) var phase = Phase.readingHead
    private(set) var context: ChannelHandlerContext?
    var deadline: NIODeadline
    /// Place in the table's list.
    var slot = 0
    private var reader: RequestHeadReader
    private(set) var inbox = ByteBuffer()
    private var observer: (any ClientObserver)?
    private var sink: HTTP1Sink?
    private(set) var hasServed = false
    private var isAdvancing = false
    private(set) var isWritable = true
    private var hasStoppedReading = false
    /// What waited for the client when that was last looked at.
    var lastQueued = Int.max
    private let isOverLimit: Bool

    init(table: ConnectionTable, service: any RequestService) {
        self.table = table
        self.service = service
        isOverLimit = table.isFull
        reader = RequestHeadReader(limits: table.options.headLimits)
        deadline = .now() + table.options.headTimeout
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        table.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        count(-incomingBytes)
        table.remove(self)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if isOverLimit {
            refuse(Answer(status: 503, lines: "Retry-After: 1\r\n"), verb: .get)
        }
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if case .lingering = phase { return }
        if inbox.readableBytes == 0 {
            inbox = bytes
        } else {
            // Requests that are done must not stay because the next one has always begun.
            if inbox.readerIndex > Self.pipelinedBytesMax { inbox.discardReadBytes() }
            inbox.writeBuffer(&bytes)
        }
        advance()
    }

    func channelReadComplete(context: ChannelHandlerContext) { readOn() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        observer?.clientIsWritable(isWritable)
        guard isWritable, !isAdvancing, case .readingHead = phase else { return }
        advance()
        if hasStoppedReading { readOn() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        sink?.detach()
        sink = nil
        let observer = observer
        self.observer = nil
        observer?.clientLeft()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Reading

    /// Asks for more bytes, unless there is enough to do, or the client does not take the answers it has asked for.
    private func readOn() {
        switch phase {
        case .answering: hasStoppedReading = inbox.readableBytes > Self.pipelinedBytesMax
        case .readingHead: hasStoppedReading = !isWritable
        case .readingBody, .lingering, .closed: hasStoppedReading = false
        }
        if !hasStoppedReading { context?.read() }
    }

    /// Goes through what has arrived as far as it reaches. A loop, not a recursion: pipelined requests may be many.
    private func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        defer { isAdvancing = false }
        do {
            while try step() {}
        } catch {
            let body = Array(error.reason.utf8)
            refuse(Answer(status: error.status, lines: "Content-Type: text/plain\r\n", body: body), verb: .get)
        }
    }

    /// False when more bytes are needed, or none are wanted now.
    private func step() throws(HeadError) -> Bool {
        switch phase {
        case .readingHead:
            guard inbox.readableBytes > 0, isWritable else { return false }
            let reading = inbox.withUnsafeReadableBytes { view in
                Result { () throws(HeadError) in try reader.read(view) }
            }
            guard let head = try reading.get() else {
                if !isReadingHead { beginHead() }
                return false
            }
            isReadingHead = false
            guard let block = inbox.readSlice(length: head.byteCount) else { return false }
            return try begin(head, block)
        case .readingBody(let head, let block, var body):
            return try readBody(head, block, &body)
        case .answering, .lingering, .closed:
            return false
        }
    }

    /// What this connection adds to the table's count.
    private var incomingBytes = 0

    private func count(_ bytes: Int) {
        incomingBytes += bytes
        table.incomingBytes += bytes
    }

    private func readBody(
        _ head: RequestHead, _ block: ByteBuffer, _ body: inout BodyCollector
    ) throws(HeadError) -> Bool {
        // The phase lets go of the body meanwhile, so that it grows in place.
        phase = .readingHead
        let before = body.bytes.readableBytes
        let result = Result { () throws(HeadError) in try body.read(&inbox) }
        phase = .readingBody(head, block, body)
        guard try result.get() else {
            count(body.bytes.readableBytes - before)
            guard table.hasRoomForBodies else { throw Self.noRoom }
            return false
        }
        count(-incomingBytes)
        serve(head, block, body.bytes)
        return true
    }

    private static let noRoom = HeadError(503, "This node is receiving as much as it can hold; try again.")

    private var isReadingHead = false

    private func beginHead() {
        isReadingHead = true
        deadline = .now() + table.options.headTimeout
    }

    private func begin(_ head: RequestHead, _ block: ByteBuffer) throws(HeadError) -> Bool {
        switch service.admit(head, block) {
        case .refuse(let answer):
            if head.framing == .none {
                serveAnswer(answer, head)
                return true
            }
            refuse(answer, verb: head.verb)
            return false
        case .accept(let most):
            if head.framing == .none {
                serve(head, block, ByteBuffer())
                return true
            }
            // Mostly the body came together with the head.
            if case .length(let count) = head.framing, count <= most, let body = inbox.readSlice(length: count) {
                serve(head, block, body)
                return true
            }
            let body = try BodyCollector(head.framing, bytesMax: most)
            deadline = .now() + table.options.bodyTimeout
            phase = .readingBody(head, block, body)
            if head.expectsContinue, inbox.readableBytes == 0 {
                write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
            }
            return true
        }
    }

    // MARK: Answering

    private func serve(_ head: RequestHead, _ block: ByteBuffer, _ body: ByteBuffer) {
        phase = .answering
        deadline = .distantFuture
        let sink = HTTP1Sink(self, head)
        self.sink = sink
        let observer = service.serve(Request(head: head, block: block, body: body), to: sink)
        // It may have been answered within the call; then nobody is to hear of this client any more.
        guard self.sink === sink else {
            if case .closed = phase { observer?.clientLeft() }
            return
        }
        self.observer = observer
        if !isWritable { observer?.clientIsWritable(false) }
    }

    private func serveAnswer(_ answer: Answer, _ head: RequestHead) {
        phase = .answering
        let sink = HTTP1Sink(self, head)
        self.sink = sink
        sink.answer(answer)
    }

    /// Answers, says that the connection ends, and drops what the client still sends.
    func refuse(_ answer: Answer, verb: Verb) {
        count(-incomingBytes)
        guard case .closed = phase else {
            phase = .answering
            let sink = HTTP1Sink(self, verb: verb)
            self.sink = sink
            return sink.answer(answer)
        }
    }

    /// The sink has written the whole answer.
    func answerEnded(keepsAlive: Bool) {
        sink = nil
        observer = nil
        hasServed = true
        guard case .answering = phase else { return }
        guard keepsAlive else { return linger() }
        phase = .readingHead
        deadline = .now() + table.options.keepAliveTimeout
        lastQueued = .max
        if inbox.readableBytes == 0 { inbox = ByteBuffer() }
        guard !isAdvancing else { return }
        if inbox.readableBytes > 0 { advance() }
        if hasStoppedReading { readOn() }
    }

    func answerAborted() {
        sink = nil
        observer = nil
        phase = .closed
        context?.close(promise: nil)
    }

    func linger() {
        phase = .lingering
        inbox.clear()
        lastQueued = .max
        deadline = .now() + table.options.lingerTimeout
        context?.close(mode: .output, promise: nil)
        context?.read()
    }

    // MARK: Writing

    func write(_ bytes: ByteBuffer) { context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }

    func writeWithoutFlush(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

    func flush() { context?.flush() }

    var queuedBytes: Int { isWritable ? 0 : bufferedBytes }

    var bufferedBytes: Int {
        (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    var clientAddress: String { context?.remoteAddress?.ipAddress ?? "-" }
}
