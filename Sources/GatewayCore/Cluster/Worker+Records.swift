// What this node puts on record of its sessions, and reads of others'. Nothing of it is on the way of a call: a session
// is recorded before its client hears of it, and everything later is written behind.
internal import Logging
internal import NIOCore
internal import Synchronization
internal import TransportAPI
internal import TransportKit

extension Worker {
    var directory: (any SessionDirectory)? { gateway.parts.cluster?.directory }

    private var recordLifetime: TimeAmount { gateway.parts.waits.sessionMaxAge }

    /// How long it stays on record that a session has ended. Later its instance, which was told, is the one to know.
    static let endedLifetime = TimeAmount.minutes(10)

    private var idleSeconds: UInt32 {
        max(1, UInt32(clamping: gateway.parts.waits.sessionIdle.nanoseconds / 1_000_000_000))
    }

    // MARK: Beginning

    /// Puts a new session on record, then goes on. A directory that is down does not hold it up for longer than its
    /// timeout: the session is then known by its token alone.
    func record(_ session: Session, handshake: [UInt8], then body: @escaping () -> Void) {
        guard let directory else { return body() }
        let record = SessionRecord(session, handshake: handshake, now: gateway.clock.unixSeconds)
        directory.create(session.id.key, record.value, lifetime: recordLifetime, on: loop)
            .assumeIsolated().whenComplete { result in
                if case .failure(let error) = result { self.noteUnrecorded(session, error) }
                body()
            }
    }

    private func noteUnrecorded(_ session: Session, _ error: any Error) {
        session.isUnrecorded.store(true, ordering: .relaxed)
        metrics.recordFailures &+= 1
        gateway.parts.logger.warning(
            "a session is not on record: it lives, and is known by its id alone",
            metadata: ["session": "\(session.fingerprint)", "error": "\(error)"])
    }

    // MARK: Reading

    /// What is on record of a session; nil when nothing is, or nobody knows.
    func lookUp(_ session: Session, then body: @escaping (SessionRecord?) -> Void) {
        lookUp(session.id) { record in
            // Ended is final, whoever reads it and for whatever reason.
            if record?.state == .ended { self.end(session) }
            body(record)
        }
    }

    private func lookUp(_ id: SessionID, then body: @escaping (SessionRecord?) -> Void) {
        guard let directory else { return body(nil) }
        directory.read(id.key, on: loop).assumeIsolated().whenComplete { result in
            switch result {
            case .success(.found(let found)): body(SessionRecord(found.value))
            case .success(.absent), .success(.unknown): body(nil)
            case .failure:
                self.metrics.recordFailures &+= 1
                body(nil)
            }
        }
    }

    /// A session that began elsewhere is served by its token at once; should it have ended, this finds out.
    func verify(_ session: Session, then body: @escaping () -> Void = {}) {
        guard directory != nil else { return body() }
        let gaps = gateway.gaps
        lookUp(session) { record in
            if let record, record.principal != session.principal { self.end(session) }
            // Where the directory does not answer, the node goes on with what it knows.
            session.noteRead(after: gaps)
            if let record, !session.hasEnded, self.isOld(record) { self.recordUse(of: session) }
            body()
        }
    }

    /// Serves a request once it is known what it needs. The directory answers, or gives up, within its timeout; a node
    /// is new for two heartbeats.
    func hold(
        _ request: Request, _ endpoint: Endpoint, _ sink: any ResponseSink, until unread: Refusal.Unread
    ) -> any ClientObserver {
        let held = HeldRequest()
        metrics.exchanges += 1
        let goOn = {
            self.metrics.exchanges -= 1
            held.goOn { self.serve(request, endpoint, sink) }
        }
        switch unread {
        case .members: loop.assumeIsolated().scheduleTask(in: Self.tickInterval, goOn)
        case .state(let session): verify(session, then: goOn)
        case .upstreamID(let token):
            lookUp(token.session) { record in
                if let record, record.state == .live, record.principal == token.principal {
                    _ = self.restore(token, upstreamSessionID: record.upstreamSessionID)
                }
                request.hasReadRecord = true
                goOn()
            }
        }
        return held
    }

    // MARK: Changing

    /// Changes the record by compare-and-set, again when somebody else was faster. `body` says what it changed to, or
    /// nil for nothing to change.
    func change(
        _ session: Session, attempts: Int = 4, _ body: @escaping (SessionRecord) -> SessionRecord?,
        missing: @escaping () -> Void = {}, then done: @escaping () -> Void = {}
    ) {
        guard let directory else { return done() }
        directory.read(session.id.key, on: loop).assumeIsolated().whenComplete { result in
            guard case .success(.found(let found)) = result, let record = SessionRecord(found.value) else {
                if case .failure = result { self.metrics.recordFailures &+= 1 } else { missing() }
                return done()
            }
            if record.state == .ended { self.end(session) }
            guard let changed = body(record) else { return done() }
            directory.update(
                session.id.key, changed.value, from: found.revision,
                lifetime: changed.state == .ended ? Self.endedLifetime : self.recordLifetime, on: self.loop
            ).assumeIsolated().whenComplete { result in
                switch result {
                case .success(.lost) where attempts > 1:
                    self.change(session, attempts: attempts - 1, body, missing: missing, then: done)
                case .failure:
                    self.metrics.recordFailures &+= 1
                    done()
                default: done()
                }
            }
        }
    }

