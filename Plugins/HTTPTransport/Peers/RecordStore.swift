// The records of one node, with their revisions and their time. Pure: the clock and randomness come from outside.
internal import NIOCore
internal import TransportAPI

struct RecordStore {
    /// A record, or the memory of a deleted one.
    struct Entry {
        var value: ByteBuffer
        var revision: UInt64
        var isDeleted: Bool
        var expiry: NIODeadline
        /// Other nodes that are known to have this revision.
        var holders: [MemberID] = []
        /// The second in which its expiry is looked at.
        fileprivate var bucket: UInt64 = 0

        func stored(now: NIODeadline) -> StoredRecord {
            StoredRecord(value: value, revision: revision, isDeleted: isDeleted, remaining: expiry - now)
        }
    }

    /// No record lives longer.
    static let lifetimeMax = TimeAmount.hours(24 * 366)

    private let recordsMax: Int
    private let bytesMax: Int
    private var entries: [Key128: Entry] = [:]
    private(set) var bytes = 0
    /// Keys by the second of their expiry.
    private var buckets: [UInt64: [Key128]] = [:]
    private var swept: UInt64

    init(recordsMax: Int, bytesMax: Int, now: NIODeadline) {
        self.recordsMax = recordsMax
        self.bytesMax = bytesMax
        swept = Self.second(now)
    }

    var count: Int { entries.count }
    var keys: [Key128] { Array(entries.keys) }

    /// What stands at `key`, deleted ones too, or nil.
    func entry(_ key: Key128, now: NIODeadline) -> Entry? {
        guard let entry = entries[key], entry.expiry > now else { return nil }
        return entry
    }

    // MARK: Calls

    /// Does what is asked, in one step.
    /// - Parameter isSure: nobody else has the record if this store has not.
    /// - Parameter random: where the revisions of a new record begin. Random, so that a revision of an expired record
    ///   does not fit its successor.
    /// - Returns: nil when the others must be asked first.
    mutating func apply(
        _ call: DirectoryCall, isSure: Bool, now: NIODeadline, random: UInt64
    ) -> DirectoryReply? {
        let entry = entry(call.key, now: now)
        if entry == nil, !isSure { return nil }
        let stands = entry.flatMap { $0.isDeleted ? nil : $0 }
        let record = stands.map { DirectoryRecord(value: $0.value, revision: $0.revision) }
        switch call {
        case .read: return .read(record.map { .found($0) } ?? .unknown)
        case .create(let key, let value, let lifetime):
            guard record == nil else { return .write(.lost(record)) }
            let revision = entry.map { $0.revision &+ 1 } ?? max(1, random &>> 2)
            return write(key, value, revision, now + Self.bounded(lifetime), now)
        case .update(let key, let value, let revision, let lifetime):
            guard let stands, stands.revision == revision else { return .write(.lost(record)) }
            return write(key, value, revision &+ 1, now + Self.bounded(lifetime), now)
        case .delete(let key, let revision):
            guard let stands, stands.revision == revision else { return .write(.lost(record)) }
            put(
                key, Entry(value: ByteBuffer(), revision: revision &+ 1, isDeleted: true, expiry: stands.expiry))
            return .write(.written(revision &+ 1))
        }
    }

    private mutating func write(
        _ key: Key128, _ value: ByteBuffer, _ revision: UInt64, _ expiry: NIODeadline, _ now: NIODeadline
    ) -> DirectoryReply {
        guard hasRoom(key, value.readableBytes) else { return .failed(.overloaded) }
        put(key, Entry(value: value, revision: revision, isDeleted: false, expiry: expiry))
        return .write(.written(revision))
    }

    /// Keeps a copy of what another node has, unless this store has the same or a later one.
    /// - Returns: false when there is no room.
    mutating func adopt(_ key: Key128, _ record: StoredRecord, holders: [MemberID], now: NIODeadline) -> Bool {
        guard record.remaining > .zero else { return true }
        if let own = entry(key, now: now), own.revision >= record.revision {
            if own.revision == record.revision { noteHolders(key, own.revision, holders) }
            return true
        }
        guard hasRoom(key, record.value.readableBytes) else { return false }
        put(
            key,
            Entry(
                value: record.value, revision: record.revision, isDeleted: record.isDeleted,
                expiry: now + Self.bounded(record.remaining), holders: holders))
        return true
    }

    /// Others have this revision too.
    mutating func noteHolders(_ key: Key128, _ revision: UInt64, _ holders: [MemberID]) {
        guard let entry = entries[key], entry.revision == revision else { return }
        for holder in holders where !entry.holders.contains(holder) { entries[key]?.holders.append(holder) }
    }

    /// Only `nodes` matter as holders.
    mutating func limitHolders(_ key: Key128, to nodes: [MemberID]) {
        entries[key]?.holders.removeAll { !nodes.contains($0) }
    }

    mutating func remove(_ key: Key128) {
        guard let old = entries.removeValue(forKey: key) else { return }
        bytes -= old.value.readableBytes
    }

    private func hasRoom(_ key: Key128, _ count: Int) -> Bool {
        let old = entries[key]
        return (old != nil || entries.count < recordsMax)
            && bytes - (old?.value.readableBytes ?? 0) + count <= bytesMax
    }

    private mutating func put(_ key: Key128, _ entry: Entry) {
        let old = entries[key]
        bytes += entry.value.readableBytes - (old?.value.readableBytes ?? 0)
        var entry = entry
        // An entry that expires later than it did is found in its old bucket and moves on from there.
        let bucket = Self.second(entry.expiry) + 1
        if let old, old.bucket <= bucket, old.bucket > swept {
            entry.bucket = old.bucket
        } else {
            entry.bucket = bucket
            buckets[bucket, default: []].append(key)
        }
        entries[key] = entry
    }

    // MARK: Time

    /// Lets go of what has expired. To be called about every second.
    mutating func sweep(now: NIODeadline) {
        let second = Self.second(now)
        while swept < second {
            swept += 1
            for key in buckets.removeValue(forKey: swept) ?? [] { look(at: key, now) }
        }
    }

    private mutating func look(at key: Key128, _ now: NIODeadline) {
        guard let entry = entries[key], entry.bucket == swept else { return }
        if entry.expiry <= now { return remove(key) }
        let bucket = Self.second(entry.expiry) + 1
        entries[key]?.bucket = bucket
        buckets[bucket, default: []].append(key)
    }

    private static func second(_ time: NIODeadline) -> UInt64 { time.uptimeNanoseconds / 1_000_000_000 }

    private static func bounded(_ lifetime: TimeAmount) -> TimeAmount { max(.zero, min(lifetime, lifetimeMax)) }
}
