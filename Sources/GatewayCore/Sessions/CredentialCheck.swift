// Asks a session's instance whether it accepts somebody's credentials, before anything of the session is given away
// that the gateway has and the instance would not be asked for: its stream, what was kept of its streams, its end.
internal import HTTPWire
internal import MCPWire
internal import NIOCore
internal import TransportAPI

extension Worker {
    /// Throws what has to be found out first if the request bears other credentials than the instance has accepted last
    /// in this session.
    func checkCredentials(of request: Request, _ session: Session) throws(Refusal) {
        let upstream = session.upstream
        guard request.showsCredentials(upstream), !request.isAccepted, request.forwarded?.isAccepted != true
        else { return }
        guard !session.hasAccepted(credentials(of: request, upstream)) else { return }
        throw .unread(.credentials(session))
    }

    /// The instance's refusal, as a stream where its own length is not known any more: a client that asks for a stream
    /// reads it as one.
    func passOn(_ refusal: Answer, _ request: Request, to sink: any ResponseSink) {
        answerLines.clear()
        answerLines.writeString(refusal.lines)
        writeCrossOriginLines(request)
        sink.begin(status: refusal.status, lines: answerLines, length: nil)
        if !refusal.body.isEmpty { sink.write(ByteBuffer(bytes: refusal.body)) }
        sink.end()
    }

    func credentials(of request: Request, _ upstream: UpstreamGroup) -> Credentials {
        Credentials(request.credentials(upstream.options), bytesMax: gateway.parts.limits.credentialBytes)
    }

    /// What an instance says to these credentials is said to the session's owner: only then does its 404 end the
    /// session.
    func speaksForOwner(_ request: Request, _ session: Session) -> Bool {
        !request.showsCredentials(session.upstream) || request.isAccepted || request.forwarded?.isAccepted == true
            || session.hasAccepted(credentials(of: request, session.upstream))
    }
}

/// One `ping` in a session with the credentials of a request: the client of its exchange.
final class CredentialCheck: ResponseSink {
    /// Bytes of a refusal that are passed on. Beyond: cut off, which is said by its length.
    private static let bodyBytesMax = 64 * 1024
    private static let body = #"{"jsonrpc":"2.0","id":"patchbay-credentials","method":"ping"}"#

    let clientAddress = "-"
    let queuedBytes = 0
    private let worker: Worker
    private let request: Request
    private let upstream: UpstreamGroup
    private let session: Session
    private var reply = CheckExchange.Reply(status: 0, sessionID: nil, body: ByteBuffer(), isEventStream: false)
    private var lines = ""
    private var then: ((Answer?) -> Void)?
    private let began = NIODeadline.now()

    init(_ worker: Worker, _ request: Request, _ upstream: UpstreamGroup, _ session: Session) {
        self.worker = worker
        self.request = request
        self.upstream = upstream
        self.session = session
    }

    /// - Parameter then: gets nil if the instance accepts the credentials, else what the client is told.
    func start(then: @escaping (Answer?) -> Void) {
        self.then = then
        guard let ping = ping() else { return end(Refusal.credentialsUnknown.answer()) }
        let plan = ExchangePlan(upstream: upstream, target: .pinned(session.instance))
        plan.message = ping.body.withUnsafeReadableBytes { try? MessageScanner.scanMessage($0, limits: ScanLimits()) }
        plan.session = session
        plan.principal = session.principal
        plan.isResumable = false
        plan.isCheck = true
        worker.metrics.credentialsAsked &+= 1
        _ = worker.start((ping, plan), self)
    }

    /// A request of the same client: its credentials, its session, and nothing else of it.
    private func ping() -> Request? {
        var block = ByteBuffer()
        block.writeStaticString("POST ")
        request.block.withUnsafeReadableBytes { view in
            block.writeBytes(request.head.path.bytes(in: view))
            block.writeStaticString(" HTTP/1.1\r\nHost: gateway\r\n")
            if request.has(.mcpSessionID) {
                block.writeStaticString("Mcp-Session-Id: ")
                block.writeBytes(request.head.known[.mcpSessionID].bytes(in: view))
                block.writeStaticString("\r\n")
            }
        }
        block.writeStaticString("Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n")
        block.writeHeader("MCP-Protocol-Version", Array(session.revision.text.utf8))
        block.writeBytes(request.credentials(upstream.options))
        block.writeStaticString("\r\n")
        var reader = RequestHeadReader(limits: HeadLimits(blockBytes: worker.relayHeadBytes))
        guard let head = block.withUnsafeReadableBytes({ try? reader.read($0) }) else { return nil }
        let ping = Request(head: head, block: block, body: ByteBuffer(string: Self.body))
        ping.forwarded = request.forwarded
        return ping
    }

    // MARK: The answer

    func begin(status: Int, lines: ByteBuffer, length: Int?) {
        reply.status = status
        self.lines = String(buffer: lines)
        reply.isEventStream = self.lines.lowercased().contains("text/event-stream")
    }

    func write(_ bytes: ByteBuffer) {
        let room = Self.bodyBytesMax - reply.body.readableBytes
        if let part = bytes.getSlice(at: bytes.readerIndex, length: min(room, bytes.readableBytes)) {
            reply.body.writeImmutableBuffer(part)
        }
    }

    func flush() {}

    func end() {
        if reply.isAnswer {
            session.accept(worker.credentials(of: request, upstream), began: began)
            return end(nil)
        }
        worker.metrics.credentialsRefused &+= 1
        // A failure of the way there is told as 200 inside a session, and it is no verdict.
        guard reply.status >= 400 else { return end(Refusal.credentialsUnknown.answer()) }
        end(Answer(status: reply.status, lines: lines, body: Array(reply.body.readableBytesView)))
    }

    func abort() { end(Refusal.credentialsUnknown.answer()) }

    private func end(_ answer: Answer?) {
        let then = then
        self.then = nil
        then?(answer)
    }
}

extension CheckExchange.Reply {
    /// The instance itself has answered: with a result, or that it knows no such method.
    var isAnswer: Bool {
        guard (200..<300).contains(status) else { return false }
        return withMessage { message, bytes in
            message.kind == .result || message.kind == .error && Self.isUnknownMethod(message, bytes)
        } ?? false
    }

    private static func isUnknownMethod(_ message: Message, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard Int(message.error.end) <= bytes.count, !message.error.isAbsent else { return false }
        let error = Array(bytes[message.error.range])
        return error.firstRange(of: Array("-32601".utf8)) != nil
    }
}
