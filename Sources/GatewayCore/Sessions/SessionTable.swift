// All sessions of this node. Read once per session and event loop; after that the loop's own cache answers. Sharded,
// so that the reaper never holds up more than a sixteenth of the node.
internal import SealedBox
internal import Synchronization

/// The node's sessions by id.
final class SessionTable: Sendable {
    private final class Shard: Sendable {
        let entries = Mutex(Entries())
    }

    private struct Entries {
        var sessions: [SessionID: Session] = [:]
        /// Sessions of elsewhere that have ended, and when their tokens expire, which must not restore them. Beyond
        /// ``SessionTable/endedMax``: no more are remembered, and the record or the instance says that they have ended.
        var ended: [SessionID: UInt32] = [:]

        /// True if it was there.
        mutating func remove(_ id: SessionID) -> Bool {
            guard let session = sessions.removeValue(forKey: id) else { return false }
            if session.isRestored, ended.count < SessionTable.endedMax { ended[id] = session.endsAt }
            return true
        }
    }

    private static let shardCount = 16
    private static let endedMax = 16_384
    private let shards: [Shard]
    private let total = Atomic<Int>(0)
    let sessionsMax: Int
    /// Changes with every start, see ``SessionToken/incarnation``.
    let incarnation: UInt64

    init(sessionsMax: Int, incarnation: UInt64 = SecureRandom.uint64()) {
        self.sessionsMax = sessionsMax
        self.incarnation = incarnation
        shards = (0..<Self.shardCount).map { _ in Shard() }
    }

    var count: Int { total.load(ordering: .relaxed) }

    var isFull: Bool { count >= sessionsMax }

    /// Adds a session, or returns the one that another loop added first. Nil when the table is full, and for a
    /// restored session that has ended.
    func insert(_ session: Session) -> Session? {
        shard(session.id).entries.withLock { entries in
            if let present = entries.sessions[session.id] { return present }
            guard entries.ended[session.id] == nil else { return nil }
            guard total.add(1, ordering: .relaxed).newValue <= sessionsMax else {
                total.subtract(1, ordering: .relaxed)
                return nil
            }
            entries.sessions[session.id] = session
            return session
        }
    }

    func find(_ id: SessionID) -> Session? { shard(id).entries.withLock { $0.sessions[id] } }

    func remove(_ id: SessionID) {
        shard(id).entries.withLock { entries in
            if entries.remove(id) { total.subtract(1, ordering: .relaxed) }
        }
    }

    /// Takes a session out that has not ended; its token may bring it back.
    func forget(_ session: Session) {
        shard(session.id).entries.withLock { entries in
            guard entries.sessions[session.id] === session else { return }
            entries.sessions[session.id] = nil
            total.subtract(1, ordering: .relaxed)
        }
    }

    /// Those whose time is over, for whoever decides what becomes of them. What has ended already is taken out.
    func expired(now: UInt32, idle: UInt32) -> [Session] {
        var expired: [Session] = []
        for shard in shards {
            expired += shard.entries.withLock { entries in
                for session in entries.sessions.values where session.hasEnded {
                    if entries.remove(session.id) { total.subtract(1, ordering: .relaxed) }
                }
                if !entries.ended.isEmpty { entries.ended = entries.ended.filter { $0.value > now } }
                return entries.sessions.values.filter { $0.isExpired(now, idle: idle) }
            }
        }
        // Always the same order, so that a simulation can be repeated.
        return expired.sorted { ($0.id.high, $0.id.low) < ($1.id.high, $1.id.low) }
    }

    /// A restored session that is known to have ended.
    func hasEnded(_ id: SessionID) -> Bool { shard(id).entries.withLock { $0.ended[id] != nil } }

    /// Another node says that a session has ended which is not here: its token must not bring it here either.
    func noteEnded(_ id: SessionID, until end: UInt32) {
        shard(id).entries.withLock { entries in
            guard entries.sessions[id] == nil, entries.ended.count < Self.endedMax else { return }
            entries.ended[id] = end
        }
    }

    // MARK: Shares

    /// Looked at in whole at every request for room. Above: once a second, if the last look found nothing.
    private static let cheapCount = 4_096
    private let lookedInVain = Atomic<UInt32>(0)

    /// What may go so that a session of `newcomer` can begin: of whoever has most sessions those that have not been
    /// used for longest, a hundredth of the table at once, so that a full table costs little for each newcomer. Nobody
    /// gives up anything for somebody who has more; a session in which something runs goes for somebody else only.
    func dispensable(for newcomer: Owner, now: UInt32) -> [Session] {
        guard count <= Self.cheapCount || lookedInVain.load(ordering: .relaxed) != now else { return [] }
        let all = shards.flatMap { $0.entries.withLock { Array($0.sessions.values) } }
        var counts: [Owner: Int] = [:]
        for session in all { counts[session.owner, default: 0] += 1 }
        let own = counts[newcomer] ?? 0
        // The newcomer itself first, so that it gives up its own where others have as many.
        guard let most = counts.values.max(), most > 1 else { return noteInVain(now) }
        let giver = own == most ? newcomer : counts.filter { $0.value == most }.keys.min { $0.isBefore($1) }
        let owned = all.filter { $0.owner == giver && (giver != newcomer || !$0.isBusy) }
        guard !owned.isEmpty else { return noteInVain(now) }
        let hundredth = max(1, sessionsMax / 100)
        let share = giver == newcomer ? hundredth : min(hundredth, max(1, (most - own) / 2))
        return Array(
            owned.map { (key: ($0.isBusy ? 1 : 0, $0.seenAt, $0.number), session: $0) }
                .sorted { $0.key < $1.key }.prefix(share).map(\.session))
    }

    private func noteInVain(_ now: UInt32) -> [Session] {
        lookedInVain.store(now, ordering: .relaxed)
        return []
    }

    /// True if nothing stands in its way but that the table is full.
    func hasNoRoom(for id: SessionID) -> Bool {
        isFull && shard(id).entries.withLock { $0.ended[id] == nil && $0.sessions[id] == nil }
    }

    private func shard(_ id: SessionID) -> Shard {
        shards[Int(truncatingIfNeeded: id.low & UInt64(Self.shardCount - 1))]
    }
}
