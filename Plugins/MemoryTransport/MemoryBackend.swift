// What the members of one process share: who listens to what, the records and the streams. Also the handle by which
// tests let members crash, connections break and data get lost.
public import NIOCore
public import TransportAPI
internal import Synchronization

/// The medium between ``MemoryTransport``s.
///
/// May be used on any thread. The functions for tests (``setFaults(_:)`` and those after it) do at once what their
/// names say; what subscribers are told of it comes on their loops.
public final class MemoryBackend: Sendable {
    let limits: MemoryLimits
    let clock: @Sendable () -> NIODeadline
    let routes: Mutex<MemoryRoutes>
    let records: Mutex<RecordTable>
    let streams: Mutex<StreamTable>
    let disturbance: Disturbance

    /// - Parameters:
    ///   - clock: the time by which records and streams expire. Never goes back.
    ///   - incarnation: of the data, until it is lost. Given by tests that must be repeatable.
    public init(
        clock: @escaping @Sendable () -> NIODeadline = { .now() }, limits: MemoryLimits = MemoryLimits(),
        faults: FaultPlan? = nil, incarnation: UInt64 = .random(in: .min ... .max)
    ) {
        self.limits = limits
        self.clock = clock
        routes = Mutex(MemoryRoutes(limits: limits))
        records = Mutex(RecordTable(limits: limits, incarnation: incarnation))
        streams = Mutex(StreamTable(limits: limits))
        disturbance = Disturbance(plan: faults)
    }

    // MARK: Members

    func join(_ member: MemoryMember) throws(TransportError) {
        try routes.withLock { (routes) throws(TransportError) in try routes.join(member) }
    }

    func leave(_ member: MemoryMember) -> [MemorySubscription] {
        routes.withLock { $0.leave(member, as: .closed) }
    }

    // MARK: Envelopes

    func publish(_ envelope: Envelope, to subject: Subject, from member: MemoryMember) throws(TransportError) {
        let subscriptions = try routes.withLock { (routes) throws(TransportError) in
            try routes.subscriptions(to: subject, from: member)
        }
        var envelope = envelope
        envelope.receipt = 0
        guard disturbance.isActive else {
            for subscription in subscriptions { subscription.take(envelope, from: member.id) }
            return
        }
        try disturbance.checkPublish(by: member.id)
        for subscription in subscriptions {
            disturbance.deliver(envelope, to: subscription, from: member.id)
        }
    }

    // MARK: For tests

    /// Replaces the fault plan. Nil: no more faults; what is late still comes.
    public func setFaults(_ plan: FaultPlan?) { disturbance.setPlan(plan) }

    /// Ends a member as a killed process ends: its receivers hear nothing more, its calls fail as closed, and the
    /// others are not told. Messages to its inbox vanish.
    public func crash(_ member: MemberID) {
        let subscriptions = routes.withLock { routes in
            routes.members[member].map { routes.leave($0, as: .crashed) } ?? []
        }
        for subscription in subscriptions { subscription.vanish() }
    }

    /// Breaks the connections of one member, or of all: their subscriptions end as interrupted, once.
    public func interrupt(_ member: MemberID? = nil) {
        let subscriptions = routes.withLock { $0.all }
        for subscription in subscriptions where member == nil || subscription.member.id == member {
            let text = "the connection of \(subscription.member.id) broke"
            subscription.fail(TransportError(.interrupted, .unknown, text))
        }
    }

    /// Members on different sides do not hear each other until ``heal()``. Who is on no side hears everybody.
    ///
    /// A message lost that way ends the subscription as interrupted soon, unless the fault plan says otherwise
    /// (``FaultPlan/partitionsAreSilent``).
    public func partition(_ sides: Set<MemberID>...) { disturbance.setSides(sides) }

    /// Takes directory and log away from these members until ``heal()``: their calls time out and do not happen.
    public func cutOffStore(from members: Set<MemberID>) { disturbance.setCutOff(members) }

    /// Ends what ``partition(_:)`` and ``cutOffStore(from:)`` began.
    public func heal() { disturbance.heal() }

    /// Loses all records and streams. The incarnation changes.
    public func forget() {
        records.withLock { $0.forget() }
        streams.withLock { $0.forget() }
    }
}
