// Who takes part, as one observer sees it. Pure: time comes in, changes go out.
public import NIOCore
public import TransportAPI

/// The other members of the cluster.
///
/// Liveness is judged by the observer's own clock: a member that is silent is suspected, then gone; one that says
/// goodbye or whose name has a new start is gone at once, and is not taken up again by what arrives late. When the
/// observer itself was stopped, nobody is judged before they had the time for another heartbeat.
public struct PresenceTable: Sendable {
    /// Members that left for good and are remembered as such.
    static let departedMax = 1024
    /// How long, counted from when they were last heard.
    private static let departedFor: TimeAmount = .seconds(60)

    private let own: MemberID
    private let timing: PresenceTiming
    private let membersMax: Int
    /// In the order in which they joined.
    public private(set) var members: [PresentMember] = []
    /// By incarnation, where in ``members``.
    private var places: [UInt64: Int] = [:]
    /// By incarnation, when they were last heard.
    private(set) var departed: [UInt64: NIODeadline] = [:]
    private var lastTick: NIODeadline?
    /// The last tick came later than ``PresenceTiming/suspectAfter`` after the one before: this program was stopped,
    /// and others may have given it up.
    public private(set) var wasPaused = false

    /// - Parameter membersMax: beyond it, new members are not taken up.
    public init(own: MemberID, timing: PresenceTiming = PresenceTiming(), membersMax: Int = 1024) {
        self.own = own
        self.timing = timing
        self.membersMax = membersMax
    }

    public func member(incarnation: UInt64) -> PresentMember? { places[incarnation].map { members[$0] } }

    private func index(of member: MemberID) -> Int? {
        places[member.incarnation].flatMap { members[$0].id == member ? $0 : nil }
    }

    private mutating func remove(at index: Int) -> PresentMember {
        let member = members.remove(at: index)
        places[member.id.incarnation] = nil
        for index in index..<members.count { places[members[index].id.incarnation] = index }
        return member
    }

    // MARK: Signs of life

    public mutating func heard(_ heartbeat: Heartbeat, from member: MemberID, now: NIODeadline) -> [PresenceChange] {
        guard member.incarnation != own.incarnation else { return [] }
        if departed[member.incarnation] != nil {
            departed[member.incarnation] = now
            return []
        }
        if let index = index(of: member) {
            var changes = recover(index, now)
            guard members[index].heartbeat != heartbeat else { return changes }
            members[index].heartbeat = heartbeat
            changes.append(.changed(members[index]))
            return changes
        }
        guard places[member.incarnation] == nil else { return [] }
        var changes: [PresenceChange] = []
        if let older = members.first(where: { $0.id.name == member.name }) {
            changes += depart(older.id, .replaced, now)
        }
        guard members.count < membersMax else { return changes }
        places[member.incarnation] = members.count
        members.append(
            PresentMember(id: member, heartbeat: heartbeat, isSuspect: false, lastHeard: now, silentFrom: now))
        changes.append(.joined(members[members.count - 1]))
        return changes
    }

    /// Any envelope shows that its sender lives. A suspect recovers at the next tick.
    public mutating func noteLife(_ member: MemberID, now: NIODeadline) {
        guard let index = index(of: member) else { return }
        members[index].lastHeard = max(members[index].lastHeard, now)
        members[index].silentFrom = max(members[index].silentFrom, now)
        members[index].isCleared = true
    }

    private mutating func recover(_ index: Int, _ now: NIODeadline) -> [PresenceChange] {
        noteLife(members[index].id, now: now)
        guard members[index].isSuspect else { return [] }
        members[index].isSuspect = false
        return [.recovered(members[index])]
    }

    // MARK: Verdicts

    public mutating func saidGoodbye(_ member: MemberID) -> [PresenceChange] {
        guard member.incarnation != own.incarnation else { return [] }
        return depart(member, .goodbye, lastTick ?? .uptimeNanoseconds(0))
    }

    /// Nothing can be sent to it: suspected at once, gone when it stays silent.
    public mutating func unreachable(_ member: MemberID, now: NIODeadline) -> [PresenceChange] {
        guard let index = index(of: member) else { return [] }
        return suspect(index)
    }

    private mutating func suspect(_ index: Int) -> [PresenceChange] {
        members[index].isCleared = false
        guard !members[index].isSuspect else { return [] }
        members[index].isSuspect = true
        return [.suspected(members[index])]
    }

    /// For good.
    private mutating func depart(
        _ member: MemberID, _ reason: PresenceChange.LeaveReason, _ now: NIODeadline
    ) -> [PresenceChange] {
        if departed.count >= Self.departedMax, let oldest = departed.min(by: { $0.value < $1.value }) {
            departed[oldest.key] = nil
        }
        departed[member.incarnation] = now
        guard let index = index(of: member) else { return [] }
        return [.left(remove(at: index), reason)]
    }

    /// To be called about as often as members beat, or more often.
    public mutating func tick(now: NIODeadline) -> [PresenceChange] {
        wasPaused = lastTick.map { now - $0 > timing.suspectAfter } ?? false
        lastTick = max(now, lastTick ?? now)
        if departed.values.contains(where: { now - $0 >= Self.departedFor }) {
            departed = departed.filter { now - $0.value < Self.departedFor }
        }
        if wasPaused { giveGrace(now) }
        var changes: [PresenceChange] = []
        for index in members.indices.reversed() {
            let silence = now - members[index].silentFrom
            if silence >= timing.goneAfter {
                changes.append(.left(remove(at: index), .silent))
            } else if silence >= timing.suspectAfter {
                changes += suspect(index)
            } else if members[index].isSuspect, members[index].isCleared {
                members[index].isSuspect = false
                changes.append(.recovered(members[index]))
            }
        }
        return changes
    }

    /// What members sent meanwhile may still wait to be read: they get the time of a heartbeat before they are doubted.
    private mutating func giveGrace(_ now: NIODeadline) {
        let earliest = now - timing.suspectAfter + timing.heartbeat
        for index in members.indices { members[index].silentFrom = max(members[index].silentFrom, earliest) }
    }
}
