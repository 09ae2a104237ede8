// GET: the session's own stream, and every stream that a client takes up again with `Last-Event-ID` (2025-11-25,
// Streamable HTTP, Resumability and Redelivery). Exactly what is missing, in order, or a plain word that it is lost.
internal import HTTPWire
internal import MCPWire
internal import NIOCore
internal import Synchronization
internal import TransportAPI
internal import TransportKit

extension Worker {
    func openStream(
        _ request: Request, _ upstream: UpstreamGroup, _ sink: any ResponseSink
    ) throws(Refusal) -> (any ClientObserver)? {
        try checkVersion(request, upstream)
        guard request.has(.mcpSessionID) else {
            throw mayKeepNone(upstream) ? .streamNotOffered : .sessionMissing
        }
        let principal = principal(of: request)
        let session = try session(of: request, upstream, principal)
        // Behind an attachment that one asks the instance, which knows it.
        if !session.instance.isAttached { try checkCredentials(of: request, session) }
        if upstream.options.isResumable {
            if request.has(.lastEventID) { return try resume(request, session, sink) }
            if let held = StreamName.unpack(session.heldStream.load(ordering: .relaxed)) {
                if let stream = streams.find(held), stream.session.id == session.id {
                    return rejoin(stream, request, sink, afterLoss: false)
                }
                if held.loop != index, desk != nil {
                    let host = ExchangePlan.Host(gateway.parts.member, loop: held.loop)
                    return start(forwarded(request, session, to: host), sink)
                }
            }
        } else if session.streams.load(ordering: .relaxed) >= gateway.parts.limits.streamsPerSession {
            throw .tooManyStreams
        }
        return try startStream(request, session, sink, afterLoss: false)
    }

    /// Asks the session's instance for its stream.
    func startStream(
        _ request: Request, _ session: Session, _ sink: any ResponseSink, afterLoss: Bool
    ) throws(Refusal) -> any ClientObserver {
        if gateway.isDraining { throw .draining }
        let plan = ExchangePlan(upstream: session.upstream, target: .pinned(session.instance))
        plan.verb = .get
        plan.session = session
        plan.principal = session.principal
        plan.announcesLists = afterLoss
        plan.isResumable = true
        plan.cancelsWithClient = true
        return start((request, plan), sink)
    }

    /// The request for a stream that another member, or another event loop, holds.
    private func forwarded(
        _ request: Request, _ session: Session, to host: ExchangePlan.Host
    ) -> (Request, ExchangePlan) {
        let plan = ExchangePlan(upstream: session.upstream, target: .host(host))
        plan.verb = .get
        plan.session = session
        plan.principal = session.principal
        plan.cancelsWithClient = true
        return (request, plan)
    }

    // MARK: Last-Event-ID

    private func resume(
        _ request: Request, _ session: Session, _ sink: any ResponseSink
    ) throws(Refusal) -> (any ClientObserver)? {
        let id = request.head.known.isRepeated(.lastEventID)
            ? nil : request.withValue(.lastEventID) { EventID.open($0, sealer) }
        guard let id, id.session == session.id else {
            metrics.resumesRefused &+= 1
            throw .badEventID
        }
        if id.host != gateway.parts.member.incarnation || id.stream.loop != index, request.forwarded == nil,
            desk != nil, let holder = member(id.host)
        {
            let host = ExchangePlan.Host(holder, loop: id.stream.loop)
            host.ifGone = { exchange in
                exchange.handOver { sink throws(Refusal) in try exchange.worker.lost(id, request, session, sink) }
            }
            return start(forwarded(request, session, to: host), sink)
        }
        // Whoever has just started has not heard of all others, and must not take them for gone.
        if isNew, member(id.host) == nil { throw .unread(.members) }
        guard id.host == gateway.parts.member.incarnation, let stream = streams.find(id.stream),
            stream.session.id == session.id
        else { return try lost(id, request, session, sink) }
        guard id.number < stream.ring.next else {
            metrics.resumesRefused &+= 1
            throw .badEventID
        }
        let isOver = stream.exchange == nil && id.number &+ 1 == stream.ring.next
        if stream.ring.events(after: id.number) == nil || isOver && !id.isCall {
            return try lost(id, request, session, sink)
        }
        metrics.resumes &+= 1
        return join(stream, after: id.number, request, sink)
    }

    /// So short is this node there that a live member may not have been heard yet.
    private var isNew: Bool {
        guard hasDirectory, let timing = gateway.parts.cluster?.timing else { return false }
        let since = gateway.heardSince
        // A bus that is broken is waited for no longer: what the log has is told.
        guard since != .max else { return false }
        let twice = UInt32(clamping: (timing.heartbeat * 2).nanoseconds / 1_000_000_000)
        return nowSeconds &- min(since, nowSeconds) < twice
    }

    /// Gives the client what it has not seen, and makes it the one that listens.
    func join(
        _ stream: HostedStream, after position: UInt64, _ request: Request, _ sink: any ResponseSink
    ) -> (any ClientObserver)? {
        let exchange = stream.exchange
        let replaced = exchange?.attach(sink)
        defer { if let replaced { exchange?.dismiss(replaced) } }
        // The head comes with the instance's.
        if let exchange, !exchange.sentHead { return exchange }
        let missed = stream.ring.events(after: position) ?? []
        beginEvents(request, sink)
        if missed.isEmpty {
            var first = ByteBuffer()
            stream.handedOver = position
            if stream.session.revision.primesStreams { stream.writePriming(to: &first) }
            sink.write(first.readableBytes > 0 ? first : Exchange.commentLine)
        }
        for event in missed { sink.write(event) }
        stream.handedOver = stream.ring.next &- 1
        guard let exchange else {
            sink.end()
            return nil
        }
        sink.flush()
        return exchange
    }

    /// The session's own stream, from where its last client left it or, if that is not kept any more, from what is.
    func rejoin(
        _ stream: HostedStream, _ request: Request, _ sink: any ResponseSink, afterLoss: Bool
    ) -> (any ClientObserver)? {
        let hasGap = stream.ring.events(after: stream.handedOver) == nil
        let exchange = stream.exchange
        let observer = join(stream, after: hasGap ? stream.ring.first &- 1 : stream.handedOver, request, sink)
        if hasGap || afterLoss { exchange?.announceLists() }
        return observer
    }

    func beginEvents(_ request: Request, _ sink: any ResponseSink) {
        answerLines.clear()
        answerLines.writeStaticString(
            "Content-Type: text/event-stream\r\nCache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n")
        writeCrossOriginLines(request)
        sink.begin(status: 200, lines: answerLines, length: nil)
    }
}
