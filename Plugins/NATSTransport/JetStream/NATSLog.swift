// The log port over a stream of JetStream.
#if NATS
internal import NIOCore
internal import TransportAPI

final class NATSLog: StreamLog {
    private let store: JetStreamStore
    private let limits: LogLimits

    init(_ store: JetStreamStore) {
        self.store = store
        limits = LogLimits(entries: store.options.logEntriesMax, bytes: store.options.logEntryBytesMax)
    }

    var eventBytesMax: Int { store.options.eventBytesMax }

    func append(
        _ entries: [LogEntry], to stream: Key128, after: UInt64, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<LogAppend> {
        if let refusal = refusal(entries, lifetime) { return loop.makeFailedFuture(refusal) }
        let name = "log.append"
        let bytes = entries.reduce(0) { $0 &+ $1.event.readableBytes &+ LotBytes.entryOverhead }
        return store.threads.run(name, stream, bytes: bytes, on: loop) {
            [store, limits] state, turn throws(TransportError) in
            let place = try Self.place(store, state, stream, name, turn)
            return try LogWriter(place, entries, after: after, lifetime: lifetime, limits: limits)
                .append(&state.heads, &turn)
        }
    }

    func read(
        _ stream: Key128, after position: UInt64, limit: Int, on loop: any EventLoop
    ) -> EventLoopFuture<LogRead> {
        let name = "log.read"
        return store.threads.run(name, stream, on: loop) { [store] state, turn throws(TransportError) in
            let place = try Self.place(store, state, stream, name, turn)
            return try LogReader(place, after: position, limit: limit).read()
        }
    }

    func remove(_ stream: Key128, on loop: any EventLoop) -> EventLoopFuture<Void> {
        let name = "log.remove"
        return store.threads.run(name, stream, on: loop) { [store] state, turn throws(TransportError) in
            _ = state.heads.take(stream, now: .now())
            try Self.place(store, state, stream, name, turn).remove()
        }
    }

    // MARK: Parts

    private static func place(
        _ store: JetStreamStore, _ state: JetStreamStore.ThreadState, _ stream: Key128, _ name: String,
        _ turn: JetStreamStore.Threads.Turn
    ) throws(TransportError) -> LogPlace {
        LogPlace(
            store: store, seal: try store.seals(state, name).logs, key: stream, name: name, deadline: turn.deadline)
    }

    private func refusal(_ entries: [LogEntry], _ lifetime: TimeAmount) -> TransportError? {
        if let large = entries.first(where: { $0.event.readableBytes > eventBytesMax }) {
            return TransportError(
                .tooLarge, .notDelivered,
                "event \(large.number) of \(large.event.readableBytes) bytes was not appended: the limit is "
                    + "\(eventBytesMax)")
        }
        // The server removes what is older than the stream's age, and a log never goes before its time.
        if lifetime > store.options.logLifetimeMax {
            let most = store.options.logLifetimeMax.nanoseconds / 1_000_000_000
            return TransportError(
                .tooLarge, .notDelivered,
                "a lifetime of \(lifetime.nanoseconds / 1_000_000_000) s was not written: logs are kept \(most) s")
        }
        return nil
    }
}
#endif
