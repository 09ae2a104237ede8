// What the end of a link means: who is gone, who may come back, and which subscriptions may have missed something.
internal import NIOCore
internal import TransportAPI

extension PeerNetwork {
    func ended(_ link: PeerLink, _ reason: LinkEnd, wasOpen: Bool) {
        guard links.removeValue(forKey: ObjectIdentifier(link)) != nil else { return }
        defer { settle() }
        guard wasOpen, let id = link.remote?.member, let member = members[id] else {
            if link.side == .accepted {
                newcomers.remove(link)
                // A connection to oneself ends from the other side.
                if link.remote?.member != own { log.refused(link.address, reason) }
            }
            return
        }
        if let outbox = link.outbox { bus.remove(outbox, of: id) }
        let wasInbound = member.inbound(at: options.role) === link
        if member.dialled === link { member.dialled = nil }
        if member.accepted === link { member.accepted = nil }
        directory?.linkEnded(link)
        if !isClosing { log.unlinked(id, link, reason) }
        if link.side != .accepted { roster.kick() }
        if wasInbound { member.received.linkBroke() }
        if reason != .replaced { lost(member, wasInbound: wasInbound, reason) }
        directory?.viewChanged()
    }

    private func lost(_ member: PeerMember, wasInbound: Bool, _ reason: LinkEnd) {
        if reason == .silent || reason != .goodbye && options.returnWithin <= .zero {
            if wasInbound { interrupted(by: member) }
        } else if reason != .goodbye {
            loop.assumeIsolated().scheduleTask(in: options.returnWithin) { [weak self] in
                self?.stillGone(member, wasInbound: wasInbound)
            }
            return
        } else if wasInbound {
            member.received = ReceivedCounts()
        }
        forgetIfGone(member)
    }

    private func stillGone(_ member: PeerMember, wasInbound: Bool) {
        guard members[member.id] === member, !isClosing else { return }
        if wasInbound, member.inbound(at: options.role) == nil { interrupted(by: member) }
        forgetIfGone(member)
    }

    private func interrupted(by member: PeerMember) {
        member.received = ReceivedCounts()
        tell(.all, of: member)
    }

    private func forgetIfGone(_ member: PeerMember) {
        guard member.links.isEmpty, members[member.id] === member else { return }
        members[member.id] = nil
        bus.forget(member.id)
    }
}
