// The HTTP/1.1 codec of one client connection: reads requests one after the other, hands them to the service, and
// writes answers through `HTTP1Sink`. Lengths, chunks, keep-alive and pipelining live here and nowhere else.
internal import GatewayCore
internal import HTTPWire
internal import NIOCore
internal import TransportAPI

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

    /// Bytes of one read. While an answer is under way, or while its client takes no answers, so much of what follows
    /// is read ahead. Beyond: reading stops.
    static let receivedBytesMax = 16 * 1024

    let table: ConnectionTable
    let service: any RequestService
    private(set) var phase = Phase.readingHead
    private(set) var context: ChannelHandlerContext?
    var deadline: NIODeadline
    /// Place in the table's list.
    var slot = 0
    private var reader: RequestHeadReader
    var inbox = ByteBuffer()
    private var observer: (any ClientObserver)?
    private var sink: HTTP1Sink?
    private(set) var hasServed = false
    private var isAdvancing = false
    private(set) var isWritable = true
    private var hasStoppedReading = false
    /// Of a request that is not there whole.
    var pending = PendingRequest()
    var queue = ClientQueue()
    /// It has one of the listener's places.
    private var isAdmitted = false

    init(table: ConnectionTable, service: any RequestService) {
        self.table = table
        self.service = service
        reader = RequestHeadReader(limits: table.options.headLimits)
        deadline = .now() + table.options.headTimeout
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isAdmitted = table.ledger.connections.enter()
        if isAdmitted { table.add(self) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        holdReceived(0)
        countQueue(0)
        if isAdmitted {
            table.remove(self)
            table.ledger.connections.leave()
        }
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        guard isAdmitted else { return turnAway(context) }
        context.read()
    }

    /// One attempt to say why, and closed: whoever is too many must not take a file that clients need.
    private func turnAway(_ context: ChannelHandlerContext) {
        table.ledger.note(.full)
        phase = .closed
        write(Self.fullAnswer)
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .lingering, .closed: return
        // Nothing was asked for: the client has ended its side, for NIO reads to that end. It is taken for gone.
        case .readingHead, .readingBody, .answering: if hasStoppedReading { return }
        }
        if inbox.readableBytes == 0 { inbox = bytes } else { inbox.writeBuffer(&bytes) }
        advance()
    }

    func channelReadComplete(context: ChannelHandlerContext) { readOn() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        countQueue(bufferedBytes)
        observer?.clientIsWritable(isWritable)
        guard isWritable, !isAdvancing, case .readingHead = phase else { return }
        advance()
        if hasStoppedReading { readOn() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        inbox = ByteBuffer()
        holdReceived(0)
        sink?.detach()
        sink = nil
        let observer = observer
        self.observer = nil
        observer?.clientLeft()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Reading

    /// Asks for more bytes, unless there is enough to do, or the client does not take the answers it has asked for.
    func readOn() {
        switch phase {
        case .answering: hasStoppedReading = inbox.readableBytes > 0
        case .readingHead: hasStoppedReading = !isWritable || pending.waitsForRoom
        case .readingBody: hasStoppedReading = pending.waitsForRoom
        case .lingering, .closed: hasStoppedReading = false
        }
        if !hasStoppedReading { context?.read() }
    }

    /// Goes through what has arrived as far as it reaches. A loop, not a recursion: pipelined requests may be many.
    private func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        do {
            while try step() {}
        } catch {
            refuse(Self.text(error.status, error.reason), verb: .get)
        }
        isAdvancing = false
        settleReceived()
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
                if !isReadingHead, !isBetweenRequests { beginHead() }
                pending.noteArrival(table.clock())
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

    private func readBody(
        _ head: RequestHead, _ block: ByteBuffer, _ body: inout BodyCollector
    ) throws(HeadError) -> Bool {
        // The phase lets go of the body meanwhile, so that it grows in place.
        phase = .readingHead
        let before = body.bytes.readableBytes
        let result = Result { () throws(HeadError) in try body.read(&inbox) }
        phase = .readingBody(head, block, body)
        guard try result.get() else {
            let grew = body.bytes.readableBytes > before
            pending.noteBody(storage: body.bytes.storageCapacity, grew: grew, table.clock())
            return false
        }
        pending.bodyStorage = 0
        serve(head, block, body.bytes)
        return true
    }

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
            phase = .readingBody(head, block.withoutSlack(), body)
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
        // Mostly both are parts of one small read.
        let isSmall = block.storageCapacity <= ByteBuffer.slackBytes && body.storageCapacity <= ByteBuffer.slackBytes
        let request = isSmall
            ? Request(head: head, block: block, body: body)
            : Request(head: head, block: block.withoutSlack(), body: body.withoutSlack())
        let observer = service.serve(request, to: sink)
        // It may have been answered within the call; then nobody is to hear of this client any more.
        guard self.sink === sink else {
            if sink.hasLostClient { observer?.clientLeft() }
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
        if case .closed = phase { return }
        phase = .answering
        inbox = ByteBuffer()
        holdReceived(0)
        let sink = HTTP1Sink(self, verb: verb)
        self.sink = sink
        sink.answer(answer)
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
        inbox = ByteBuffer()
        deadline = .now() + table.options.lingerTimeout
        context?.close(mode: .output, promise: nil)
        context?.read()
    }
}
