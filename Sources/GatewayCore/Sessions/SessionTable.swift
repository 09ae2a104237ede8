// All sessions of this node. Read once per session and event loop; after that the loop's own cache answers. Sharded,
// so that the reaper never holds up more than a sixteenth of the node.
internal import SealedBox
internal import Synchronization

/// The node's sessions by id.
final class SessionTable: Sendable {
    private final class Shard: Sendable {
        let sessions = Mutex<[SessionID: Session]>([:])
    }

    private static let shardCount = 16
    private let shards: [Shard]
    private let total = Atomic<Int>(0)
    let sessionsMax: Int
    /// Changes with every start, see ``SessionToken/incarnation``.
    let incarnation = SecureRandom.uint64()

    init(sessionsMax: Int) {
        self.sessionsMax = sessionsMax
        shards = (0..<Self.shardCount).map { _ in Shard() }
    }

    var count: Int { total.load(ordering: .relaxed) }

    var isFull: Bool { count >= sessionsMax }

    /// Adds a session, or returns the one that another loop added first. Nil when the table is full.
    func insert(_ session: Session) -> Session? {
        shard(session.id).sessions.withLock { table in
            if let present = table[session.id] { return present }
            guard !isFull else { return nil }
            table[session.id] = session
            total.add(1, ordering: .relaxed)
            return session
        }
    }

    func find(_ id: SessionID) -> Session? { shard(id).sessions.withLock { $0[id] } }

    func remove(_ id: SessionID) {
        shard(id).sessions.withLock { table in
            if table.removeValue(forKey: id) != nil { total.subtract(1, ordering: .relaxed) }
        }
    }

    /// Removes and returns what has expired.
    func removeExpired(now: UInt32, idle: UInt32) -> [Session] {
        var expired: [Session] = []
        for shard in shards {
            let found = shard.sessions.withLock { table in
                let old = table.values.filter { $0.hasEnded || $0.isExpired(now, idle: idle) }
                for session in old { table.removeValue(forKey: session.id) }
                return old
            }
            total.subtract(found.count, ordering: .relaxed)
            expired += found
        }
        return expired
    }

    private func shard(_ id: SessionID) -> Shard {
        shards[Int(truncatingIfNeeded: id.low & UInt64(Self.shardCount - 1))]
    }
}
