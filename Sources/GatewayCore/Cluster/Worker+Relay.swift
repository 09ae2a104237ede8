// Requests that this event loop serves for others, and requests that others serve for it: the host of a stream or an
// instance may be another process, or another event loop of this one.
internal import HTTPWire
internal import MCPWire
internal import NIOCore
internal import TransportAPI
internal import TransportKit

extension Worker {
    /// A burst from the bus.
    func receive(_ burst: [(envelope: Envelope, sender: MemberID)]) {
        guard let desk else { return }
        for (envelope, sender) in burst { desk.received(envelope, from: sender) }
        desk.receivedAll()
    }

    // MARK: Host

    func serve(_ request: RelayRequest, from caller: MemberID, to answer: RelayAnswer) {
        var reader = RequestHeadReader(limits: HeadLimits(blockBytes: relayHeadBytes))
        let head = request.head.withUnsafeReadableBytes { view in try? reader.read(view) }
        guard let head, let facts = ForwardedFacts(request.context, from: caller),
            let upstream = gateway.parts.upstreams.first(where: { $0.digest == facts.upstream })
        else {
            return answer.refuse(
                TransportError(
                    .malformed, .notDelivered,
                    "\(gateway.parts.member) cannot read the request, or does not serve its upstream; do all members"
                        + " have the same configuration and version?"))
        }
        let whole = Request(head: head, block: request.head, body: request.body)
        whole.forwarded = facts
        let sink = RelaySink(answer)
        let endpoint: Endpoint =
            switch facts.door {
            case .streamable: .streamable(upstream)
            case .stream: .stream(upstream)
            case .messages: .messages(upstream)
            }
        // Also when the caller has left meanwhile: then the observer hears it now.
        sink.observer = serve(whole, endpoint, sink)
    }

    // MARK: Caller

    /// The request as its host gets it: the head made anew from what may travel, the session under the client's own id.
    func relayRequest(
        _ request: Request, _ upstream: UpstreamGroup, _ principal: Principal, lines: ByteBuffer, loop: UInt8?,
        isResumable: Bool, source: UInt64
    ) -> RelayRequest {
        let door: ForwardedFacts.Door =
            switch request.block.withUnsafeReadableBytes({ gateway.routes.find(request.head.path.bytes(in: $0)) }) {
            case .stream: .stream
            case .messages: .messages
            default: request.forwarded?.door ?? .streamable
            }
        var head = ByteBufferAllocator().buffer(capacity: lines.readableBytes + 512)
        head.writeStaticString(Self.requestLineStart(request.head.verb))
        request.block.withUnsafeReadableBytes { view in
            let query = request.head.query.bytes(in: view)
            guard !query.isEmpty else { return }
            head.writeStaticString("?")
            head.writeBytes(query)
        }
        head.writeStaticString(" HTTP/1.1\r\nHost: relay\r\n")
        head.writeImmutableBuffer(lines)
        request.block.withUnsafeReadableBytes { view in
            for name in [HeaderName.mcpSessionID, .lastEventID] {
                let value = request.head.known[name].bytes(in: view)
                guard request.head.known[name].isPresent else { continue }
                head.writeStaticString(name == .mcpSessionID ? "Mcp-Session-Id: " : "Last-Event-ID: ")
                head.writeBytes(value)
                head.writeStaticString("\r\n")
            }
        }
        head.writeStaticString("\r\n")
        let facts = ForwardedFacts(
            upstream: upstream.digest, door: door, principal: principal,
            messagesPath: RouteTable.messagesPath(upstream), isResumable: isResumable, source: source,
            showsCredentials: request.showsCredentials(upstream), isAccepted: request.isAccepted)
        return RelayRequest(context: facts.context, head: head, body: request.body, loop: loop)
    }

    private static func requestLineStart(_ verb: Verb) -> StaticString {
        switch verb {
        case .get: "GET /"
        case .delete: "DELETE /"
        default: "POST /"
        }
    }

    /// The live member of this start, this one included.
    func member(_ incarnation: UInt64) -> MemberID? {
        let own = gateway.parts.member
        return own.incarnation == incarnation ? own : members[incarnation]?.id
    }
}

/// Serves what other members ask of one event loop.
final class RelayDoor: RelayService {
    private unowned let worker: Worker

    init(worker: Worker) { self.worker = worker }

    func serve(_ request: RelayRequest, from caller: MemberID, to answer: RelayAnswer) {
        worker.serve(request, from: caller, to: answer)
    }
}
