// One connection between a node and a fake instance: what is sent takes time, comes in order, and may be cut at any
// moment from either side.

import NIOCore
import TransportAPI

/// One request to an instance and its answer.
final class Wire: ExchangeHandle {
    enum Piece {
        case head(Int, AnswerHead.Content, session: String?, length: Int?)
        case bytes(String)
        case end
        case failure(TransportError)
    }

    let world: World
    let verb: ExchangeRequest.Verb
    let session: String?
    let lastEventID: String?
    /// All lines that show who is asking.
    let authorization: [String]
    let body: Fields
    private let isLarge: Bool
    private var receiver: (any ExchangeReceiver)?
    private var isPaused = false
    /// Arrived while it was paused.
    private var waiting: [Piece] = []
    private var lastArrival: NIODeadline
    /// The instance sees that its peer is gone.
    private var isClosed = false
    private var hasEnded = false

    init(_ world: World, _ request: ExchangeRequest, _ receiver: any ExchangeReceiver) {
        self.world = world
        verb = request.verb
        let lines = String(buffer: request.lines)
        session = Wire.header("mcp-session-id", in: lines)
        lastEventID = Wire.header("last-event-id", in: lines)
        authorization = Wire.headers("authorization", in: lines)
        isLarge = (request.body?.readableBytes ?? 0) > ExchangeRequest.countedBodyBytes
        body = Fields(request.body.map { Array($0.readableBytesView) } ?? [])
        self.receiver = receiver
        lastArrival = world.now
    }

    static func header(_ name: String, in lines: String) -> String? { headers(name, in: lines).first }

    private static func headers(_ name: String, in lines: String) -> [String] {
        lines.split(separator: "\r\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == name else { return nil }
            return String(parts[1].drop { $0 == " " })
        }
    }

    /// The node hears nothing more.
    var isOver: Bool { receiver == nil }

    /// What the instance sends still goes somewhere, as far as it knows.
    var isOpen: Bool { !isClosed && !hasEnded }

    // MARK: The node's side

    func pause() { isPaused = true }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        world.after(.nanoseconds(0)) { self.drain() }
    }

    /// All of the request has left.
    func requestLeft() { if isLarge { receiver?.requestSent() } }

    func cancel() {
        receiver = nil
        noticeLater()
    }

    /// The node is gone without a word.
    func nodeCrashed() { cancel() }

    private func noticeLater() {
        let delay = world.random.milliseconds(0...600)
        world.after(delay) { self.isClosed = true }
    }

    // MARK: The instance's side

    func begin(_ status: Int, _ content: AnswerHead.Content, session: String? = nil, length: Int? = nil) {
        send(.head(status, content, session: session, length: length))
    }

    func send(_ text: String) { send(.bytes(text)) }

    func end() {
        send(.end)
        hasEnded = true
    }

    /// It breaks, at once for the instance and soon for the node. What was on its way may be lost.
    func cut(_ code: TransportError.Code = .interrupted, _ delivery: TransportError.Delivery = .unknown) {
        guard isOpen else { return }
        send(.failure(TransportError(code, delivery, "The connection broke.")))
        hasEnded = true
        isClosed = true
    }

    func json(_ status: Int, _ text: String, session: String? = nil) {
        begin(status, .json, session: session, length: text.utf8.count)
        if !text.isEmpty { send(text) }
        end()
    }

    func receipt(_ status: Int = 202) {
        begin(status, .none)
        end()
    }

    private func send(_ piece: Piece) {
        guard isOpen else { return }
        lastArrival = max(lastArrival, world.now + world.random.milliseconds(0...15))
        world.at(lastArrival) { self.arrive(piece) }
    }

    // MARK: On its way

    private func arrive(_ piece: Piece) {
        guard receiver != nil else { return }
        waiting.append(piece)
        drain()
    }

    private func drain() {
        while !isPaused, receiver != nil, !waiting.isEmpty { deliver(waiting.removeFirst()) }
    }

    private func deliver(_ piece: Piece) {
        guard let receiver else { return }
        switch piece {
        case .head(let status, let content, let session, let length):
            let type =
                switch content {
                case .json: "Content-Type: application/json\r\n"
                case .eventStream: "Content-Type: text/event-stream\r\n"
                default: ""
                }
            receiver.answerBegan(
                AnswerHead(
                    status: status, content: content, length: content == .none ? 0 : length,
                    sessionID: session.map { Array($0.utf8) }, lines: ByteBuffer(string: type)))
        case .bytes(let text):
            receiver.answerBytes(ByteBuffer(string: text))
            self.receiver?.answerPaused()
        case .end:
            self.receiver = nil
            receiver.answerEnded()
        case .failure(let error):
            self.receiver = nil
            receiver.exchangeFailed(error)
        }
    }
}
