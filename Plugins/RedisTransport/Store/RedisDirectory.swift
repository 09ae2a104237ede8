// The directory port over hashes that expire.
#if Redis
internal import NIOCore
internal import SealedBox
internal import TransportAPI
internal import TransportKit

final class RedisDirectory: SessionDirectory {
    private let store: RedisStore

    init(_ store: RedisStore) { self.store = store }

    var valueBytesMax: Int { store.options.valueBytesMax }
    var timeout: TimeAmount { store.options.callTimeout }

    /// Nil where the server may evict single records. Where a restart may lose everything, each start of the server has
    /// keys of its own, and with them another incarnation.
    func incarnation(on loop: any EventLoop) -> EventLoopFuture<UInt64?> {
        let options = store.options
        return store.call(
            "directory.incarnation", on: loop, { keys, _ in StoreRequests.incarnation(keys, options) }
        ) { value, room, _ -> UInt64?? in
            guard let number = value.number else { return nil }
            return room.facts.evicts ? .some(nil) : .some(number)
        }
    }

    func read(_ key: Key128, on loop: any EventLoop) -> EventLoopFuture<DirectoryRead> {
        store.call(
            "directory.read", on: loop, { keys, _ in StoreRequests.read(keys.session(key)) }
        ) { value, room, seals in
            switch Self.standing(value, key, seals) {
            case .record(let record): .found(record)
            case .nothing: room.facts.evicts ? .unknown : .absent
            case .unreadable: .unknown
            case nil: nil
            }
        }
    }

    func create(
        _ key: Key128, _ value: ByteBuffer, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<DirectoryWrite> {
        write("directory.create", key, expecting: nil, value, lifetime: lifetime, on: loop)
    }

    func update(
        _ key: Key128, _ value: ByteBuffer, from revision: UInt64, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<DirectoryWrite> {
        write("directory.update", key, expecting: revision, value, lifetime: lifetime, on: loop)
    }

    func delete(_ key: Key128, from revision: UInt64, on loop: any EventLoop) -> EventLoopFuture<DirectoryWrite> {
        write("directory.delete", key, expecting: revision, nil, lifetime: .seconds(1), on: loop)
    }

    // MARK: Parts

    private func write(
        _ name: String, _ key: Key128, expecting expected: UInt64?, _ value: ByteBuffer?, lifetime: TimeAmount,
        on loop: any EventLoop
    ) -> EventLoopFuture<DirectoryWrite> {
        let options = store.options
        if let value, value.readableBytes > valueBytesMax {
            return loop.makeFailedFuture(
                TransportError(
                    .tooLarge, .notDelivered,
                    "\(name): a value of \(value.readableBytes) bytes was not written: the limit is \(valueBytesMax)"))
        }
        // What tells of a loss must outlive every record.
        if lifetime > options.recordLifetimeMax {
            return loop.makeFailedFuture(
                TransportError(
                    .tooLarge, .notDelivered,
                    "\(name): a lifetime of \(lifetime.nanoseconds / 1_000_000_000) s was not written: records live for"
                        + " \(options.recordLifetimeMax.nanoseconds / 1_000_000_000) s at most"))
        }
        return store.call(
            name, bytes: value?.readableBytes ?? 0, on: loop,
            { keys, seals in
                StoreRequests.write(
                    keys.session(key), keys, expecting: expected, value.map { Self.seal($0, key, seals) },
                    lifetime: lifetime, options)
            }
        ) { answer, _, seals in
            if let parts = answer.elements, parts.count == 1 { return parts[0].number.map { .written($0) } }
            return switch Self.standing(answer, key, seals) {
            case .record(let record): .lost(record)
            case .nothing, .unreadable: .lost(nil)
            case nil: nil
            }
        }
    }

    private enum Standing {
        case record(DirectoryRecord)
        case nothing
        /// Something that no member has written.
        case unreadable
    }

    /// What a script shows of a record: its revision and its sealed value.
    private static func standing(_ answer: RESPValue, _ key: Key128, _ seals: RedisStore.Seals) -> Standing? {
        guard let parts = answer.elements, parts.count == 2 else { return nil }
        if parts[0] == .null { return .nothing }
        guard let revision = parts[0].number, let sealed = parts[1].bytes else { return .unreadable }
        guard var plain = seals.records.open(Array(sealed.readableBytesView)),
            plain.readInteger(as: UInt64.self) == key.high, plain.readInteger(as: UInt64.self) == key.low
        else { return .unreadable }
        return .record(DirectoryRecord(value: plain.slice(), revision: revision))
    }

    private static func seal(_ value: ByteBuffer, _ key: Key128, _ seals: RedisStore.Seals) -> [UInt8] {
        var plain = ByteBuffer()
        plain.reserveCapacity(16 + value.readableBytes)
        plain.writeInteger(key.high)
        plain.writeInteger(key.low)
        plain.writeImmutableBuffer(value)
        return seals.records.seal(plain)
    }
}
#endif
