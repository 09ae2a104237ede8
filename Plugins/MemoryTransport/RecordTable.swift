// The records of the directory, as a value: time comes in, nothing waits. Guarded by the backend's mutex, which makes
// each function one step and so the writes linearizable.
internal import NIOCore
internal import TransportAPI

struct RecordTable {
    private struct Record {
        var value: ByteBuffer
        var revision: UInt64
        var expiry: NIODeadline

        var shown: DirectoryRecord { DirectoryRecord(value: value, revision: revision) }
    }

    private let limits: MemoryLimits
    private var records: [Key128: Record] = [:]
    private var bytes = 0
    private var sweep = ExpirySweep()
    /// One count for all records, so that no revision ever fits the successor of a record that is gone.
    private var lastRevision: UInt64 = 0
    private(set) var incarnation: UInt64

    init(limits: MemoryLimits, incarnation: UInt64) {
        self.limits = limits
        self.incarnation = incarnation
    }

    /// Entries in the table, expired ones that were not swept yet included.
    var count: Int { records.count }

    mutating func read(_ key: Key128, now: NIODeadline) -> DirectoryRead {
        live(key, now).map { .found($0.shown) } ?? .absent
    }

    mutating func create(
        _ key: Key128, _ value: ByteBuffer, lifetime: TimeAmount, now: NIODeadline
    ) throws(TransportError) -> DirectoryWrite {
        try checkSize(value)
        if let record = live(key, now) { return .lost(record.shown) }
        try makeRoom(records: 1, bytes: value.readableBytes, now)
        return .written(put(key, value, now + lifetime))
    }

    mutating func update(
        _ key: Key128, _ value: ByteBuffer, from revision: UInt64, lifetime: TimeAmount, now: NIODeadline
    ) throws(TransportError) -> DirectoryWrite {
        try checkSize(value)
        guard let record = live(key, now) else { return .lost(nil) }
        guard record.revision == revision else { return .lost(record.shown) }
        try makeRoom(records: 0, bytes: value.readableBytes - record.value.readableBytes, now)
        return .written(put(key, value, now + lifetime))
    }

    mutating func delete(_ key: Key128, from revision: UInt64, now: NIODeadline) -> DirectoryWrite {
        guard let record = live(key, now) else { return .lost(nil) }
        guard record.revision == revision else { return .lost(record.shown) }
        remove(key)
        lastRevision &+= 1
        return .written(lastRevision)
    }

    mutating func forget() {
        records = [:]
        bytes = 0
        incarnation &+= 1
    }

    // MARK: Parts

    /// The record if its time is not over. One whose time is over is removed.
    private mutating func live(_ key: Key128, _ now: NIODeadline) -> Record? {
        guard let record = records[key] else { return nil }
        guard record.expiry <= now else { return record }
        remove(key)
        return nil
    }

    private mutating func put(_ key: Key128, _ value: ByteBuffer, _ expiry: NIODeadline) -> UInt64 {
        remove(key)
        lastRevision &+= 1
        // Copied: a slice would keep the whole buffer alive that it came in.
        let copy = ByteBuffer(bytes: value.readableBytesView)
        records[key] = Record(value: copy, revision: lastRevision, expiry: expiry)
        bytes += copy.readableBytes
        return lastRevision
    }

    private mutating func remove(_ key: Key128) {
        guard let record = records.removeValue(forKey: key) else { return }
        bytes -= record.value.readableBytes
    }

    private func checkSize(_ value: ByteBuffer) throws(TransportError) {
        guard value.readableBytes > limits.valueBytes else { return }
        throw TransportError(
            .tooLarge, .notDelivered,
            "a value of \(value.readableBytes) bytes was not written: the limit is \(limits.valueBytes)")
    }

    private mutating func makeRoom(records more: Int, bytes added: Int, _ now: NIODeadline) throws(TransportError) {
        if sweep.isDue(count: records.count, isFull: isFull(more, added), now: now) {
            for (key, record) in records where record.expiry <= now { remove(key) }
            sweep.hasSwept(count: records.count)
        }
        guard isFull(more, added) else { return }
        throw TransportError(
            .overloaded, .notDelivered,
            "nothing was written: the directory holds \(records.count) records of \(bytes) bytes, and "
                + "\(limits.records) records of \(limits.directoryBytes) bytes is the limit")
    }

    private func isFull(_ more: Int, _ added: Int) -> Bool {
        records.count + more > limits.records || bytes + added > limits.directoryBytes
    }
}
