// The first look at a request, when only its head is there: Host, Origin, path, method, media types. What fails here
// never gets a byte of its body read.
public import HTTPWire
internal import MCPWire
public import NIOCore

extension Worker {
    public func admit(_ head: RequestHead, _ block: ByteBuffer) -> Admission {
        do throws(Refusal) {
            return try block.withUnsafeReadableBytes { view in
                Result { () throws(Refusal) in try admit(head, view) }
            }.get()
        } catch {
            logRefusal(error.status, head.verb)
            return .refuse(error.answer())
        }
    }

    private func logRefusal(_ status: Int, _ verb: Verb) {
        guard accessLog != nil else { return }
        accessLog?.add(
            "time=\(Timestamp.now()) level=info msg=access verb=\(verb) status=\(status)"
                + " outcome=\(Outcome.refused.label)\n")
    }

    private func admit(_ head: RequestHead, _ view: UnsafeRawBufferPointer) throws(Refusal) -> Admission {
        let known = head.known
        let access = gateway.parts.access
        guard access.allowsHost(known[.host].bytes(in: view)) else { throw .badHost }
        if known[.origin].isPresent {
            guard !known.isRepeated(.origin), access.allowsOrigin(known[.origin].bytes(in: view))
            else { throw .badOrigin }
        }
        guard let endpoint = gateway.routes.find(head.path.bytes(in: view)) else { throw .noEndpoint }
        if head.verb == .options, known[.origin].isPresent, known[.accessControlRequestMethod].isPresent {
            return .accept(bodyBytesMax: 0)
        }
        switch endpoint {
        case .streamable: try admitStreamable(head, view)
        case .stream:
            guard head.verb == .get else { throw .methodNotAllowed("GET") }
        case .messages:
            guard head.verb == .post else { throw .methodNotAllowed("POST") }
            try admitBody(head, view)
        }
        return .accept(bodyBytesMax: head.verb == .post ? gateway.parts.limits.bodyBytes : 0)
    }

    private func admitStreamable(_ head: RequestHead, _ view: UnsafeRawBufferPointer) throws(Refusal) {
        switch head.verb {
        case .post:
            try admitBody(head, view)
            guard
                MediaType.isUsualAccept(head.known[.accept].bytes(in: view))
                    || accepts(head, view, "application/json", "application/*")
                        && accepts(head, view, "text/event-stream", "text/*")
            else { throw .notAcceptable }
        case .get:
            guard accepts(head, view, "text/event-stream", "text/*") else { throw .notAcceptableStream }
        case .delete:
            break
        case .options, .head, .other:
            throw .methodNotAllowed("GET, POST, DELETE")
        }
    }

    private func admitBody(_ head: RequestHead, _ view: UnsafeRawBufferPointer) throws(Refusal) {
        guard head.known[.contentEncoding].isAbsent else { throw .encodedBody }
        guard !head.known.isRepeated(.contentType),
            MediaType.matches(head.known[.contentType].bytes(in: view), "application/json")
        else { throw .badContentType }
    }

    private func accepts(
        _ head: RequestHead, _ view: UnsafeRawBufferPointer, _ type: StaticString, _ group: StaticString
    ) -> Bool {
        let first = head.known[.accept]
        guard first.isPresent else { return false }
        if MediaType.isAccepted(first.bytes(in: view), type, group: group) { return true }
        guard head.known.isRepeated(.accept) else { return false }
        return head.fields.contains {
            $0.name == .accept && MediaType.isAccepted($0.value.bytes(in: view), type, group: group)
        }
    }

    // MARK: Cross-origin access

    /// Lets the page whose Origin was allowed read the answer (Fetch standard, CORS protocol).
    func writeCrossOriginLines(_ request: Request) {
        guard request.has(.origin) else { return }
        request.withValue(.origin) { origin in
            answerLines.writeStaticString("Access-Control-Allow-Origin: ")
            answerLines.writeBytes(origin)
            answerLines.writeStaticString(
                "\r\nVary: Origin\r\nAccess-Control-Expose-Headers: Mcp-Session-Id, WWW-Authenticate\r\n")
        }
    }

    /// Answers a preflight: what a browser asks before it posts.
    func answerPreflight(_ request: Request, to sink: any ResponseSink) {
        answerLines.clear()
        answerLines.writeStaticString(
            "Access-Control-Allow-Methods: GET, POST, DELETE\r\nAccess-Control-Max-Age: 7200\r\n")
        request.withValue(.accessControlRequestHeaders) { names in
            guard !names.isEmpty else { return }
            answerLines.writeStaticString("Access-Control-Allow-Headers: ")
            answerLines.writeBytes(names)
            answerLines.writeStaticString("\r\n")
        }
        writeCrossOriginLines(request)
        sink.begin(status: 204, lines: answerLines, length: 0)
        sink.end()
    }

    /// Writes an answer of the gateway itself and ends the sink.
    func write(_ answer: Answer, _ request: Request, to sink: any ResponseSink) {
        answerLines.clear()
        answerLines.writeString(answer.lines)
        writeCrossOriginLines(request)
        sink.begin(status: answer.status, lines: answerLines, length: answer.body.count)
        if !answer.body.isEmpty { sink.write(ByteBuffer(bytes: answer.body)) }
        sink.end()
    }
}
