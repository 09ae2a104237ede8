// What this node puts on record of its sessions, and reads of others'. Nothing of it is on the way of a call: a session
// is recorded before its client hears of it, and everything later is written behind.
internal import Logging
internal import NIOCore
internal import SealedBox
internal import Synchronization
internal import TransportAPI
internal import TransportKit

extension Worker {
    var directory: (any SessionDirectory)? { gateway.parts.cluster?.directory }

    var recordLifetime: TimeAmount { gateway.parts.waits.sessionMaxAge }

    /// How long it stays on record that a session has ended. Later its instance, which was told, is the one to know.
    /// Longer than the idle time of who has not heard of it.
    private var endedLifetime: TimeAmount { max(.minutes(10), gateway.parts.waits.sessionIdle * 2) }

    var idleSeconds: UInt32 {
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
        read(session.id) { reading in
            guard case .found(let record) = reading else { return body(nil) }
            // Ended is final, whoever reads it and for whatever reason.
            if record.state == .ended { self.end(session) }
            body(record)
        }
    }

    private enum Reading {
        case found(SessionRecord)
        /// Provably on no record.
        case absent
        /// Nobody knows, or nobody answers.
        case unknown
    }

    private func read(_ id: SessionID, then body: @escaping (Reading) -> Void) {
        guard let directory else { return body(.unknown) }
        directory.read(id.key, on: loop).assumeIsolated().whenComplete { result in
            switch result {
            case .success(.found(let found)): body(SessionRecord(found.value).map { .found($0) } ?? .unknown)
            case .success(.absent): body(.absent)
            case .success(.unknown): body(.unknown)
            case .failure:
                self.metrics.recordFailures &+= 1
                body(.unknown)
            }
        }
    }

    /// A session that began elsewhere is served by its token at once; should it have ended, this finds out.
    func verify(_ session: Session, then body: @escaping () -> Void = {}) {
        guard directory != nil else { return body() }
        let gaps = gateway.gaps
        read(session.id) { reading in
            if case .found(let record) = reading {
                if record.state == .ended || record.principal != session.principal { self.end(session) }
                if !session.hasEnded, self.isOld(record) { self.recordUse(of: session) }
            }
            // Where nobody answers, the node goes on with what it knows, and asks again beside later requests.
            if case .unknown = reading {
                session.noteRead(after: gaps, again: self.nowSeconds &+ Self.readAgainAfter)
            } else {
                session.noteRead(after: gaps)
            }
            body()
        }
    }

    /// Seconds after which a record that could not be read is asked for again.
    private static let readAgainAfter: UInt32 = 10

    /// Serves a request once it is known what it needs. The directory answers, or gives up, within its timeout; a node
    /// is new for two heartbeats.
    func hold(
        _ request: Request, _ endpoint: Endpoint, _ sink: any ResponseSink, until unread: Refusal.Unread
    ) -> any ClientObserver {
        let held = HeldRequest()
        let bytes = request.body.readableBytes > ExchangeRequest.countedBodyBytes ? request.body.storageCapacity : 0
        guard bytes == 0 || requestBytes + bytes <= gateway.parts.limits.requestBytes else {
            metrics.bodiesRefused &+= 1
            write(Refusal.tooManyBytes.answer(), request, to: sink)
            return held
        }
        requestBytes += bytes
        metrics.exchanges += 1
        let goOn = {
            self.metrics.exchanges -= 1
            self.requestBytes -= bytes
            held.goOn(request, sink) { self.serve(request, endpoint, $0) }
        }
        switch unread {
        case .credentials(let session):
            CredentialCheck(self, request, endpoint.upstream, session).start { refusal in
                request.isAccepted = true
                guard let refusal else { return goOn() }
                self.metrics.exchanges -= 1
                self.requestBytes -= bytes
                held.end { self.passOn(refusal, request, to: sink) }
            }
        case .members: loop.assumeIsolated().scheduleTask(in: Self.tickInterval, goOn)
        case .state(let session): verify(session, then: goOn)
        case .upstreamID(let token):
            let gaps = gateway.gaps
            read(token.session) { reading in
                request.record = .read
                if case .unknown = reading { request.record = .unknown }
                if case .found(let record) = reading, record.state == .live, record.principal == token.principal {
                    self.restore(token, upstreamSessionID: record.upstreamSessionID)?.noteRead(after: gaps)
                }
                goOn()
            }
        }
        return held
    }

    // MARK: Changing

    /// Changes the record by compare-and-set, again when somebody else was faster.
    /// - Parameters:
    ///   - body: says what it changes to, or nil for nothing to change; called once for each attempt.
    ///   - missing: nothing is on record; true if that is proven.
    ///   - done: true if the change was written.
    func change(
        _ session: Session, attempts: Int = 4, _ body: @escaping (SessionRecord) -> SessionRecord?,
        missing: @escaping (Bool) -> Void = { _ in }, then done: @escaping (Bool) -> Void = { _ in }
    ) {
        guard let directory else { return done(false) }
        directory.read(session.id.key, on: loop).assumeIsolated().whenComplete { result in
            guard case .success(.found(let found)) = result, let record = SessionRecord(found.value) else {
                if case .failure = result { self.metrics.recordFailures &+= 1 }
                if case .success(.absent) = result { missing(true) }
                if case .success(.unknown) = result { missing(false) }
                return done(false)
            }
            if record.state == .ended { self.end(session) }
            guard let changed = body(record) else { return done(false) }
            directory.update(
                session.id.key, changed.value, from: found.revision,
                lifetime: changed.state == .ended ? self.endedLifetime : self.recordLifetime, on: self.loop
            ).assumeIsolated().whenComplete { result in
                switch result {
                case .success(.written): done(true)
                case .success(.lost):
                    guard attempts > 1 else { return done(false) }
                    self.change(session, attempts: attempts - 1, body, missing: missing, then: done)
                case .failure:
                    self.metrics.recordFailures &+= 1
                    done(false)
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
            then: { _ in
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
}

extension SessionID {
    /// What the directory knows it by: a digest, so that whoever can list a broker's keys knows no session's identity.
    var key: Key128 {
        let digest = [high.bigEndian, low.bigEndian].withUnsafeBytes { Digest.sha256($0) }
        func word(_ start: Int) -> UInt64 { digest.dropFirst(start).prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
        return Key128(high: word(0), low: word(8))
    }
}
