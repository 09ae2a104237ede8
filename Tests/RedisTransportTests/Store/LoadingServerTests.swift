// A server that is still reading its files when members come, or come again: it knows neither its records nor, which is
// worse, that it has appendonly.
#if Redis
import Foundation
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: a server that is loading", .serialized, .timeLimit(.minutes(1)))
struct LoadingServerTests {
    /// Starts a server again that reads its files until `body` has returned, and for nine seconds at most.
    private func slowly(_ body: (RedisBench, RedisMember, Key128) async throws -> Void) async throws {
        let more = FileManager.default.temporaryDirectory.appendingPathComponent("more-\(UUID().uuidString).conf")
        defer { try? FileManager.default.removeItem(at: more) }
        try "".write(to: more, atomically: true, encoding: .utf8)
        try await RedisBench.run {
            $0.persistence = .always
            $0.lines = "rdbcompression no\ninclude \"\(more.path)\""
        } _: { bench in
            let one = try await bench.join("one")
            let key = Key128.random()
            #expect(try await one.create(key, "record").revision != nil)
            let filler = String(repeating: "x", count: 2_048)
            for number in 0..<360 { try bench.server.command(["SET", "filler-\(number)", filler]) }
            // Only what stands in the base file is read with a look at connections in between.
            try bench.server.command(["BGREWRITEAOF"])
            try await bench.eventually("the base file is written") {
                try bench.server.fact("aof_rewrite_in_progress") == "0" && bench.server.count("aof_base_size") > 100_000
            }
            bench.server.kill()
            try "key-load-delay 25000\nloading-process-events-interval-bytes 1024\n"
                .write(to: more, atomically: true, encoding: .utf8)
            // Not on a thread that tests need.
            async let start: Void = withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread { continuation.resume(with: Result { try bench.server.start() }) }
            }
            try await bench.eventually("it is loading") { (try? bench.server.fact("loading")) == "1" }
            try await body(bench, one, key)
            try await start
        }
    }

    /// Lets the server be read to the end.
    private func release(_ bench: RedisBench) throws {
        try bench.server.command(["CONFIG", "SET", "key-load-delay", "0"])
    }

    @Test("A member that starts meanwhile waits for it, within its time")
    func starting() async throws {
        try await slowly { bench, _, key in
            async let two = bench.join("two") { $0.startWithin = .seconds(30) }
            try await bench.eventually("it has come") { (try? bench.server.fact("cmdstat_client|setname")) != nil }
            #expect(try bench.server.fact("loading") == "1")
            try release(bench)
            #expect(try await two.read(key).text == "record")
            #expect(try bench.server.lines("KEYS", "patchbay:*").count == 2)
        }
    }

    @Test("A member that does not want to wait is told why")
    func impatient() async throws {
        try await slowly { bench, _, _ in
            let text = try await bench.startFailure { $0.startWithin = .milliseconds(1_500) }
            #expect(text?.contains("loading") == true, "\(text ?? "it started")")
            #expect(text?.contains("127.0.0.1:\(bench.server.port)") == true, "\(text ?? "it started")")
            try release(bench)
        }
    }

    @Test("A member that comes again meanwhile says neither absent nor anything else that is not so")
    func again() async throws {
        try await slowly { bench, one, key in
            try await bench.eventually("it has come") { (try? bench.server.fact("cmdstat_client|setname")) != nil }
            for _ in 0..<2 {
                let error = await failure { _ = try await one.read(key) }
                #expect(error?.delivery == .notDelivered, "\(error as Any)")
            }
            #expect(try bench.server.fact("loading") == "1")
            try release(bench)
            try await bench.eventually("the record is read") {
                guard let read = try? await one.read(key) else { return false }
                #expect(read.text == "record")
                return true
            }
            try await bench.converse(one, one, on: .everyone)
            #expect(try bench.server.lines("KEYS", "patchbay:*").count == 2, "the same keys as before")
        }
    }
}
#endif
