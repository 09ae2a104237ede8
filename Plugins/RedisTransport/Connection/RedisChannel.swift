// One connection to the server, from its first byte to its end: commands go out, and replies come back in their order.
// A connection that subscribes hears messages in between.
#if Redis
internal import NIOCore
internal import TransportAPI

/// Belongs to its event loop.
final class RedisChannel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Reply = (Result<RESPValue, TransportError>) -> Void

    private struct Waiting {
        var reply: Reply
        var sentAt: NIODeadline
    }

    /// What is kept of a reply that is not complete: a page of a log and more.
    private static let replyBytesMax = 64 * 1024 * 1024
    /// How often silence is looked for.
    private static let tickEvery = TimeAmount.milliseconds(500)
    private static let message = ByteBuffer(string: "message")

    private let options: RedisOptions
    private var context: ChannelHandlerContext?
    private var reader = RESPReader(bytesMax: replyBytesMax)
    private var waiting = CircularBuffer<Waiting>()
    private var heardAt = NIODeadline.now()
    private var hasUnflushed = false
    private var ticking: RepeatedTask?
    /// Why it ended.
    private(set) var end: TransportError?
    /// What the server has said of itself when it was met.
    var facts = ServerFacts("")

    /// What arrives on a channel that was subscribed to: its name and the message.
    var heard: ((ByteBuffer, ByteBuffer) -> Void)?
    /// Everything that had arrived was handed over.
    var heardAll: (() -> Void)?
    /// Room for more, after there was none.
    var hasRoom: (() -> Void)?
    /// Called once.
    var ended: ((TransportError) -> Void)?

    init(options: RedisOptions) { self.options = options }

    var isOpen: Bool { context != nil && end == nil }
    /// The socket takes more without piling up.
    var isWritable: Bool { isOpen && context?.channel.isWritable == true }

    // MARK: Sending

    /// Writes a command, which ``flush()`` sends.
    /// - Parameter reply: called once: with the server's word, an error of it included, or with why none will come.
    func send(_ command: RESPCommand, _ reply: @escaping Reply) {
        assert(command.left == 0, "a command with another number of arguments than it says")
        guard let context, end == nil else {
            return reply(
                .failure(TransportError(.unreachable, .notDelivered, "There is no connection to the Redis server.")))
        }
        waiting.append(Waiting(reply: reply, sentAt: .now()))
        hasUnflushed = true
        context.write(wrapOutboundOut(command.buffer), promise: nil)
    }

    func flush() {
        guard hasUnflushed else { return }
        hasUnflushed = false
        context?.flush()
    }

    /// Ends it. Whoever waits for a reply is told so.
    func close(_ error: TransportError) {
        guard end == nil else { return }
        end = error
        ticking?.cancel()
        let context = context
        self.context = nil
        let left = waiting
        waiting = []
        for each in left { each.reply(.failure(error)) }
        ended?(error)
        (heard, heardAll, hasRoom, ended) = (nil, nil, nil, nil)
        context?.close(promise: nil)
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        ticking = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.tickEvery, delay: Self.tickEvery) { _ in
            bound.value.tick()
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { broke("it was closed") }

    func channelInactive(context: ChannelHandlerContext) { broke("the server closed it") }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { broke("\(error)") }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { hasRoom?() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let reader, end == nil else { return }
        heardAt = .now()
        do throws(RESPReader.Failure) {
            try reader.feed(unwrapInboundIn(data))
            while end == nil, let value = try reader.next() { take(value) }
        } catch {
            close(
                TransportError(
                    .malformed, .unknown, "The Redis server sent what cannot be read (\(error.text))."))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        heardAll?()
        flush()
    }

    private func take(_ value: RESPValue) {
        if let heard, let parts = value.elements, parts.count == 3, parts[0].bytes == Self.message,
            let name = parts[1].bytes, let message = parts[2].bytes
        {
            return heard(name, message)
        }
        guard let first = waiting.popFirst() else {
            return close(
                TransportError(.malformed, .unknown, "The Redis server answered what it was not asked."))
        }
        first.reply(.success(value))
    }

    private func broke(_ reason: String) {
        close(
            TransportError(
                .interrupted, .unknown, "The connection to the Redis server at \(options.place) broke: \(reason)."))
    }

    // MARK: Silence

    private func tick() {
        let now = NIODeadline.now()
        if let first = waiting.first {
            guard now - first.sentAt >= options.replyTimeout else { return }
            let seconds = options.replyTimeout.nanoseconds / 1_000_000_000
            return close(
                TransportError(
                    .timedOut, .unknown,
                    "The Redis server at \(options.place) owed an answer for \(seconds) s and was given up."))
        }
        guard now - heardAt >= options.pingEvery else { return }
        send(RESPCommand("PING", count: 0)) { _ in }
        flush()
    }
}

@available(*, unavailable)
extension RedisChannel: Sendable {}
#endif
