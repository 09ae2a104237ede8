// Servers that may lose what they have acknowledged: refused, or used so that nothing old is taken for new.
#if Redis
import Foundation
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: servers that forget", .serialized, .timeLimit(.minutes(1)))
struct VolatileServerTests {
    @Test("Without appendonly the start is refused, with what to do at either side")
    func refused() async throws {
        try await RedisBench.run { $0.persistence = .none } _: { bench in
            let text = try await bench.startFailure()
            for word in ["appendonly yes", "accept_volatile"] {
                #expect(text?.contains(word) == true, "\(text ?? "it started")")
            }
        }
    }

    @Test("Accepted without appendonly, all keys carry the server's run id")
    func runID() async throws {
        try await RedisBench.run { $0.persistence = .none } _: { bench in
            let one = try await bench.join { $0.acceptsVolatile = true }
            let key = Key128.random()
            #expect(try await one.create(key, "record").revision != nil)
            #expect(try await one.append([entry(1)], to: key, after: 0) == .appended)
            let run = try bench.server.fact("run_id").prefix(16)
            let keys = try bench.server.lines("KEYS", "*")
            #expect(keys.count == 3 && keys.allSatisfy { $0.hasPrefix("patchbay:\(run):") }, "\(keys)")
        }
    }

    @Test("After a restart with an old snapshot nothing old is read, and the incarnation is another one")
    func snapshot() async throws {
        try await RedisBench.run { $0.persistence = .none } _: { bench in
            let one = try await bench.join { $0.acceptsVolatile = true }
            let (key, later) = (Key128.random(), Key128.random())
            let revision = try #require(try await one.create(key, "old").revision)
            #expect(try await one.append([entry(1), entry(2)], to: key, after: 0) == .appended)
            let before = try #require(try await one.incarnation())
            let old = "patchbay:\(try bench.server.fact("run_id").prefix(16)):"
            try bench.server.command(["SAVE"])
            // Acknowledged, and not in the snapshot.
            let newer = try #require(try await one.update(key, "new", from: revision).revision)
            #expect(try await one.create(later, "later").revision != nil)
            #expect(try await one.append([entry(3)], to: key, after: 2) == .appended)
            bench.server.kill()
            try bench.server.start()
            #expect(try bench.server.lines("KEYS", "\(old)*").count == 3, "the snapshot was loaded")
            try await bench.eventually("the server answers") { (try? await one.read(key)) != nil }
            #expect(try await one.read(key) == .absent)
            #expect(try await one.read(later) == .absent)
            #expect(try await one.read(key, after: 0) == .lost(first: nil))
            #expect(try await one.update(key, "newer", from: newer) == .lost(nil))
            #expect(try #require(try await one.incarnation()) != before)
            // And a member that comes now sees the same.
            let two = try await bench.join("two") { $0.acceptsVolatile = true }
            #expect(try await two.incarnation() == one.incarnation())
            #expect(try await two.create(key, "anew").revision != nil)
            #expect(try await one.read(key).text == "anew")
        }
    }

    @Test("With appendonly everything is there after the server was killed, and the incarnation is the same")
    func kept() async throws {
        try await RedisBench.run { $0.persistence = .always } _: { bench in
            let one = try await bench.join()
            let key = Key128.random()
            let revision = try #require(try await one.create(key, "record").revision)
            #expect(try await one.append([entry(1), entry(2)], to: key, after: 0) == .appended)
            let before = try #require(try await one.incarnation())
            for _ in 0..<3 {
                bench.server.kill()
                try bench.server.start()
                try await bench.eventually("the server answers") { (try? await one.read(key)) != nil }
                #expect(try await one.read(key) == .found(DirectoryRecord(value: "record", revision: revision)))
                #expect(try await one.read(key, after: 0) == .page([entry(1), entry(2)]))
                #expect(try await one.incarnation() == before)
            }
            #expect(try #require(try await one.update(key, "newer", from: revision).revision) > revision)
        }
    }

    @Test("A server that comes back without appendonly is told apart from the one before, whatever it has loaded")
    func switchedOff() async throws {
        let more = FileManager.default.temporaryDirectory.appendingPathComponent("more-\(UUID().uuidString).conf")
        defer { try? FileManager.default.removeItem(at: more) }
        try "appendonly yes\n".write(to: more, atomically: true, encoding: .utf8)
        try await RedisBench.run { $0.lines = "include \"\(more.path)\"" } _: { bench in
            let one = try await bench.join()
            let key = Key128.random()
            #expect(try await one.create(key, "old").revision != nil)
            let before = try await one.incarnation()
            try bench.server.command(["SAVE"])
            bench.server.kill()
            try "appendonly no\n".write(to: more, atomically: true, encoding: .utf8)
            try bench.server.start()
            #expect(try bench.server.lines("KEYS", "patchbay:session:*").count == 1, "the snapshot was loaded")
            try await bench.eventually("the server answers") { (try? await one.read(key)) != nil }
            #expect(try await one.read(key) == .absent)
            #expect(try await one.incarnation() != before)
        }
    }

    @Test("While appendonly is switched at a running server, its members go on to read what the others write")
    func switchedMeanwhile() async throws {
        for (first, then) in [(RedisServer.Persistence.none, "yes"), (.everySecond, "no")] {
            try await RedisBench.run { $0.persistence = first } _: { bench in
                let one = try await bench.join("one") { $0.acceptsVolatile = true }
                try bench.server.command(["CONFIG", "SET", "appendonly", then])
                let two = try await bench.join("two") { $0.acceptsVolatile = true }
                let key = Key128.random()
                #expect(try await one.create(key, "record").revision != nil)
                #expect(try await two.read(key).text == "record", "appendonly \(then) after \(first)")
                #expect(try await one.incarnation() == two.incarnation(), "appendonly \(then) after \(first)")
            }
        }
    }
}

extension DirectoryRecord {
    fileprivate init(value: String, revision: UInt64) {
        self.init(value: ByteBuffer(string: value), revision: revision)
    }
}
#endif
