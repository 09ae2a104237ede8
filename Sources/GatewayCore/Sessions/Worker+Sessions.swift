// Sealed session ids on one event loop: opening, minting, ending.
internal import HTTPWire
internal import MCPWire
internal import NIOCore
internal import SealedBox
internal import TransportAPI

extension Worker {
    /// The session that the request names. Every failure looks the same to the client.
    /// - Parameter isFinal: what the request does cannot be taken back. It waits for the record of a session that has
    ///   just turned up here.
    func session(
        of request: Request, _ upstream: UpstreamGroup, _ principal: Principal, isFinal: Bool = false
    ) throws(Refusal) -> Session {
        if request.head.known.isRepeated(.mcpSessionID) { throw .repeatedSession }
        var found = request.withValue(.mcpSessionID) { find($0) }
        if found == nil, let token = request.withValue(.mcpSessionID, { foreignToken($0) }),
            token.upstream == upstream.digest, token.principal == principal
        {
            if gateway.sessions.hasNoRoom(for: token.session) {
                guard makeRoom(for: Owner(token.principal)) else { throw .noRoomForSession }
                found = request.withValue(.mcpSessionID) { find($0) }
            }
            if found == nil, request.record == .unknown { throw .recordUnknown }
            if found == nil, hasDirectory, request.record == .unread, token.upstreamSessionID == nil,
                !gateway.sessions.hasEnded(token.session)
            {
                throw .unread(.upstreamID(token))
            }
        }
        guard let found, found.upstream === upstream, found.principal == principal, found.messagePath == nil
        else { throw .sessionNotFound }
        if hasDirectory, !found.instance.isAttached {
            let isUnread = found.isUnread(since: gateway.gaps) || isFinal && found.isUnverified
            if isUnread, !request.isSettled { throw .unread(.state(found)) }
            if found.takeReading(now: nowSeconds) { verify(found) }
        }
        return found
    }

    /// The live session for a token, from this loop's cache, the node's table, or the token alone.
    func find(_ token: UnsafeRawBufferPointer) -> Session? {
        if let session = tokens.find(token), !session.isForgotten {
            return session.hasEnded || isTooOld(session) ? nil : session
        }
        guard let opened = SessionToken.open(token, sealer), let session = recorded(opened), !session.hasEnded,
            !isTooOld(session)
        else { return nil }
        tokens.insert(token, session)
        return session
    }

    /// A good token of another node, or of another start of this one.
    private func foreignToken(_ token: UnsafeRawBufferPointer) -> SessionToken? {
        guard let opened = SessionToken.open(token, sealer), opened.incarnation != gateway.sessions.incarnation,
            gateway.clock.unixSeconds < opened.expires
        else { return nil }
        return opened
    }

    private func isTooOld(_ session: Session) -> Bool { nowSeconds >= session.endsAt }

    private func recorded(_ token: SessionToken) -> Session? {
        if let session = gateway.sessions.find(token.session) { return session }
        // A token of this start without an entry has ended. One from before a restart with the same secret says all
        // that is needed to go on: its instance and its id there. If that is gone too, the instance will say so.
        guard token.incarnation != gateway.sessions.incarnation, gateway.clock.unixSeconds < token.expires,
            let id = token.upstreamSessionID
        else { return nil }
        return restore(token, upstreamSessionID: id)
    }

    /// Enters a session that began elsewhere. Nil when it has ended, or there is no room or no such instance.
    func restore(_ token: SessionToken, upstreamSessionID id: [UInt8]) -> Session? {
        let unix = gateway.clock.unixSeconds
        guard let upstream = gateway.parts.upstreams.first(where: { $0.digest == token.upstream }),
            let instance = instance(of: token, upstream), !id.isEmpty, unix < token.expires
        else { return nil }
        let session = Session(
            id: token.session, upstream: upstream, instance: instance, upstreamSessionID: id,
            principal: token.principal, owner: Owner(token.principal), messagePath: nil, now: nowSeconds,
            endsAt: nowSeconds &+ (token.expires - unix), isRestored: true, gaps: gateway.gaps)
        if token.revision != .max { session.revisionValue = token.revision }
        session.listKinds = ListKinds(rawValue: token.kinds)
        return gateway.sessions.insert(session)
    }

    /// The instance that a token names. One that attaches itself may not have been heard of yet.
    private func instance(of token: SessionToken, _ upstream: UpstreamGroup) -> Instance? {
        if let known = upstream.instance(digest: token.instance) { return known }
        guard upstream.takesAttachments else { return nil }
        return upstream.attachedInstance(digest: token.instance, name: nil, now: nowSeconds)
    }

    /// Enters a new session in the table. Nil when the table is full; the instance is told then.
    func makeSession(
        _ upstream: UpstreamGroup, _ instance: Instance, upstreamSessionID: [UInt8], _ principal: Principal,
        owner: Owner, credentials: [UInt8] = [], messagePath: String? = nil
    ) -> Session? {
        _ = makeRoom(for: owner)
        let age = UInt32(clamping: gateway.parts.waits.sessionMaxAge.nanoseconds / 1_000_000_000)
        let session = Session(
            id: SessionID(high: gateway.parts.random(), low: gateway.parts.random()), upstream: upstream,
            instance: instance, upstreamSessionID: upstreamSessionID, principal: principal, owner: owner,
            messagePath: messagePath, now: nowSeconds, endsAt: nowSeconds &+ max(age, 1), gaps: gateway.gaps)
        if let entered = gateway.sessions.insert(session) { return entered }
        session.end()
        endUpstream(upstream, instance, upstreamSessionID, credentials: credentials)
        return nil
    }

