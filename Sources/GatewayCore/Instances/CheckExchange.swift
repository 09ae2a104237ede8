// A request that the gateway sends for itself: a health check, an era probe, the end of an abandoned session. Its
// answer is small and collected whole.
internal import NIOCore
internal import TransportAPI

/// One request of the gateway's own.
final class CheckExchange: ExchangeReceiver {
    /// Bytes of an answer that are kept. Beyond: the rest is dropped, which no check minds.
    private static let bodyBytesMax = 64 * 1024

    struct Reply {
        var status: Int
        var sessionID: [UInt8]?
        var body: ByteBuffer
        var isEventStream: Bool
    }

    /// Times that a stream is searched for its answer before it ends. Beyond: its end is waited for.
    private static let looksMax = 64

    private let deadline: NIODeadline
    private var looksLeft = looksMax
    private var completion: ((Result<Reply, TransportError>) -> Void)?
    private var handle: (any ExchangeHandle)?
    private var reply = Reply(status: 0, sessionID: nil, body: ByteBuffer(), isEventStream: false)

    init(deadline: NIODeadline, completion: @escaping (Result<Reply, TransportError>) -> Void) {
        self.deadline = deadline
        self.completion = completion
    }

    func start(_ request: ExchangeRequest, _ lane: any UpstreamLane, _ instance: Instance) {
        if let opened = lane.open(request, toInstance: instance.index, for: self) { handle = opened }
    }

    var isOver: Bool { completion == nil }

    /// Gives up when its time is over.
    func tick(now: NIODeadline) {
        guard now >= deadline, completion != nil else { return }
        handle?.cancel()
        end(.failure(TransportError(.timedOut, .unknown, "No answer in time.")))
    }

    /// The session that the answer's head names, known before the answer is whole.
    var sessionID: [UInt8]? { reply.sessionID }

    func answerBegan(_ head: AnswerHead) {
        reply.status = head.status
        reply.sessionID = head.sessionID
        reply.isEventStream = head.content == .eventStream
    }

    func answerBytes(_ bytes: ByteBuffer) {
        guard reply.body.readableBytes + bytes.readableBytes <= Self.bodyBytesMax else { return }
        reply.body.writeImmutableBuffer(bytes)
        guard reply.isEventStream, looksLeft > 0, bytes.readableBytesView.contains(0x0A) else { return }
        // Some servers leave the stream of an answer open.
        looksLeft -= 1
        if reply.withMessage({ _, _ in true }) == true {
            handle?.cancel()
            end(.success(reply))
        }
    }

    func answerPaused() {}

    func answerEnded() { end(.success(reply)) }

    func exchangeFailed(_ error: TransportError) { end(.failure(error)) }

    private func end(_ result: Result<Reply, TransportError>) {
        handle = nil
        let completion = completion
        self.completion = nil
        completion?(result)
    }
}
