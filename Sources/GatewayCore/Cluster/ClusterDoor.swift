// Where everything that other members send comes in, and from where this member says that it lives. One per node, on
// its first event loop; it sorts, and hands on to the event loops.
internal import Logging
internal import NIOCore
internal import Synchronization
internal import TransportAPI
internal import TransportKit

/// The node's place on the bus. Confined to its event loop.
final class ClusterDoor: EnvelopeReceiver, @unchecked Sendable {
    private let gateway: Gateway
    private let cluster: ClusterParts
    private let loop: any EventLoop
    private(set) var presence: PresenceTable
    private var subscriptions: [any Subscription] = []
    /// What has come in this burst, by event loop.
    private var sorted: [[(envelope: Envelope, sender: MemberID)]] = []
    private var lastHeartbeat: NIODeadline?
    /// When to subscribe anew after the bus has broken.
    private var subscribeAt: NIODeadline?
    private var hasLeft = false
    private var isRenewing = false
    /// One of the new subscriptions ended while the others were still being made.
    private var hasBrokenAgain = false
    private var isVerifying = false
    /// Between attempts while the bus does not take subscriptions.
    private static let resubscribeAfter = TimeAmount.milliseconds(200)

    init(gateway: Gateway, cluster: ClusterParts, loop: any EventLoop) {
        self.gateway = gateway
        self.cluster = cluster
        self.loop = loop
        presence = PresenceTable(own: gateway.parts.member, timing: cluster.timing)
    }

    // MARK: Subscriptions

    /// Completes when this member hears what is sent to it. All subscriptions or none.
    func open() -> EventLoopFuture<Void> {
        isRenewing = true
        hasBrokenAgain = false
        let own = gateway.parts.member
        let asked = [Subject.inbox(own), .everyone].map { subject in
            cluster.bus.subscribe(to: subject, capacity: SubscriptionCapacity(), on: loop, self)
        }
        return EventLoopFuture.whenAllComplete(asked, on: loop).assumeIsolated().flatMapThrowing { results in
            self.isRenewing = false
            let made = results.compactMap { try? $0.get() }
            guard made.count == results.count, !self.hasLeft else {
                for subscription in made { subscription.end() }
                for result in results { _ = try result.get() }
                throw TransportError(.closed, .notDelivered, "\(own) has left the cluster")
            }
            self.subscriptions = made
            if self.hasBrokenAgain { self.subscribeAt = self.gateway.clock.now + Self.resubscribeAfter }
            self.beat()
        }.nonisolated()
    }

    func missed(_ error: TransportError, from member: MemberID) {
        guard !hasLeft, !isVerifying else { return }
        warn(error)
        // Both subscriptions say so, and perhaps of several members, in one turn of the loop.
        isVerifying = true
        gateway.countGap()
        loop.assumeIsolated().execute {
            self.isVerifying = false
            if !self.hasLeft { self.gateway.hearsAgain() }
        }
    }

    private func warn(_ error: TransportError) {
        gateway.parts.logger.warning(
            "messages of other members may have been lost; every relayed exchange is verified",
            metadata: ["error": "\(error)"])
    }

    func subscriptionEnded(_ error: TransportError) {
        guard !hasLeft else { return }
        guard !isRenewing else {
            hasBrokenAgain = true
            return
        }
        warn(error)
        gateway.countGap()
        gateway.noteDeafness()
        renew()
    }

    /// Subscribes anew, at once: what comes meanwhile is lost.
    private func renew() {
        let old = subscriptions
        subscriptions = []
        let opened = open()
        for subscription in old { subscription.end() }
        opened.assumeIsolated().whenComplete { result in
            if case .success = result, !self.hasBrokenAgain { return self.gateway.hearsAgain() }
            self.subscribeAt = self.gateway.clock.now + Self.resubscribeAfter
        }
    }

    private func subscribeAgain(now: NIODeadline) {
        guard let at = subscribeAt, now >= at, !isRenewing, !hasLeft else { return }
        subscribeAt = nil
        renew()
    }

    // MARK: What comes in

    func received(_ envelope: Envelope, from sender: MemberID) {
        switch EnvelopeKind(of: envelope) {
        case .relayRequest, .relayAnswer:
            let workers = gateway.allWorkers
            guard let loop = RelayDesk.loop(of: envelope, loops: workers.count) else { return }
            while sorted.count < workers.count { sorted.append([]) }
            sorted[loop].append((envelope, sender))
        case .heartbeat:
            guard let heartbeat = Heartbeat(envelope) else { return }
            apply(presence.heard(heartbeat, from: sender, now: gateway.clock.now))
            gateway.noteLoad(heartbeat, of: sender)
        case .goodbye:
            apply(presence.saidGoodbye(sender))
        case .note:
            if let note = ClusterNote(envelope), sender != gateway.parts.member { gateway.apply(note) }
        case nil:
            return
        }
    }