    /// Whom a session would count for that this request begins.
    func owner(of request: Request, _ principal: Principal, _ sink: (any ResponseSink)?) -> Owner {
        if principal != .anonymous { return Owner(principal) }
        return Owner(principal, source: source(of: request, sink))
    }

    /// The client's address as shares know it.
    func source(of request: Request, _ sink: (any ResponseSink)?) -> UInt64 {
        request.forwarded?.source ?? sink.map { Owner.source($0.clientAddress) } ?? 0
    }

    /// True if another session has room. In a full table whoever has most gives up what it does not use.
    func makeRoom(for owner: Owner) -> Bool {
        guard gateway.sessions.isFull else { return true }
        for session in gateway.sessions.dispensable(for: owner, now: nowSeconds) {
            metrics.sessionsGivenUp &+= 1
            giveUp(session)
        }
        return !gateway.sessions.isFull
    }

    private func giveUp(_ session: Session) {
        // What began elsewhere is known there, and its token brings it back.
        if session.isRestored { return forget(session) }
        guard session.instance.isAttached else { return abandon(session) }
        end(session)
        endAttached(session)
    }

    /// What the client gets to hold.
    func token(for session: Session) -> [UInt8] {
        let unix = gateway.clock.unixSeconds
        let token = SessionToken(
            session: session.id, incarnation: gateway.sessions.incarnation, upstream: session.upstream.digest,
            instance: session.instance.digest, node: gateway.parts.member.incarnation, principal: session.principal,
            revision: session.revisionValue ?? .max, kinds: session.listKinds.rawValue, minted: unix,
            expires: unix &+ (session.endsAt &- min(session.endsAt, nowSeconds)),
            upstreamSessionID: session.upstreamSessionID.count <= SessionToken.upstreamIDBytesMax
                ? session.upstreamSessionID : nil)
        let text = token.seal(sealer)
        text.withUnsafeBytes { tokens.insert($0, session) }
        return text
    }

    func end(_ session: Session) {
        session.end()
        gateway.sessions.remove(session.id)
    }

    /// Its instance does not know it any more.
    func noteGone(_ session: Session) {
        end(session)
        endRecord(of: session) {}
    }

    /// Ends a session whose client never got its id, upstream too.
    func abandon(_ session: Session) {
        noteGone(session)
        endUpstream(session)
    }

    // MARK: Principal

    /// Who is speaking: anonymous, or a digest of the configured header.
    func principal(of request: Request) -> Principal {
        if let facts = request.forwarded { return facts.principal }
        guard let name = gateway.parts.principalHeader else { return .anonymous }
        return request.block.withUnsafeReadableBytes { view in
            // All lines of that name: whoever adds one to another's is somebody else.
            var text: [UInt8] = []
            for field in request.head.fields where name.equalsIgnoringCase(field.nameRange.bytes(in: view)) {
                text += text.isEmpty ? [] : [0x0A]
                text += field.value.bytes(in: view)
            }
            guard !text.isEmpty else { return .anonymous }
            let digest = text.withUnsafeBytes { Digest.sha256($0) }
            var principal = Principal()
            principal.high = digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            principal.low = digest.dropFirst(8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            return principal
        }
    }

    /// The tag that brings an echoed value back to `instance`.
    func makeTag(_ instance: Instance, _ principal: Principal) -> [UInt8] {
        let age = UInt32(clamping: gateway.parts.waits.sessionMaxAge.nanoseconds / 1_000_000_000)
        return gateway.tags.tag(
            instance.digest, principal, lifetime: age, now: gateway.clock.unixSeconds, sealer)
    }
}

extension Session {
    /// Eight characters for logs. The client's token does not show them.
    var fingerprint: String {
        let text = String(id.high >> 32, radix: 16)
        return String(repeating: "0", count: 8 - text.count) + text
    }
}

extension Exchange {
    /// The instance has begun a session: mint ours. False if the request ended with a refusal.
    func beginSession(_ id: [UInt8]) -> Bool {
        guard let instance else { return false }
        // 2025-11-25, Session Management: visible ASCII. Anything else could not be sent back to it.
        guard !id.isEmpty, id.count <= Exchange.upstreamSessionIDBytesMax, id.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            handle?.cancel()
            handle = nil
            refuse(
                Refusal(
                    502, .internalError,
                    "The instance sent a session id that is not visible ASCII, or has more than"
                        + " \(Exchange.upstreamSessionIDBytesMax) bytes."), .unavailable)
            return false
        }
        newSession = worker.makeSession(
            plan.upstream, instance, upstreamSessionID: id, plan.principal,
            owner: worker.owner(of: request, plan.principal, sink), credentials: ownCredentials)
        guard newSession == nil else { return true }
        handle?.cancel()
        handle = nil
        refuse(.tooManySessions, .unavailable)
        return false
    }

    /// Bytes of an instance's own session id. Beyond: its answer is refused.
    static let upstreamSessionIDBytesMax = 1024
}
