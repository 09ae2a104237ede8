// A server that forgets its scripts while members use them.
#if Redis
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: scripts", .serialized, .timeLimit(.minutes(1)))
struct ForgottenScriptsTests {
    @Test("Scripts are loaded once and called by their digests")
    func loaded() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join()
            for _ in 0..<20 { #expect(try await one.create(.random(), "x").revision != nil) }
            #expect(try bench.server.count("number_of_cached_scripts") == RedisScript.allCases.count)
            let calls = try bench.server.lines("INFO", "commandstats")
            #expect(calls.contains { $0.hasPrefix("cmdstat_evalsha:calls=20,") }, "\(calls)")
            // Those with which it has met the server.
            let whole = calls.first { $0.hasPrefix("cmdstat_eval:") }
            _ = try await one.read(.random())
            #expect(try bench.server.lines("INFO", "commandstats").contains { $0 == whole })
        }
    }

    @Test("After SCRIPT FLUSH every call goes on, and does what it does once")
    func flushed() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join()
            let (key, stream) = (Key128.random(), Key128.random())
            var revision: UInt64?
            for number: UInt64 in 1...5 {
                let flush = { _ = try bench.server.command(["SCRIPT", "FLUSH"]) }
                try flush()
                let write = try await revision == nil
                    ? one.create(key, "\(number)") : one.update(key, "\(number)", from: revision ?? 0)
                let written = try #require(write.revision)
                #expect(written > revision ?? 0)
                revision = written
                try flush()
                #expect(try await one.read(key).text == "\(number)")
                try flush()
                #expect(try await one.append([entry(number)], to: stream, after: number - 1) == .appended)
                try flush()
                #expect(try await one.read(stream, after: number - 1) == .page([entry(number)]))
                try flush()
                #expect(try await one.incarnation() != nil)
            }
            #expect(try await one.read(stream, after: 0) == .page((1...5).map { entry($0) }))
        }
    }

    @Test("While scripts are flushed again and again, many calls at once all succeed, each once")
    func storm() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join()
            let keys = (0..<400).map { _ in Key128.random() }
            let flushing = Task.detached {
                while !Task.isCancelled { try bench.server.command(["SCRIPT", "FLUSH"]) }
            }
            let written = try await withThrowingTaskGroup(of: Bool.self) { group in
                for key in keys { group.addTask { try await one.create(key, "x").revision != nil } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            flushing.cancel()
            try await flushing.value
            #expect(written == keys.count)
            for key in keys { #expect(try await one.read(key).text == "x") }
        }
    }
}
#endif
