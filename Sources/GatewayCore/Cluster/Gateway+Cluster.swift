// What the node does about what it hears from other members.
internal import NIOCore
internal import SealedBox
internal import Synchronization
internal import TransportAPI
internal import TransportKit

extension Gateway {
    func apply(_ note: ClusterNote) {
        switch note {
        case .ended(let id):
            guard let session = sessions.find(id) else {
                // It may turn up here with its token, before anybody reads what is on record.
                return sessions.noteEnded(id, until: clock.seconds(clock.now) &+ Self.endedNoteSeconds)
            }
            let isFirst = session.end()
            sessions.remove(id)
            // A node could not bring the client's DELETE to this attachment.
            if isFirst, parts.cluster?.attached != nil, let first = allWorkers.first {
                first.loop.execute {
                    first.endUpstream(session)
                }
            }
        case .answering(let nonce, let expires): _ = answered.take(nonce, expires: expires)
        case .unanswered(let nonce): answered.forget(nonce)
        case .answered(let nonce):
            for worker in allWorkers { worker.loop.execute { worker.questions.remove(nonce) } }
        }
    }

    /// How long it is remembered that a session has ended that was never here. Its record says so for as long at least.
    private static let endedNoteSeconds: UInt32 = 600

    /// Tells every other member. Whoever misses it finds out in another way.
    func tell(_ note: ClusterNote) {
        guard let cluster = parts.cluster, !cluster.isAlone else { return }
        try? cluster.bus.publish(note.envelope, to: .everyone)
    }

    /// This member hears the others again, and may have missed what they said meanwhile.
    func hearsAgain() {
        countGap()
        noteHearing()
        for upstream in parts.upstreams where upstream.takesAttachments {
            for instance in upstream.instances { instance.countAway(from: clock.seconds(clock.now)) }
        }
        for worker in allWorkers { worker.loop.execute { worker.desk?.interrupted() } }
    }

    // MARK: Attachments

    /// An attachment has said what it offers, or is silent.
    func noteAttachment(_ member: PresentMember) {
        guard let offer = member.heartbeat.attached,
            let upstream = parts.upstreams.first(where: { $0.takesAttachments && $0.name == offer.upstream }),
            let instance = upstream.attachedInstance(
                digest: Self.digest(offer.instance), name: offer.instance, now: clock.seconds(clock.now))
        else { return }
        instance.attach(
            member.id, name: offer.instance, hasStreamEndpoint: offer.hasStreamEndpoint, capacity: offer.capacity)
        instance.era.store(offer.era, ordering: .relaxed)
        instance.isDraining.store(member.heartbeat.isDraining, ordering: .relaxed)
        let isWell = member.heartbeat.isReady && !member.isSuspect
        instance.health.store(isWell ? .healthy : .ejected, ordering: .relaxed)
    }

    /// An attachment has said, once more, what it counts.
    func noteLoad(_ heartbeat: Heartbeat, of member: MemberID) {
        guard let offer = heartbeat.attached,
            let upstream = parts.upstreams.first(where: { $0.takesAttachments && $0.name == offer.upstream }),
            let instance = upstream.instance(digest: Self.digest(offer.instance)), instance.member == member
        else { return }
        instance.noteLoad(heartbeat.load)
    }

    /// An attachment is gone. What it stood beside may come back under another start of it.
    func noteDetachment(_ member: PresentMember) {
        guard let offer = member.heartbeat.attached,
            let upstream = parts.upstreams.first(where: { $0.takesAttachments && $0.name == offer.upstream }),
            let instance = upstream.instance(digest: Self.digest(offer.instance)), instance.member == member.id
        else { return }
        instance.detach(now: clock.seconds(clock.now))
    }

    /// What sealed ids name an instance or an upstream by.
    public static func digest(_ name: String) -> UInt64 {
        var name = name
        return name.withUTF8 { Digest.sha256(UnsafeRawBufferPointer($0)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
    }
}
