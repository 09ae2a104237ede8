// The faults of one backend as they stand: the plan, what it has decided about so far, and who is cut off from whom.
internal import NIOCore
internal import Synchronization
internal import TransportAPI

final class Disturbance: Sendable {
    fileprivate struct State {
        var plan: FaultPlan?
        /// How many decisions were made on each lane.
        var counts: [UInt64: UInt64] = [:]
        var sides: [Set<MemberID>] = []
        var cutOff: Set<MemberID> = []

        var isActive: Bool { plan != nil || !sides.isEmpty || !cutOff.isEmpty }
    }

    /// Lanes that are counted by themselves. Those beyond share one count, which is still repeatable.
    fileprivate static let lanesMax = 65_536
    fileprivate static let sharedLane: UInt64 = 0
    /// When a plan says nothing else, a message lost in a partition is noticed after this time.
    fileprivate static let partitionNotice = TimeAmount.milliseconds(20)

    private let state: Mutex<State>
    private let active: Atomic<Bool>

    init(plan: FaultPlan?) {
        state = Mutex(State(plan: plan))
        active = Atomic(plan != nil)
    }

    /// False costs everybody one load and nothing more.
    var isActive: Bool { active.load(ordering: .relaxed) }

    private func change(_ body: (inout State) -> Void) {
        state.withLock {
            body(&$0)
            active.store($0.isActive, ordering: .relaxed)
        }
    }

    func setPlan(_ plan: FaultPlan?) { change { $0.plan = plan } }

    func setSides(_ sides: [Set<MemberID>]) { change { $0.sides = sides } }

    func setCutOff(_ members: Set<MemberID>) { change { $0.cutOff = members } }

    func heal() {
        change {
            $0.sides = []
            $0.cutOff = []
        }
    }

    // MARK: Bus

    func checkPublish(by sender: MemberID) throws(TransportError) {
        let isRefused = state.withLock { state in
            guard let plan = state.plan, plan.refusedPublishes > 0 else { return false }
            let lane = Self.lane("publish", sender.name)
            return plan.refusesPublish(state.count(on: lane), on: lane)
        }
        guard isRefused else { return }
        throw TransportError(.overloaded, .notDelivered, "a publish by \(sender) was refused by the fault plan")
    }

    func deliver(_ envelope: Envelope, to subscription: MemorySubscription, from sender: MemberID) {
        switch state.withLock({ $0.fate(from: sender, to: subscription.member.id, of: subscription.subject) }) {
        case .pass: subscription.take(envelope, from: sender)
        case .duplicate:
            subscription.take(envelope, from: sender)
            subscription.take(envelope, from: sender)
        case .delayed(let time, keepsOrder: true): subscription.take(envelope, from: sender, after: time)
        case .delayed(let time, keepsOrder: false): subscription.takeOutOfOrder(envelope, from: sender, after: time)
        case .lost(let notice):
            guard let notice else { return }
            let text = "a message from \(sender) to \(subscription.member.id) was lost"
            subscription.fail(TransportError(.interrupted, .unknown, text), after: notice)
        }
    }

    // MARK: Directory and log

    func call(by member: MemberID, at port: String) -> FaultPlan.CallFault {
        state.withLock { state in
            if state.cutOff.contains(member) { return .timedOut(hasHappened: false) }
            guard let plan = state.plan else { return .pass }
            let lane = Self.lane(port, member.name)
            return plan.call(state.count(on: lane), on: lane)
        }
    }

    // MARK: Lanes

    /// A lane's number: a hash (FNV-1a) of names, so that it is the same in each run.
    static func lane(_ parts: String...) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in parts {
            for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
            // Between the parts, so that "a", "bc" is not "ab", "c".
            hash = (hash ^ 0xFF) &* 0x0000_0100_0000_01B3
        }
        return hash
    }

    fileprivate static func name(of subject: Subject) -> String {
        switch subject {
        case .inbox(let member): "inbox " + member.name
        case .everyone: "everyone"
        case .topic(let name): "topic " + name
        }
    }
}

extension Disturbance.State {
    fileprivate mutating func count(on lane: UInt64) -> UInt64 {
        let lane = counts[lane] == nil && counts.count >= Disturbance.lanesMax ? Disturbance.sharedLane : lane
        let number = counts[lane, default: 0]
        counts[lane] = number &+ 1
        return number
    }

    fileprivate mutating func fate(
        from sender: MemberID, to receiver: MemberID, of subject: Subject
    ) -> FaultPlan.DeliveryFault {
        let from = sides.firstIndex { $0.contains(sender) }
        let to = sides.firstIndex { $0.contains(receiver) }
        if let from, let to, from != to {
            return .lost(noticedAfter: plan?.partitionsAreSilent == true ? nil : Disturbance.partitionNotice)
        }
        guard let plan else { return .pass }
        let lane = Disturbance.lane("deliver", sender.name, receiver.name, Disturbance.name(of: subject))
        return plan.delivery(count(on: lane), on: lane)
    }
}
