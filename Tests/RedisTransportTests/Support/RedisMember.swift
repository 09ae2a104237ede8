// One member of a cluster at a real server, with its ports as `async` calls.
#if Redis
import NIOCore
import Synchronization
import TransportAPI

@testable import RedisTransport

struct RedisMember: Sendable {
    let id: MemberID
    let cluster: RedisCluster
    let loop: any EventLoop
    let bus: any MessageBus
    let directory: any SessionDirectory
    let log: any StreamLog

    // MARK: The bus

    func say(_ text: String, to subject: Subject) throws(TransportError) {
        try bus.publish(Envelope(header: ByteBuffer(), body: ByteBuffer(string: text)), to: subject)
    }

    func listen(to subject: Subject) async throws -> RedisListener {
        let listener = RedisListener()
        let capacity = SubscriptionCapacity(envelopes: 1_000_000, bytes: 1 << 30)
        let subscription = try await bus.subscribe(to: subject, capacity: capacity, on: loop, listener).get()
        listener.keep(subscription)
        return listener
    }

    func end(_ listener: RedisListener) async throws { try await loop.submit { listener.end() }.get() }

    // MARK: The directory

    func incarnation() async throws -> UInt64? {
        try await loop.flatSubmit { directory.incarnation(on: loop) }.get()
    }

    func read(_ key: Key128) async throws -> DirectoryRead {
        try await loop.flatSubmit { directory.read(key, on: loop) }.get()
    }

    func create(_ key: Key128, _ text: String, lifetime: TimeAmount = .minutes(10)) async throws -> DirectoryWrite {
        try await loop.flatSubmit {
            directory.create(key, ByteBuffer(string: text), lifetime: lifetime, on: loop)
        }.get()
    }

    func update(_ key: Key128, _ text: String, from revision: UInt64) async throws -> DirectoryWrite {
        try await loop.flatSubmit {
            directory.update(key, ByteBuffer(string: text), from: revision, lifetime: .minutes(10), on: loop)
        }.get()
    }

    func delete(_ key: Key128, from revision: UInt64) async throws -> DirectoryWrite {
        try await loop.flatSubmit { directory.delete(key, from: revision, on: loop) }.get()
    }

    // MARK: The log

    func append(_ entries: [LogEntry], to stream: Key128, after: UInt64) async throws -> LogAppend {
        try await loop.flatSubmit {
            log.append(entries, to: stream, after: after, lifetime: .minutes(10), on: loop)
        }.get()
    }

    func read(_ stream: Key128, after position: UInt64, limit: Int = 10_000) async throws -> LogRead {
        try await loop.flatSubmit { log.read(stream, after: position, limit: limit, on: loop) }.get()
    }

    func remove(_ stream: Key128) async throws {
        try await loop.flatSubmit { log.remove(stream, on: loop) }.get()
    }
}

extension Key128 {
    static func random() -> Key128 { Key128(high: .random(in: .min ... .max), low: .random(in: .min ... .max)) }
}

extension DirectoryWrite {
    var revision: UInt64? { if case .written(let revision) = self { revision } else { nil } }
}

extension DirectoryRead {
    /// The value as text; nil where none was found.
    var text: String? { if case .found(let record) = self { String(buffer: record.value) } else { nil } }
}

/// The error with which `body` fails; nil if it does not.
func failure(_ body: () async throws -> Void) async -> TransportError? {
    do { try await body() } catch { return error as? TransportError }
    return nil
}

func entry(_ number: UInt64, size: Int = 8) -> LogEntry {
    var event = ByteBuffer(integer: number)
    event.writeRepeatingByte(0x2E, count: max(0, size - 8))
    return LogEntry(number: number, event: event)
}
#endif
