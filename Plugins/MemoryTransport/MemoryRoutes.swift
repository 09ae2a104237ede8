// The table of who listens to what. Guarded by the backend's mutex; holds it only for a look-up.
internal import TransportAPI

struct MemoryRoutes {
    private let limits: MemoryLimits
    private(set) var members: [MemberID: MemoryMember] = [:]
    private var table: [Subject: [MemorySubscription]] = [:]
    private var count = 0

    init(limits: MemoryLimits) { self.limits = limits }

    // MARK: Members

    mutating func join(_ member: MemoryMember) throws(TransportError) {
        guard member.state == .new, members[member.id] == nil else {
            throw TransportError(
                .refused, .notDelivered,
                "\(member.id) cannot join: it has joined before; each start needs a new member")
        }
        // That its successor comes proves that a member is dead.
        members = members.filter { $0.value.state != .crashed || $0.key.name != member.id.name }
        guard members.count < limits.members else {
            throw TransportError(
                .overloaded, .notDelivered,
                "\(member.id) cannot join: the limit of \(limits.members) members is reached")
        }
        members[member.id] = member
        member.state = .running
    }

    /// Takes a member and its subscriptions out. A crashed one is remembered, so that nobody knows that it is gone.
    mutating func leave(_ member: MemoryMember, as state: MemoryMember.State) -> [MemorySubscription] {
        guard members[member.id] === member else {
            // It was never here, or a crash came first.
            if member.state == .new { member.state = state }
            return []
        }
        member.state = state
        if state != .crashed { members[member.id] = nil }
        let own = all.filter { $0.member === member }
        for subscription in own { remove(subscription) }
        return own
    }

    // MARK: Subscriptions

    /// Always in the same order, so that a simulation can be repeated.
    var all: [MemorySubscription] { table.sorted { "\($0.key)" < "\($1.key)" }.flatMap(\.value) }

    mutating func add(_ subscription: MemorySubscription) throws(TransportError) {
        if let refusal = subscription.member.refusal(of: "subscribing") { throw refusal }
        guard count < limits.subscriptions else {
            throw TransportError(
                .overloaded, .notDelivered,
                "\(subscription.member.id) cannot subscribe: the limit of \(limits.subscriptions) is reached")
        }
        table[subscription.subject, default: []].append(subscription)
        count += 1
    }

    mutating func remove(_ subscription: MemorySubscription) {
        guard var list = table[subscription.subject], let index = list.firstIndex(where: { $0 === subscription })
        else { return }
        count -= 1
        list.remove(at: index)
        table[subscription.subject] = list.isEmpty ? nil : list
    }

    /// Who listens to `subject`. Whether the sender may still send is looked at here, so that close is a clear cut.
    func subscriptions(to subject: Subject, from member: MemoryMember) throws(TransportError) -> [MemorySubscription] {
        if let refusal = member.refusal(of: "publishing") { throw refusal }
        if let list = table[subject] { return list }
        if case .inbox(let addressee) = subject, members[addressee] == nil {
            throw TransportError(.unreachable, .notDelivered, "no member \(addressee) to publish to: it is not here")
        }
        return []
    }
}
