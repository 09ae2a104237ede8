// HTTP+SSE of 2024-11-05: a session is one open stream, and its messages go to a path that the stream's first event
// names. The gateway puts its own path there, with its own sealed id.
internal import HTTPWire
internal import MCPWire
internal import NIOCore
internal import Synchronization
internal import TransportAPI

extension Worker {
    func openLegacyStream(
        _ request: Request, _ upstream: UpstreamGroup, _ sink: any ResponseSink
    ) throws(Refusal) -> any ClientObserver {
        if gateway.isDraining { throw .draining }
        let principal = principal(of: request)
        guard makeRoom(for: owner(of: request, principal, sink)) else { throw .tooManySessions }
        let plan = ExchangePlan(upstream: upstream, target: .any(.stream))
        plan.verb = .get
        plan.usesStreamEndpoint = true
        plan.principal = principal
        plan.mode = .legacyStream
        plan.cancelsWithClient = true
        return start((request, plan), sink)
    }

    /// What is to be done with a message of 2024-11-05, its body aside: the session comes first, as in the SDKs.
    func planLegacyMessage(_ request: Request, _ upstream: UpstreamGroup) throws(Refusal) -> ExchangePlan {
        let principal = principal(of: request)
        var isNamed = false
        let session = request.block.withUnsafeReadableBytes { view in
            let token = Self.sessionParameter(request.head.query.bytes(in: view))
            isNamed = token != nil
            return token.flatMap { find($0) }
        }
        guard isNamed else { throw .sessionParameterMissing }
        if session == nil, request.forwarded == nil,
            let holder = holder(ofStreamNamedBy: request, upstream, principal)
        {
            let plan = ExchangePlan(upstream: upstream, target: .host(ExchangePlan.Host(holder, loop: nil)))
            plan.principal = principal
            return plan
        }
        guard let session, session.upstream === upstream, session.principal == principal,
            let path = session.messagePath
        else { throw .sessionNotFound }
        let plan = ExchangePlan(upstream: upstream, target: .pinned(session.instance))
        plan.session = session
        plan.principal = principal
        plan.path = path
        return plan
    }

    /// More calls than one session may have at once: the client waits for the answer on its stream, and is told there.
    func refuseBeyondCalls(_ request: Request, _ message: Message, _ session: Session) throws(Refusal) {
        guard session.calls.load(ordering: .relaxed) >= gateway.parts.limits.callsPerSession else { return }
        // Nothing is said on the owner's stream because of somebody else's call.
        guard speaksForOwner(request, session) else { throw .tooManyCalls }
        let error = body(request, message.id) { Refusal.tooManyCalls.answer(id: $0).body }
        for worker in gateway.allWorkers {
            worker.loop.execute { worker.legacyStreams[session.id]?.say(error) }
        }
        throw .lateAnswer
    }

    /// The member whose connection is the session that the request names: a 2024-11-05 session is one stream.
    private func holder(
        ofStreamNamedBy request: Request, _ upstream: UpstreamGroup, _ principal: Principal
    ) -> MemberID? {
        request.block.withUnsafeReadableBytes { view in
            guard let text = Self.sessionParameter(request.head.query.bytes(in: view)),
                let token = SessionToken.open(text, sealer), token.upstream == upstream.digest,
                token.principal == principal, token.node != gateway.parts.member.incarnation
            else { return nil }
            return member(token.node)
        }
    }

    /// The value of `session_id` in a query string. Our tokens need no percent-encoding.
    private static func sessionParameter(_ query: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let name = "session_id="
        for part in query.split(separator: UInt8(ascii: "&")) where part.starts(with: name.utf8) {
            return UnsafeRawBufferPointer(rebasing: part.dropFirst(name.utf8.count))
        }
        return nil
    }
}

extension Exchange {
    /// The first event: `endpoint`, with the instance's path in it. Replaced by the gateway's own.
    func beginLegacyStream(_ event: Event, _ view: UnsafeRawBufferPointer) -> EventRelay.Verdict {
        if event.isEmpty || sink == nil { return .drop }
        guard Self.isEndpoint(event, view), event.dataLines == 1, let instance,
            let path = Self.messagePath(UnsafeRawBufferPointer(rebasing: view[event.data.range]))
        else { return refuseStream(.noUsableEndpoint) }
        guard
            let session = worker.makeSession(
                plan.upstream, instance, upstreamSessionID: [], plan.principal,
                owner: worker.owner(of: request, plan.principal, sink), messagePath: path)
        else { return refuseStream(.tooManySessions) }
        newSession = session
        worker.legacyStreams[session.id] = self
        session.streams.add(1, ordering: .relaxed)
        let token = String(decoding: worker.token(for: session), as: UTF8.self)
        begin(
            AnswerHead(
                status: 200, content: .eventStream, length: nil, sessionID: nil,
                lines: ByteBuffer(string: "Content-Type: text/event-stream\r\n")), length: nil)
        let own = "\(request.forwarded?.messagesPath ?? RouteTable.messagesPath(plan.upstream))?session_id=\(token)"
        return .replace(ByteBuffer(string: "event: endpoint\ndata: \(own)\n\n"))
    }

    static func isEndpoint(_ event: Event, _ view: UnsafeRawBufferPointer) -> Bool {
        !event.name.isAbsent && Int(event.name.end) <= view.count
            && view[event.name.range].elementsEqual(endpointName)
    }

    private static let endpointName = Array("endpoint".utf8)

    private func refuseStream(_ refusal: Refusal) -> EventRelay.Verdict {
        handle?.cancel()
        handle = nil
        refuse(refusal, .unavailable)
        return .drop
    }

    /// The path and query of an `endpoint` value. An instance is trusted with its own paths only, so an absolute URL
    /// loses its host: messages go to the instance that opened the stream.
    static func messagePath(_ data: UnsafeRawBufferPointer) -> String? {
        guard data.count <= 2048, data.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        if text.utf8.first == UInt8(ascii: "/"), !text.hasPrefix("//") { return text }
        for scheme in ["http://", "https://"] where text.hasPrefix(scheme) {
            let rest = text.dropFirst(scheme.count)
            guard let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
            return String(rest[slash...])
        }
        return nil
    }
}
