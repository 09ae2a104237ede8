// One record's place in the bucket during one call: what stands there, and writes that expect it.
#if NATS
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif
internal import NIOCore
internal import TransportAPI
internal import TransportKit

/// Reads and writes one key. Lives for one call on a call thread.
struct BucketPlace {
    enum Standing {
        case live(DirectoryRecord)
        /// Never written, deleted or over; the sequence that a write has to expect.
        case free(after: UInt64)
        /// Something that no member has written.
        case unreadable
    }

    /// How often a write is tried again whose expectation was overtaken without a record standing there.
    private static let attemptsMax = 8

    let store: JetStreamStore
    let seal: StoreSeal
    let key: Key128
    let name: String
    let deadline: NIODeadline

    private var subject: String { "$KV.\(store.options.bucket).\(key.digits)" }

    /// On one of the call threads, which may wait.
    private static let pauseMicroseconds: UInt32 = 20_000

    func standing() throws(TransportError) -> Standing {
        try look().standing
    }

    func create(_ value: ByteBuffer, lifetime: TimeAmount) throws(TransportError) -> DirectoryWrite {
        let record = make(value, lifetime)
        var expected: UInt64 = 0
        for _ in 0..<Self.attemptsMax {
            if case .stored(let revision) = try write(record, after: expected) { return .written(revision) }
            let (standing, writeID) = try look()
            switch standing {
            // A connection that broke may have carried the write twice.
            case .live(let found) where writeID == record.writeID: return .written(found.revision)
            case .live(let found): return .lost(found)
            case .unreadable: return .lost(nil)
            case .free(let after): expected = after
            }
        }
        throw overtaken
    }

    /// Replaces or deletes the record of this revision.
    func replace(
        from revision: UInt64, _ value: ByteBuffer, lifetime: TimeAmount, isDeletion: Bool
    ) throws(TransportError) -> DirectoryWrite {
        var record = make(value, lifetime)
        record.isDeleted = isDeletion
        // An expired record stands there as any other: only looking tells.
        var (standing, writeID) = try look()
        for _ in 0..<Self.attemptsMax {
            switch standing {
            case .free, .unreadable: return .lost(nil)
            case .live(let found) where writeID == record.writeID: return .written(found.revision)
            // A lower one may be what a deposed leader still shows, so a write finds out.
            case .live(let found) where found.revision > revision || revision > UInt64(Int64.max): return .lost(found)
            case .live: break
            }
            if case .stored(let written) = try write(record, after: revision) { return .written(written) }
            let before = standing
            (standing, writeID) = try look()
            guard case .live(let old) = before, case .live(let new) = standing, old == new else { continue }
            if new.revision != revision { return .lost(new) }
            // Refused although it is the right revision: another's write is under way, and will show soon.
            usleep(Self.pauseMicroseconds)
        }
        throw overtaken
    }

    // MARK: Parts

    private func make(_ value: ByteBuffer, _ lifetime: TimeAmount) -> BucketRecord {
        BucketRecord(
            key: key, lifetime: lifetime, writeID: .random(in: .min ... .max), value: value)
    }

    private func look() throws(TransportError) -> (standing: Standing, writeID: UInt64?) {
        let message = try store.call(name, by: deadline) { jetStream throws(JetStreamFailure) in
            try jetStream.last(subject, in: store.bucket.name, by: deadline)
        }
        guard let message else { return (.free(after: 0), nil) }
        if message.isDeletionMark { return (.free(after: message.sequence), nil) }
        guard let record = seal.open(message.body).flatMap({ BucketRecord($0, of: key) }) else {
            store.reportUnreadable("record", store.bucket.name)
            return (.unreadable, nil)
        }
        let isOver = try store.isOver(since: message.time, lifetime: record.lifetime, name, by: deadline)
        if record.isDeleted || isOver { return (.free(after: message.sequence), record.writeID) }
        return (.live(DirectoryRecord(value: record.value, revision: message.sequence)), record.writeID)
    }

    private func write(_ record: BucketRecord, after expected: UInt64) throws(TransportError) -> KeptWrite {
        let sealed = seal.seal(record.bytes)
        return try store.call(name, by: deadline) { jetStream throws(JetStreamFailure) in
            try jetStream.publish(
                sealed, to: subject, in: store.bucket.name, after: expected, isDeletionMark: record.isDeleted,
                by: deadline)
        }
    }

    /// Nothing was written: every attempt was refused.
    private var overtaken: TransportError {
        TransportError(.overloaded, .notDelivered, "\(name): others wrote the same record all the time")
    }
}
#endif
