// The log port over streams that expire, one for each stream of ours.
#if Redis
internal import NIOCore
internal import SealedBox
internal import TransportAPI
internal import TransportKit

final class RedisLog: StreamLog {
    private let store: RedisStore

    init(_ store: RedisStore) { self.store = store }

    var eventBytesMax: Int { store.options.eventBytesMax }

    func append(
        _ entries: [LogEntry], to stream: Key128, after: UInt64, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<LogAppend> {
        let options = store.options
        if let large = entries.first(where: { $0.event.readableBytes > eventBytesMax }) {
            return loop.makeFailedFuture(
                TransportError(
                    .tooLarge, .notDelivered,
                    "log.append: event \(large.number) of \(large.event.readableBytes) bytes was not appended: the"
                        + " limit is \(eventBytesMax)"))
        }
        let most = options.logEntryBytesMax + eventBytesMax
        let bytes = entries.reduce(0) { $0 + $1.event.readableBytes + SealedEntry.overhead }
        guard bytes <= most else {
            return loop.makeFailedFuture(
                TransportError(
                    .tooLarge, .notDelivered,
                    "log.append: \(bytes) bytes at once were not appended: the limit is \(most)"))
        }
        return store.call(
            "log.append", bytes: bytes, on: loop,
            { keys, seals in
                var previous = after
                let sealed = entries.map { entry in
                    defer { previous = entry.number }
                    let sealed = SealedEntry.seal(entry, after: previous, in: stream, seals.logs)
                    return (number: entry.number, sealed: sealed)
                }
                return StoreRequests.append(keys.log(stream), after: after, sealed, lifetime: lifetime, options)
            }
        ) { answer, _, _ in answer == .null ? .appended : answer.number.map { .stale(top: $0) } }
    }

    func read(
        _ stream: Key128, after position: UInt64, limit: Int, on loop: any EventLoop
    ) -> EventLoopFuture<LogRead> {
        // An empty page means the end, so a limit of none is taken for one.
        let limit = min(max(1, limit), store.options.logEntriesMax)
        return store.call(
            "log.read", on: loop,
            { keys, _ in StoreRequests.page(keys.log(stream), after: position, limit: limit) }
        ) { answer, _, seals in Self.page(answer, stream, after: position, seals) }
    }

    /// Entries that do not follow each other without a hole, or that no member has written, are as good as lost.
    private static func page(
        _ answer: RESPValue, _ stream: Key128, after position: UInt64, _ seals: RedisStore.Seals
    ) -> LogRead? {
        guard let parts = answer.elements, parts.count % 3 == 0 || parts.count == 1 else { return nil }
        if parts.isEmpty { return .lost(first: nil) }
        if parts.count == 1 { return .page([]) }
        var entries: [LogEntry] = []
        for place in stride(from: 0, to: parts.count, by: 3) {
            guard let number = parts[place].number, let before = parts[place + 1].number,
                let sealed = parts[place + 2].bytes
            else { return nil }
            guard entries.last.map({ $0.number == before }) ?? (before <= position) else { return .lost(first: number) }
            guard let event = SealedEntry.open(sealed, number: number, after: before, in: stream, seals.logs) else {
                return .lost(first: nil)
            }
            entries.append(LogEntry(number: number, event: event))
        }
        return .page(entries)
    }

    func remove(_ stream: Key128, on loop: any EventLoop) -> EventLoopFuture<Void> {
        store.call("log.remove", on: loop, { keys, _ in StoreRequests.remove(keys.log(stream)) }) { _, _, _ in () }
    }
}

/// An entry of a log as the server keeps it: bound to its stream, its number and the one before it.
enum SealedEntry {
    /// Bytes that an entry takes besides its event.
    static let overhead = StoreSeal.overhead + boundCount
    private static let boundCount = 4 * 8

    static func seal(_ entry: LogEntry, after: UInt64, in stream: Key128, _ seal: StoreSeal) -> [UInt8] {
        var plain = ByteBuffer()
        plain.reserveCapacity(boundCount + entry.event.readableBytes)
        for word in [stream.high, stream.low, after, entry.number] { plain.writeInteger(word) }
        plain.writeImmutableBuffer(entry.event)
        return seal.seal(plain)
    }

    /// Nil: no member has written it here.
    static func open(
        _ sealed: ByteBuffer, number: UInt64, after: UInt64, in stream: Key128, _ seal: StoreSeal
    ) -> ByteBuffer? {
        guard var plain = seal.open(Array(sealed.readableBytesView)) else { return nil }
        for word in [stream.high, stream.low, after, number] {
            guard plain.readInteger(as: UInt64.self) == word else { return nil }
        }
        return plain.slice()
    }
}
#endif