    /// Sets the session's end on record and tells everybody, then goes on: ended comes before everything else.
    func endRecord(of session: Session?, then body: @escaping () -> Void) {
        guard let session, directory != nil, !session.instance.isAttached else { return body() }
        writeEnd(of: session, then: body)
    }

    /// The attachment that was to end it may not have heard of it: then the record says it, and this note.
    func endAttached(_ session: Session) {
        guard directory != nil else { return }
        writeEnd(of: session) {}
    }

    private func writeEnd(of session: Session, then body: @escaping () -> Void) {
        gateway.tell(.ended(session.id))
        change(
            session,
            { record in
                guard record.state != .ended else { return nil }
                var ended = record
                ended.state = .ended
                ended.handshake = []
                return ended
            },
            then: {
                // Whoever read the record between the first note and the write has believed that it lives.
                self.gateway.tell(.ended(session.id))
                body()
            })
    }

    /// Puts on record that the session is in use, at most once per quarter of the idle limit.
    func noteUse(of session: Session) {
        let last = session.recordedAt.load(ordering: .relaxed)
        guard hasDirectory, !session.instance.isAttached, nowSeconds &- min(last, nowSeconds) > idleSeconds / 4
        else { return }
        recordUse(of: session)
    }

    /// Its last use on record is longer ago than it should be.
    private func isOld(_ record: SessionRecord) -> Bool {
        let unix = gateway.clock.unixSeconds
        return unix &- min(record.lastSeen, unix) > idleSeconds / 4
    }

    private func recordUse(of session: Session) {
        session.recordedAt.store(nowSeconds, ordering: .relaxed)
        change(session) { record in
            guard record.state == .live else { return nil }
            var seen = record
            seen.lastSeen = self.gateway.clock.unixSeconds
            return seen
        }
    }

    // MARK: The holder of the session's own stream

    /// Puts on record that this event loop holds the session's own stream.
    func claimStream(_ session: Session, _ name: StreamName) {
        let own = gateway.parts.member.incarnation
        change(session) { record in
            var held = record
            held.holder = own
            held.heldStream = name.packed
            return held == record ? nil : held
        }
    }

    /// The stream is over here. Whoever holds another one by now keeps it.
    func releaseStream(_ session: Session, _ name: StreamName) {
        guard !session.hasEnded else { return }
        let own = gateway.parts.member.incarnation
        change(session) { record in
            guard record.holder == own, record.heldStream == name.packed else { return nil }
            var free = record
            free.holder = 0
            free.heldStream = 0
            return free
        }
    }

    // MARK: Ending

    /// Nobody has used the session here for long, or it is too old. Others may be using it: then it stays, and is
    /// looked at again when it may be over. Behind an attachment it is the attachment that ends it.
    func retire(_ session: Session) {
        let isAttached = session.instance.isAttached
        let isOurs = directory == nil || session.isUnrecorded.load(ordering: .relaxed)
        if nowSeconds >= session.endsAt || session.hasEnded || isOurs && !isAttached {
            return isAttached ? end(session) : endIdle(session)
        }
        session.touch(nowSeconds)
        guard !isAttached else { return }
        let idle = idleSeconds
        // Where the directory does not answer the session lives on.
        var isOver = false
        change(
            session,
            { record in
                let unix = self.gateway.clock.unixSeconds
                let quiet = unix &- min(record.lastSeen, unix)
                isOver = record.state == .live && quiet >= idle
                guard isOver else {
                    session.touch(self.nowSeconds &- min(quiet, self.nowSeconds))
                    return nil
                }
                var ended = record
                ended.state = .ended
                ended.handshake = []
                return ended
            },
            missing: {
                // Nobody knows whether others use it. Its client finds it again by its token.
                guard session.isRestored else { return }
                session.forget()
                self.gateway.sessions.forget(session)
            },
            then: { if isOver { self.endIdle(session) } })
    }

    private func endIdle(_ session: Session) {
        let isFirst = session.end()
        gateway.sessions.remove(session.id)
        guard isFirst else { return }
        gateway.tell(.ended(session.id))
        endUpstream(session.upstream, session.instance, session.upstreamSessionID)
    }
}

extension SessionID {
    /// What the directory knows it by.
    var key: Key128 { Key128(high: high, low: low) }
}
