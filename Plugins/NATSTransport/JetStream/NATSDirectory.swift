// The directory port over a key-value bucket of JetStream.
#if NATS
internal import NIOCore
internal import TransportAPI

final class NATSDirectory: SessionDirectory {
    private let store: JetStreamStore

    init(_ store: JetStreamStore) { self.store = store }

    var valueBytesMax: Int { store.options.valueBytesMax }
    var timeout: TimeAmount { store.options.callTimeout }

    func incarnation(on loop: any EventLoop) -> EventLoopFuture<UInt64?> {
        let name = "directory.incarnation"
        return store.threads.run(name, Key128(high: 0, low: 0), on: loop) { [store] _, turn throws(TransportError) in
            let deadline = turn.deadline
            let stream = store.bucket.name
            let state = try store.call(name, by: deadline) { jetStream throws(JetStreamFailure) -> StreamState in
                guard let state = try jetStream.stream(stream, by: deadline) else {
                    throw JetStreamFailure.streamNotFound
                }
                return state
            }
            return UInt64(bitPattern: state.created)
        }
    }

    func read(_ key: Key128, on loop: any EventLoop) -> EventLoopFuture<DirectoryRead> {
        run("directory.read", key, on: loop) { records throws(TransportError) in
            switch try records.standing() {
            case .live(let record): .found(record)
            case .free: .absent
            case .unreadable: .unknown
            }
        }
    }

    func create(
        _ key: Key128, _ value: ByteBuffer, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<DirectoryWrite> {
        if let refusal = refusal(value, lifetime) { return loop.makeFailedFuture(refusal) }
        return run("directory.create", key, bytes: value.readableBytes, on: loop) { records throws(TransportError) in
            try records.create(value, lifetime: lifetime)
        }
    }

    func update(
        _ key: Key128, _ value: ByteBuffer, from revision: UInt64, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<DirectoryWrite> {
        if let refusal = refusal(value, lifetime) { return loop.makeFailedFuture(refusal) }
        return run("directory.update", key, bytes: value.readableBytes, on: loop) { records throws(TransportError) in
            try records.replace(from: revision, value, lifetime: lifetime, isDeletion: false)
        }
    }

    func delete(_ key: Key128, from revision: UInt64, on loop: any EventLoop) -> EventLoopFuture<DirectoryWrite> {
        run("directory.delete", key, on: loop) { records throws(TransportError) in
            try records.replace(from: revision, ByteBuffer(), lifetime: .nanoseconds(0), isDeletion: true)
        }
    }

    // MARK: Parts

    private func run<Value: Sendable>(
        _ name: String, _ key: Key128, bytes: Int = 0, on loop: any EventLoop,
        _ body: @escaping @Sendable (BucketPlace) throws(TransportError) -> Value
    ) -> EventLoopFuture<Value> {
        store.threads.run(name, key, bytes: bytes, on: loop) { [store] state, turn throws(TransportError) in
            let seal = try store.seals(state, name).records
            return try body(BucketPlace(store: store, seal: seal, key: key, name: name, deadline: turn.deadline))
        }
    }

    private func refusal(_ value: ByteBuffer, _ lifetime: TimeAmount) -> TransportError? {
        if value.readableBytes > valueBytesMax {
            return TransportError(
                .tooLarge, .notDelivered,
                "a value of \(value.readableBytes) bytes was not written: the limit is \(valueBytesMax)")
        }
        // The server removes what is older than the bucket's age, and a record never goes before its time.
        if lifetime > store.options.recordLifetimeMax {
            let most = store.options.recordLifetimeMax.nanoseconds / 1_000_000_000
            return TransportError(
                .tooLarge, .notDelivered,
                "a lifetime of \(lifetime.nanoseconds / 1_000_000_000) s was not written: the bucket keeps \(most) s")
        }
        return nil
    }
}
#endif
