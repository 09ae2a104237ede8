// Directory and log on a real server, with `async` calls, for tests that hurt the server.
#if NATS
import Logging
import NIOCore
import NIOPosix
import TestSupport
import TransportAPI

@testable import NATSTransport

/// One member's ports. Close it at the end.
final class KeptBench: Sendable {
    /// Kept, for it ends when it is let go.
    private let server: NATSServer
    let store: JetStreamStore
    let directory: NATSDirectory
    let log: NATSLog
    let loop = MultiThreadedEventLoopGroup.singleton.next()

    init(_ server: NATSServer, _ change: (inout NATSOptions) -> Void = { _ in }) {
        self.server = server
        var options = NATSOptions(urls: [server.url], secrets: [Array(repeating: 7, count: 32)])
        options.bucketBytesMax = 64 * 1024 * 1024
        options.logBytesMax = 256 * 1024 * 1024
        change(&options)
        store = JetStreamStore(options: options, logger: Logger(label: "kept") { _ in SwiftLogNoOpLogHandler() })
        directory = NATSDirectory(store)
        log = NATSLog(store)
    }

    /// Starts, runs `body`, and closes whatever comes.
    func run(_ body: (KeptBench) async throws -> Void) async throws {
        do {
            try await store.start(on: loop).get()
            try await body(self)
        } catch {
            try await close()
            throw error
        }
        try await close()
    }

    func close() async throws { try await store.close(on: loop).get() }

    /// The text with which the start fails; nil if it does not.
    func startFailure() async throws -> String? {
        var text: String?
        do { try await store.start(on: loop).get() } catch { text = "\(error)" }
        try await close()
        return text
    }

    func append(_ entries: [LogEntry], to stream: Key128, after: UInt64) async throws -> LogAppend {
        try await loop.flatSubmit { [self] in
            log.append(entries, to: stream, after: after, lifetime: .minutes(10), on: loop)
        }.get()
    }

    func read(_ stream: Key128, after position: UInt64, limit: Int = 100_000) async throws -> LogRead {
        try await loop.flatSubmit { [self] in log.read(stream, after: position, limit: limit, on: loop) }.get()
    }

    func create(_ key: Key128, _ value: ByteBuffer) async throws -> DirectoryWrite {
        try await loop.flatSubmit { [self] in directory.create(key, value, lifetime: .minutes(10), on: loop) }.get()
    }

    func read(_ key: Key128) async throws -> DirectoryRead {
        try await loop.flatSubmit { [self] in directory.read(key, on: loop) }.get()
    }

    /// Waits until calls get an answer, which must be within so much time.
    func recovers(within limit: TimeAmount) async throws -> Bool {
        let deadline = NIODeadline.now() + limit
        while NIODeadline.now() < deadline {
            if (try? await read(.random())) == .absent { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }
}

extension Key128 {
    static func random() -> Key128 {
        Key128(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }
}

/// The code of the error with which `body` fails; nil if it does not.
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