    func unheard(_ receipt: UInt64, by member: MemberID) {
        for worker in gateway.allWorkers { worker.loop.execute { worker.desk?.unheard(receipt, by: member) } }
    }

    func receivedAll() {
        let workers = gateway.allWorkers
        for index in sorted.indices where !sorted[index].isEmpty && index < workers.count {
            let burst = sorted[index]
            sorted[index].removeAll(keepingCapacity: true)
            hand(burst, to: workers[index])
        }
    }

    /// An event loop that does not keep up loses what is beyond its bound, and asks then where each exchange stands.
    private func hand(_ burst: [(envelope: Envelope, sender: MemberID)], to worker: Worker) {
        if worker.loop === loop { return worker.receive(burst) }
        let bytes = burst.reduce(0) { $0 + $1.envelope.count }
        let waiting = worker.handedBytes.load(ordering: .relaxed)
        guard waiting == 0 || waiting + bytes <= gateway.parts.limits.handedBytes else {
            guard !worker.hasLostHanded.exchange(true, ordering: .relaxed) else { return }
            gateway.parts.logger.warning(
                "an event loop does not keep up with other members; its relayed exchanges are verified",
                metadata: ["loop": "\(worker.index)", "bytes": "\(waiting)"])
            return worker.loop.execute {
                worker.hasLostHanded.store(false, ordering: .relaxed)
                worker.desk?.interrupted()
            }
        }
        worker.handedBytes.add(bytes, ordering: .relaxed)
        worker.loop.execute {
            worker.handedBytes.subtract(bytes, ordering: .relaxed)
            worker.receive(burst)
        }
    }

    // MARK: Presence

    func tick(now: NIODeadline) {
        subscribeAgain(now: now)
        guard !cluster.isAlone, !hasLeft else { return }
        apply(presence.tick(now: now))
        if let last = lastHeartbeat, now - last < cluster.timing.heartbeat { return }
        lastHeartbeat = now
        beat()
    }

    /// Says that this member lives, and what it offers.
    private func beat() {
        guard !cluster.isAlone, !hasLeft else { return }
        // What is not sent is made up for by the next one; the bus says by itself when it has broken.
        try? cluster.bus.publish(heartbeat.envelope(), to: .everyone)
    }

    private var heartbeat: Heartbeat {
        var attached: Heartbeat.Attached?
        if let own = cluster.attached, let upstream = gateway.parts.upstreams.first,
            let instance = upstream.instances.first
        {
            attached = Heartbeat.Attached(
                upstream: upstream.name, instance: own.instance, label: own.label, era: instance.currentEra.rawValue,
                hasStreamEndpoint: instance.hasStreamEndpoint, capacity: own.capacity)
        }
        let load = gateway.parts.upstreams.reduce(0) { $0 + $1.instances.reduce(0) { $0 + $1.load } }
        return Heartbeat(
            role: cluster.attached == nil ? .node : .attachment, isDraining: gateway.isLeaving,
            isReady: gateway.isReady || gateway.isLeaving && gateway.hasProvenInstance,
            load: UInt32(clamping: load), attached: attached)
    }

    private func apply(_ changes: [PresenceChange]) {
        guard !changes.isEmpty else { return }
        for change in changes {
            switch change {
            case .joined(let member), .changed(let member), .recovered(let member), .suspected(let member):
                gateway.noteAttachment(member)
                if case .joined = change { log("a member has joined", member, nil) }
                if case .suspected = change { log("a member is silent", member, nil) }
                // Whoever has just come knows nothing of us.
                if case .joined = change { beat() }
            case .left(let member, let reason):
                gateway.noteDetachment(member)
                log("a member has left", member, "\(reason)")
                for worker in gateway.allWorkers { worker.loop.execute { worker.desk?.memberLeft(member.id) } }
            }
        }
        let members = Dictionary(
            presence.members.map { ($0.id.incarnation, $0) }, uniquingKeysWith: { first, _ in first })
        for worker in gateway.allWorkers { worker.loop.execute { worker.members = members } }
    }

    private func log(_ text: String, _ member: PresentMember, _ reason: String?) {
        var metadata: Logger.Metadata = ["member": "\(member.id)", "role": "\(member.heartbeat.role)"]
        if let reason { metadata["reason"] = "\(reason)" }
        gateway.parts.logger.notice("\(text)", metadata: metadata)
    }

    /// Says goodbye: from now on nobody hears of this member, nor it of anybody.
    func leave() {
        guard !hasLeft else { return }
        hasLeft = true
        if !cluster.isAlone { try? cluster.bus.publish(Heartbeat.goodbye(), to: .everyone) }
        for subscription in subscriptions { subscription.end() }
        subscriptions = []
    }
}
