// Questions of servers to clients (sampling, elicitation, roots; 2025-11-25, Client Features): the client sees a sealed
// id, answers with an ordinary POST anywhere, and the server gets its own id back.
internal import HTTPWire
internal import Logging
internal import MCPWire
internal import NIOCore
internal import SealedBox
internal import TransportAPI

extension Worker {
    /// Gives a server's request an id that any node can read, and remembers it until it is answered.
    func ask(
        _ session: Session, _ instance: Instance, rawID: UnsafeRawBufferPointer, on exchange: Exchange
    ) -> [UInt8] {
        let wait = gateway.parts.waits.question
        // How long is waited the host's own clock says. The id only has to become useless some day, and wall clocks may
        // jump or differ by hours.
        let age = max(wait, gateway.parts.waits.sessionMaxAge)
        let expires = gateway.clock.unixSeconds &+ UInt32(clamping: age.nanoseconds / 1_000_000_000 + 1)
        let token = QuestionToken(
            session: session.id, nonce: gateway.parts.random(), instance: instance.digest, epoch: session.epoch,
            expires: expires, rawID: Array(rawID))
        let text = token.seal(sealer)
        questions.insert(
            PendingRequests.Question(
                nonce: token.nonce, session: session, rawID: token.rawID, token: text, deadline: now + wait,
                exchange: exchange.number))
        askers[exchange.number] = exchange
        metrics.questionsAsked &+= 1
        return text
    }

    /// The client's answer as the server expects it: with the id that the server gave.
    ///
    /// Every id that is not a live one of this very session is refused alike; an answer that comes late or twice is
    /// receipted and goes nowhere, since nobody waits for it any more.
    func answered(
        _ request: Request, _ message: Message, _ session: Session
    ) throws(Refusal) -> (Request, Message, QuestionToken) {
        let token = body(request, message.id) { raw -> QuestionToken? in
            guard raw.count > 2, raw.first == UInt8(ascii: "\"") else { return nil }
            return QuestionToken.open(UnsafeRawBufferPointer(rebasing: raw[1..<(raw.count - 1)]), sealer)
        }
        guard let token, token.session == session.id, token.instance == session.instance.digest,
            token.epoch == session.epoch
        else {
            metrics.answersRefused &+= 1
            throw .unknownQuestion
        }
        // A stranger's answer must not take the place of the owner's. (Of 2024-11-05 the instance is the only judge.)
        if session.messagePath == nil, !request.isSettled { try checkCredentials(of: request, session) }
        guard gateway.clock.unixSeconds <= token.expires, gateway.answered.take(token.nonce, expires: token.expires)
        else {
            metrics.answersLate &+= 1
            throw .lateAnswer
        }
        gateway.tell(.answering(nonce: token.nonce, expires: token.expires))
        let changed = request.with(body: Self.replace(message.id, in: request.body, with: token.rawID))
        let rescanned = changed.body.withUnsafeReadableBytes { view in
            try? MessageScanner.scanMessage(view, limits: scanLimits)
        }
        guard let rescanned else { throw .unknownQuestion }
        return (changed, rescanned, token)
    }

    /// How long an answer that was accepted in the last moment may take to its server.
    private static let answerGrace = TimeAmount.seconds(30)

