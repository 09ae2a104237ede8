// How a session ends that nobody ends: it is idle, or too old. A node sees its own use of it only; what the others' is,
// the record says.
internal import MCPWire
internal import NIOCore
internal import Synchronization
internal import TransportAPI

extension Worker {
    /// Nobody has used the session here for long, or it is too old. Others may be using it: then it stays, and is
    /// looked at again when it may be over. Behind an attachment it is the attachment that ends it, and this node only
    /// forgets it.
    func retire(_ session: Session) {
        if nowSeconds >= session.endsAt || session.hasEnded || directory == nil {
            return session.instance.isAttached ? end(session) : endIdle(session)
        }
        if session.instance.isAttached { return forget(session) }
        session.touch(nowSeconds)
        let idle = idleSeconds
        change(
            session,
            { record in
                let unix = self.gateway.clock.unixSeconds
                let quiet = unix &- min(record.lastSeen, unix)
                guard record.state == .live, quiet >= idle, !session.isBusy else {
                    session.touch(self.nowSeconds &- min(quiet, self.nowSeconds))
                    return nil
                }
                var ended = record
                ended.state = .ended
                ended.handshake = []
                return ended
            },
            missing: { isProven in
                // Nobody knows whether others use what began elsewhere. Its client finds it again by its token.
                if session.isRestored { return self.forget(session) }
                if isProven || session.isUnrecorded.load(ordering: .relaxed) { self.recordAgain(session) }
            },
            then: { isWritten in if isWritten { self.endIdle(session) } })
    }

    /// Nothing is on record of a session that began here: the directory has lost it, or never had it. That says nothing
    /// about who uses it, so it is recorded as used now, and whoever does use it has as long as ever to say so.
    private func recordAgain(_ session: Session) {
        if session.hasEnded { return }
        var record = SessionRecord(session, handshake: [], now: gateway.clock.unixSeconds)
        record.heldStream = session.heldStream.load(ordering: .relaxed)
        if record.heldStream != 0 { record.holder = gateway.parts.member.incarnation }
        directory?.create(session.id.key, record.value, lifetime: recordLifetime, on: loop)
            .assumeIsolated().whenComplete { result in
                switch result {
                case .success:
                    session.isUnrecorded.store(false, ordering: .relaxed)
                    // Its end may have found nothing to write to.
                    if session.hasEnded { self.endRecord(of: session) {} }
                case .failure:
                    self.metrics.recordFailures &+= 1
                    // Nobody knows it but by its id, and here nobody has used it for long.
                    if session.isUnrecorded.load(ordering: .relaxed), !session.isBusy { self.endIdle(session) }
                }
            }
    }

    func forget(_ session: Session) {
        session.forget()
        gateway.sessions.forget(session)
    }

    private func endIdle(_ session: Session) {
        let isFirst = session.end()
        gateway.sessions.remove(session.id)
        guard isFirst else { return }
        gateway.tell(.ended(session.id))
        endUpstream(session)
    }
}
