// Start, heartbeats and end of a member's links.
internal import NIOCore
internal import TransportAPI

extension PeerNetwork {
    /// Completes when each peer was tried once and each linked node has linked back, or `startWithin` is over.
    func whenSettled() -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        settling.append(promise)
        loop.assumeIsolated().scheduleTask(in: options.startWithin) { promise.succeed() }
        settle()
        return promise.futureResult
    }

    func settle() {
        guard !settling.isEmpty, isClosing || roster.isTried, isClosing || options.role == .attachment || isMutual
        else { return }
        let all = settling
        settling = []
        for promise in all { promise.succeed() }
    }

    /// Each node that was dialled has dialled back and is ready.
    private var isMutual: Bool {
        members.values.allSatisfy { $0.role != .node || $0.dialled == nil || $0.accepted?.isAligned == true }
    }

    func start() {
        lastTick = .now()
        // Late by half at most, be it a heartbeat or the end of a handshake.
        let pause = TimeAmount.nanoseconds(min(options.heartbeat, options.handshakeTimeout).nanoseconds / 2)
        ticks = loop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { [weak self] _ in self?.tick(.now()) }
    }

    /// Takes no more links and makes none.
    func beginClosing() {
        isClosing = true
        roster.close()
        settle()
        for link in links.values where !link.isOpen { link.end(.closing) }
        for link in links.values { link.outbox?.offer(.leaving, isBounded: false) }
        directory?.viewChanged()
    }

    /// Goodbye on all links; completes when the other ends have closed them, or after `limit`.
    func sayGoodbye(within limit: TimeAmount) -> EventLoopFuture<Void> {
        for member in members.values {
            for link in member.links {
                guard let outbox = link.outbox else { continue }
                bus.offer({ .goodbye($0) }, to: outbox, of: member.id)
            }
        }
        let end = NIODeadline.now() + limit
        let promise = loop.makePromise(of: Void.self)
        loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(10)) { [self] task in
            if !links.isEmpty, NIODeadline.now() < end { return }
            task.cancel()
            ticks?.cancel()
            for link in links.values { link.end(.closing) }
            promise.succeed()
        }
        return promise.futureResult
    }

    // MARK: Heartbeats

    private func tick(_ now: NIODeadline) {
        let isLate = now - lastTick > options.heartbeat * 2
        lastTick = now
        for link in links.values {
            if isLate { link.forgiveSilence(now: now) }
            guard link.isOpen else {
                if now - link.startedAt >= options.handshakeTimeout { link.end(.slow) }
                continue
            }
            keepAlive(link, now)
        }
        for member in members.values { report(member, now) }
    }

    private func keepAlive(_ link: PeerLink, _ now: NIODeadline) {
        let silence = link.silence(now: now)
        if silence >= options.goneAfter { return link.end(.silent) }
        let isSuspect = silence >= options.suspectAfter
        if isSuspect != link.isSuspect, let id = link.remote?.member {
            link.isSuspect = isSuspect
            link.outbox?.setSuspect(isSuspect)
            log.suspect(id, isSuspect)
        }
        guard now - link.lastSent >= options.heartbeat, let outbox = link.outbox, let id = link.remote?.member
        else { return }
        bus.offer({ .ping($0) }, to: outbox, of: id)
    }

    private func report(_ member: PeerMember, _ now: NIODeadline) {
        guard options.role == .node, member.role == .node, member.dialled == nil, !member.isReported,
            let since = member.acceptedAt, member.accepted != nil, now - since >= options.goneAfter
        else { return }
        member.isReported = true
        log.oneSided(member.id, member.accepted?.address ?? "")
    }
}