    /// Nobody has answered: the servers get an error, so that no tool waits for ever, and the clients may stop asking.
    func expireQuestions() {
        // A server that takes its errors slowly does not push out what others have to be told.
        let most = min(gateway.parts.limits.expiriesAtOnce, ownMessages.room / 2)
        for question in questions.removeExpired(now: now, atMost: most) where !question.session.hasEnded {
            let expires = gateway.clock.unixSeconds &+ 24 * 3600
            // Else an answer has just been accepted, here or elsewhere, and is on its way.
            if !gateway.answered.take(question.nonce, expires: expires), !question.isPostponed {
                var later = question
                later.isPostponed = true
                later.deadline = now + Self.answerGrace
                questions.insert(later)
                continue
            }
            // A late answer may come in anywhere.
            gateway.tell(.answering(nonce: question.nonce, expires: expires))
            metrics.questionsExpired &+= 1
            let asker = askers[question.exchange]
            tell(
                question.session, question.rawID, error: "The client did not answer in time.",
                dataJSON: #"{"reason":"timed_out"}"#, asker?.ownCredentials ?? question.session.acceptedLines)
            asker?.withdraw(question)
        }
    }

    /// Answers a server's request with an error.
    func tell(
        _ session: Session, _ rawID: [UInt8], error: String, dataJSON: String, _ credentials: [UInt8]
    ) {
        let body = rawID.withUnsafeBytes {
            ErrorBody.json(id: $0, code: .internalError, message: error, dataJSON: dataJSON)
        }
        post(ByteBuffer(bytes: body), to: session, credentials)
    }

    /// Sends a message of the gateway's own to the session's instance. Nothing is done with the receipt.
    /// - Parameter credentials: lines that the instance accepts, where it is shown any.
    func post(_ body: ByteBuffer, to session: Session, _ credentials: [UInt8]) {
        var lines = ByteBuffer(bytes: credentials)
        lines.writeStaticString("Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n")
        lines.writeStaticString("User-Agent: patchbay\r\n")
        if session.messagePath == nil {
            lines.writeHeader("MCP-Protocol-Version", Array(session.revision.text.utf8))
            lines.writeBytes(session.upstreamLine)
        }
        let request = ExchangeRequest(verb: .post, path: session.messagePath, lines: lines, body: body)
        sendOwn(request, session.upstream, session.instance)
    }

    static func replace(_ range: ByteRange, in body: ByteBuffer, with text: [UInt8]) -> ByteBuffer {
        body.withUnsafeReadableBytes { replace(range, in: $0, with: text) }
    }

    static func replace(_ range: ByteRange, in body: UnsafeRawBufferPointer, with text: [UInt8]) -> ByteBuffer {
        var out = ByteBufferAllocator().buffer(capacity: body.count + text.count)
        out.writeBytes(body.prefix(range.range.lowerBound))
        out.writeBytes(text)
        out.writeBytes(body.dropFirst(range.range.upperBound))
        return out
    }
}

extension Gateway {
    /// The answer to a question has gone to its server: whoever keeps the question may forget it.
    func questionAnswered(_ nonce: UInt64, by worker: Worker) {
        if worker.questions.remove(nonce) != nil { return }
        for other in allWorkers where other !== worker { other.loop.execute { other.questions.remove(nonce) } }
    }
}

extension Exchange {
    /// The client's answer is on its way, or has provably not left: then it may come again, and the question stays.
    func settle(_ question: QuestionToken) {
        switch failedDelivery {
        // The question keeps its deadline: should the answer not have arrived, the server hears an error.
        case .unknown: break
        case nil where status == 0: break
        // It has not left, or its server does not take it: with these credentials, or for now.
        case .notDelivered,
            nil where !(200..<300).contains(status):
            worker.gateway.answered.forget(question.nonce)
            worker.gateway.tell(.unanswered(nonce: question.nonce))
        // Not earlier: its host keeps the question, and its deadline, until the answer has come where it should.
        default:
            worker.metrics.questionsAnswered &+= 1
            worker.gateway.tell(.answered(nonce: question.nonce))
            worker.gateway.questionAnswered(question.nonce, by: worker)
        }
    }

    /// A request of the server to the client: what becomes of it on the way.
    func question(_ message: Message, _ data: UnsafeRawBufferPointer) -> Change {
        guard let session = plan.session ?? newSession, let instance, plan.mode != .initialize else { return .keep }
        let rawID = UnsafeRawBufferPointer(rebasing: data[message.id.range])
        if message.knownMethod == .ping {
            // The gateway is there, whether or not a client is (2025-11-25, Ping).
            let text = #"{"jsonrpc":"2.0","id":"# + String(decoding: rawID, as: UTF8.self) + #","result":{}}"#
            worker.post(ByteBuffer(string: text), to: session, ownCredentials)
            return .drop
        }
        guard rawID.count <= QuestionToken.rawIDBytesMax else {
            worker.tell(
                session, Array(rawID), error: "The id of this request is longer than a gateway on the way can carry.",
                dataJSON: #"{"reason":"id_too_long"}"#, ownCredentials)
            return .drop
        }
        guard worker.questions.count(of: session.id) < limits.questionsPerSession,
            worker.questions.count < limits.questions,
            worker.questions.count < limits.questions / 2
                || worker.questions.count(of: session.owner) < max(1, limits.questions / limits.ownerShare)
        else {
            worker.metrics.questionsRefused &+= 1
            worker.tell(
                session, Array(rawID), error: "Too many requests to clients are unanswered, of this session or of all.",
                dataJSON: #"{"reason":"too_many_questions"}"#, ownCredentials)
            return .drop
        }
        let token = worker.ask(session, instance, rawID: rawID, on: self)
        return .data(Worker.replace(message.id, in: data, with: [0x22] + token + [0x22]))
    }

    /// The server takes a question back (`notifications/cancelled`): the client must hear its own id of it.
    func cancellation(_ message: Message, _ data: UnsafeRawBufferPointer) -> Change {
        guard let session = plan.session ?? newSession, !message.requestId.isAbsent else { return .keep }
        let rawID = UnsafeRawBufferPointer(rebasing: data[message.requestId.range])
        guard let asked = worker.questions.find(session.id, rawID: rawID) else { return .keep }
        worker.questions.remove(asked.nonce)
        _ = worker.gateway.answered.take(asked.nonce, expires: worker.gateway.clock.unixSeconds &+ 24 * 3600)
        return .data(Worker.replace(message.requestId, in: data, with: [0x22] + asked.token + [0x22]))
    }

    /// Tells the client that its answer is not waited for any more.
    func withdraw(_ question: PendingRequests.Question) {
        // Nothing comes behind the response of a call (2025-11-25, Streamable HTTP, Sending Messages to the Server, 6).
        guard case .relaying = phase, isStream || !hasResponse else { return }
        let id = String(decoding: question.token, as: UTF8.self)
        say(
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"\#(id)","#
                + #""reason":"The time for an answer is over."}}"#)
    }
}
