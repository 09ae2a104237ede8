// Directory and log with `async` calls: each goes through the loop, and is checked for where it completes and how long
// it took.
internal import NIOCore
internal import TransportAPI

/// Makes calls on a loop.
protocol PortCaller: Sendable {
    var loop: any EventLoop { get }
    var timeout: TimeAmount { get }
}

/// How much later than its timeout a call may be seen to end on a busy machine.
private let lateness = TimeAmount.seconds(2)

extension PortCaller {
    func call<Value: Sendable>(
        _ what: String, _ make: @escaping @Sendable () -> EventLoopFuture<Value>
    ) async throws -> Value {
        let loop = loop
        // Measured where the call is made and ends: how long a task waits for its turn is not the subject.
        let (result, time) = try await loop.flatSubmit {
            () -> EventLoopFuture<(result: Result<Value, any Error>, time: TimeAmount)> in
            let start = NIODeadline.now()
            let future = make()
            guard future.eventLoop === loop else {
                return loop.makeFailedFuture(ConformanceFailure("\(what) completes on another loop than it was given"))
            }
            let ended = future.map(Result<Value, any Error>.success).flatMapErrorThrowing(Result.failure)
            return ended.map { ($0, NIODeadline.now() - start) }
        }.get()
        try expect(
            time < timeout + lateness,
            "\(what) took \(time.nanoseconds / 1_000_000) ms, the timeout is \(timeout.nanoseconds / 1_000_000) ms")
        return try result.get()
    }
}

struct DirectoryCaller: PortCaller {
    let directory: any SessionDirectory
    let loop: any EventLoop

    /// Long enough for every case that is not about time.
    static let longLifetime = TimeAmount.minutes(10)

    var timeout: TimeAmount { directory.timeout }

    func incarnation() async throws -> UInt64? {
        try await call("incarnation") { directory.incarnation(on: loop) }
    }

    func read(_ key: Key128) async throws -> DirectoryRead {
        try await call("read") { directory.read(key, on: loop) }
    }

    func create(
        _ key: Key128, _ value: ByteBuffer, lifetime: TimeAmount = longLifetime
    ) async throws -> DirectoryWrite {
        try await call("create") { directory.create(key, value, lifetime: lifetime, on: loop) }
    }

    func update(
        _ key: Key128, _ value: ByteBuffer, from revision: UInt64, lifetime: TimeAmount = longLifetime
    ) async throws -> DirectoryWrite {
        try await call("update") { directory.update(key, value, from: revision, lifetime: lifetime, on: loop) }
    }

    func delete(_ key: Key128, from revision: UInt64) async throws -> DirectoryWrite {
        try await call("delete") { directory.delete(key, from: revision, on: loop) }
    }

    /// Creates a record that nothing stands in the way of, and returns its revision.
    func made(_ key: Key128, _ value: ByteBuffer, lifetime: TimeAmount = longLifetime) async throws -> UInt64 {
        try await create(key, value, lifetime: lifetime).revision("create of a new record")
    }
}

extension DirectoryWrite {
    /// The revision that was written; fails when the write lost.
    func revision(_ what: String) throws -> UInt64 {
        if case .written(let revision) = self { return revision }
        throw ConformanceFailure("\(what): expected written, saw \(self)")
    }
}

struct LogCaller: PortCaller {
    let log: any StreamLog
    let loop: any EventLoop

    /// The log has no timeout in its contract; this is what any call may take.
    let timeout = TimeAmount.seconds(10)

    func append(
        _ entries: [LogEntry], to stream: Key128, after: UInt64, lifetime: TimeAmount = DirectoryCaller.longLifetime
    ) async throws -> LogAppend {
        try await call("append") { log.append(entries, to: stream, after: after, lifetime: lifetime, on: loop) }
    }

    func read(_ stream: Key128, after position: UInt64, limit: Int = 100_000) async throws -> LogRead {
        try await call("read") { log.read(stream, after: position, limit: limit, on: loop) }
    }

    func remove(_ stream: Key128) async throws {
        try await call("remove") { log.remove(stream, on: loop) }
    }
}

extension Key128 {
    static func random() -> Key128 {
        Key128(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }
}
