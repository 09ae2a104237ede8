// A transport whose instances say what a test tells them to say. It records every request, never answers by itself,
// and holds the exchange under test to the transport contract: nothing is delivered after an end or a cancellation.

import NIOCore
import Synchronization
import TransportAPI

/// Makes one lane per event loop and keeps them for the test.
final class ScriptedUpstream: Upstream, @unchecked Sendable {
    private(set) var lanes: [ScriptedLane] = []

    func makeLane(on loop: any EventLoop) -> any UpstreamLane {
        let lane = ScriptedLane()
        lanes.append(lane)
        return lane
    }
}

/// The requests that one worker has sent, in order.
final class ScriptedLane: UpstreamLane {
    private(set) var opened: [ScriptedExchange] = []
    /// Instances that fail at once, inside `open`.
    var failsAtOnce: [Int: TransportError] = [:]
    private(set) var ticks = 0
    private(set) var isClosed = false

    func open(
        _ request: ExchangeRequest, toInstance index: Int, for receiver: any ExchangeReceiver
    ) -> (any ExchangeHandle)? {
        let exchange = ScriptedExchange(request, index, receiver)
        opened.append(exchange)
        guard let error = failsAtOnce[index] else { return exchange }
        exchange.fail(error)
        return nil
    }

    func tick(now: NIODeadline) { ticks += 1 }

    func close() { isClosed = true }

    /// The newest request.
    var last: ScriptedExchange? { opened.last }

    /// Requests whose answer is still awaited.
    var running: [ScriptedExchange] { opened.filter { !$0.isOver } }
}

/// One request as an instance sees it, and the way to answer it.
final class ScriptedExchange: ExchangeHandle {
    let instance: Int
    let verb: ExchangeRequest.Verb
    let path: String?
    let usesStreamEndpoint: Bool
    /// Header lines as text.
    let lines: String
    let body: String?
    fileprivate(set) var receiver: (any ExchangeReceiver)?
    private(set) var isPaused = false
    private(set) var isCancelled = false

    init(_ request: ExchangeRequest, _ instance: Int, _ receiver: any ExchangeReceiver) {
        self.instance = instance
        verb = request.verb
        path = request.path
        usesStreamEndpoint = request.usesStreamEndpoint
        lines = String(buffer: request.lines)
        body = request.body.map { String(buffer: $0) }
        self.receiver = receiver
    }

    /// Nothing more can be delivered.
    var isOver: Bool { receiver == nil }

    func pause() { isPaused = true }
    func resume() { isPaused = false }

    func cancel() {
        isCancelled = true
        receiver = nil
    }

    // MARK: The instance's side

    func begin(
        _ status: Int = 200, _ content: AnswerHead.Content = .json, session: String? = nil, length: Int? = nil,
        lines: String? = nil
    ) {
        let type =
            switch content {
            case .json: "Content-Type: application/json\r\n"
            case .eventStream: "Content-Type: text/event-stream\r\n"
            case .other: "Content-Type: text/plain\r\n"
            case .none: ""
            }
        receiver?.answerBegan(
            AnswerHead(
                status: status, content: content, length: content == .none ? 0 : length,
                sessionID: session.map { Array($0.utf8) }, lines: ByteBuffer(string: lines ?? type)))
        receiver?.answerPaused()
    }

    func send(_ text: String) {
        receiver?.answerBytes(ByteBuffer(string: text))
        receiver?.answerPaused()
    }

    /// Several pieces that arrive in one read.
    func sendTogether(_ texts: [String]) {
        for text in texts { receiver?.answerBytes(ByteBuffer(string: text)) }
        receiver?.answerPaused()
    }

    func end() {
        let receiver = receiver
        self.receiver = nil
        receiver?.answerEnded()
    }

    func fail(_ error: TransportError) {
        let receiver = receiver
        self.receiver = nil
        receiver?.exchangeFailed(error)
    }

    /// A whole JSON answer.
    func answer(_ body: String, _ status: Int = 200, session: String? = nil) {
        begin(status, .json, session: session, length: body.utf8.count)
        if !body.isEmpty { send(body) }
        end()
    }

    /// 202 without a body.
    func accept() {
        begin(202, .none)
        end()
    }

    /// The value of a header that was sent to the instance.
    func header(_ name: String) -> String? { Headers.value(name, in: lines) }
}

extension TransportError {
    static let refused = TransportError(.refused, .notDelivered, "Connection refused.")
    static let cut = TransportError(.interrupted, .unknown, "It closed in mid-exchange.")
}
