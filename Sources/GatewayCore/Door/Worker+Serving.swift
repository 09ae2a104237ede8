// A whole request is there: finds out what it is and starts its exchange, or refuses it. Everything up to 2025-11-25
// is here and in `+Legacy`; 2026-07-28 is in `+Stateless`.
internal import HTTPWire
internal import MCPWire
internal import NIOCore

extension Worker {
    public func serve(_ request: Request, to sink: any ResponseSink) -> (any ClientObserver)? {
        let endpoint = request.block.withUnsafeReadableBytes {
            gateway.routes.find(request.head.path.bytes(in: $0))
        }
        guard let endpoint else {
            write(Refusal.noEndpoint.answer(), request, to: sink)
            return nil
        }
        if request.head.verb == .options {
            answerPreflight(request, to: sink)
            return nil
        }
        return serve(request, endpoint, sink)
    }

    /// The same for a request whose endpoint is known.
    func serve(_ request: Request, _ endpoint: Endpoint, _ sink: any ResponseSink) -> (any ClientObserver)? {
        var id = ByteRange.absent
        do throws(Refusal) {
            return try serve(request, endpoint, sink, &id)
        } catch {
            if let unread = error.unread { return hold(request, endpoint, sink, until: unread) }
            // Its caller has the client, and may do without this member.
            if error.mayBeServedElsewhere, let relay = sink as? RelaySink {
                relay.refuse(error.message)
                return nil
            }
            let began = NIODeadline.now()
            request.body.withUnsafeReadableBytes { view in
                let raw = id.isAbsent || Int(id.end) > view.count
                    ? nil : UnsafeRawBufferPointer(rebasing: view[id.range])
                write(error.answer(id: raw), request, to: sink)
            }
            noteRefusal(error, endpoint.upstream, request, began)
            return nil
        }
    }

    private func serve(
        _ request: Request, _ endpoint: Endpoint, _ sink: any ResponseSink, _ id: inout ByteRange
    ) throws(Refusal) -> (any ClientObserver)? {
        switch endpoint {
        case .stream(let upstream):
            return try openLegacyStream(request, upstream, sink)
        case .messages(let upstream):
            let plan = try planLegacyMessage(request, upstream)
            let message = try scanOne(request, &id)
            plan.message = message
            if message.kind == .request, let session = plan.session { try refuseBeyondCalls(request, message, session) }
            return start(try withAnswer(request, plan), sink)
        case .streamable(let upstream):
            switch request.head.verb {
            case .post: return try post(request, upstream, sink, &id)
            case .get: return try openStream(request, upstream, sink)
            default: return try delete(request, upstream, sink)
            }
        }
    }

    // MARK: POST

    private func post(
        _ request: Request, _ upstream: UpstreamGroup, _ sink: any ResponseSink, _ id: inout ByteRange
    ) throws(Refusal) -> (any ClientObserver)? {
        switch try scan(request, &id) {
        case .message(let message):
            if message.kind == .request { id = message.id }
            return start(try route(request, message, upstream), sink)
        case .batch(let messages):
            return try startBatch(request, messages, upstream, sink)
        }
    }

    /// What is to be done with one message.
    private func route(
        _ request: Request, _ message: Message, _ upstream: UpstreamGroup
    ) throws(Refusal) -> (Request, ExchangePlan) {
        let header = request.head.known[.mcpProtocolVersion]
        let revision = request.withValue(.mcpProtocolVersion) { Revision(bytes: $0) }
        let isModern = !message.metaProtocolVersion.isAbsent || revision?.isStateless == true
        if isModern { return try routeStateless(request, message, upstream) }
        if header.isPresent, revision == nil || request.head.known.isRepeated(.mcpProtocolVersion) {
            throw unsupportedVersion(request, upstream)
        }
        return try planLegacy(request, message, upstream)
    }

    func start(_ routed: (request: Request, plan: ExchangePlan), _ sink: any ResponseSink) -> any ClientObserver {
        let exchange = Exchange(worker: self, plan: routed.plan, request: routed.request, sink: sink)
        exchange.start()
        return exchange
    }

    // MARK: Scanning

    private func scan(_ request: Request, _ id: inout ByteRange) throws(Refusal) -> ScannedBody {
        let result = request.body.withUnsafeReadableBytes { view in
            Result { () throws(ScanError) in try MessageScanner.scan(view, limits: scanLimits) }
        }
        switch result {
        case .success(let body): return body
        case .failure(let error):
            id = error.id
            throw Refusal(400, error.code, error.reason)
        }
    }

    private func scanOne(_ request: Request, _ id: inout ByteRange) throws(Refusal) -> Message {
        guard case .message(let message) = try scan(request, &id) else { throw .batchNotAllowed }
        return message
    }

    // MARK: Counting

    private func noteRefusal(_ refusal: Refusal, _ upstream: UpstreamGroup, _ request: Request, _ began: NIODeadline) {
        let outcome: Outcome = refusal.status >= 500 ? .unavailable : .refused
        metrics.record(upstream: upstream.index, method: .none, outcome: outcome, nanoseconds: 0)
        accessLog?.add(
            "time=\(Timestamp.now()) level=info msg=access verb=\(request.head.verb) upstream=\(upstream.name)"
                + " status=\(refusal.status) outcome=\(outcome.label)\n")
    }
}
