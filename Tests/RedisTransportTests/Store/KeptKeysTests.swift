// What stands at the server after members have worked: the keys that are documented, and all of them expire.
#if Redis
import Foundation
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: what is kept", .serialized, .timeLimit(.minutes(1)))
struct KeptKeysTests {
    /// Calls of every kind, with records and logs that stay and others that go.
    private func work(_ one: RedisMember, _ two: RedisMember) async throws {
        for round in 0..<5 {
            let key = Key128.random()
            let created = try #require(try await one.create(key, "\(round)", lifetime: .seconds(100)).revision)
            _ = try await two.create(key, "lost")
            _ = try await two.update(key, "lost", from: created &+ 7)
            let updated = try #require(try await two.update(key, "won", from: created).revision)
            if round % 2 == 0 { _ = try await one.delete(key, from: updated) }
            _ = try await one.delete(.random(), from: 1)
            _ = try await one.update(.random(), "none", from: 1)
            _ = try await one.read(.random())
            _ = try await one.incarnation()
            for number: UInt64 in 1...4 { _ = try await one.append([entry(number)], to: key, after: number - 1) }
            _ = try await one.append([entry(3)], to: key, after: 2)
            _ = try await one.append([], to: key, after: 4)
            _ = try await one.append([], to: .random(), after: 0)
            // With a hole, which begins it anew.
            _ = try await one.append([entry(10), entry(12)], to: key, after: 9)
            _ = try await two.read(key, after: 0)
            if round % 2 == 1 { try await two.remove(key) }
            try await two.remove(.random())
        }
    }

    /// A key with its kind, its time and the names of its fields.
    private struct Kept {
        var key: String
        var kind: String
        var milliseconds: Int
        var fields: Set<String>
    }

    private func kept(_ server: RedisServer) throws -> [Kept] {
        var found: [Kept] = []
        var cursor = "0"
        repeat {
            let page = try server.lines("SCAN", cursor, "COUNT", "1000")
            for key in page.dropFirst() {
                let kind = try server.command(["TYPE", key])
                let fields = kind == "hash"
                    ? try server.lines("HKEYS", key)
                    // Of each entry its id and three fields with their values; those are not text.
                    : ["p", "b", "e"]
                let time = Int(try server.command(["PTTL", key])) ?? -3
                found.append(Kept(key: key, kind: kind, milliseconds: time, fields: Set(fields)))
            }
            cursor = page.first ?? "0"
        } while cursor != "0"
        return found
    }

    @Test("Every key expires, and is one of those that are documented", arguments: [true, false])
    func keys(_ isKept: Bool) async throws {
        try await RedisBench.run { $0.persistence = isKept ? .everySecond : .none } _: { bench in
            let change: (inout RedisOptions) -> Void = {
                ($0.acceptsVolatile, $0.prefix, $0.recordLifetimeMax) = (true, "pre-fix_1", .hours(3))
            }
            let (one, two) = (try await bench.join("one", change), try await bench.join("two", change))
            try await work(one, two)
            let run = isKept ? "" : "\(try bench.server.fact("run_id").prefix(16)):"
            let digits = /[0-9a-f]{32}/
            let kept = try kept(bench.server)
            #expect(kept.count == 1 + 2 + 3, "\(kept)")
            for each in kept {
                let name = try #require(each.key.split(separator: "pre-fix_1:\(run)", maxSplits: 1).last)
                #expect(each.key.hasPrefix("pre-fix_1:\(run)"))
                if name == "cluster" {
                    #expect(each.kind == "hash" && each.fields == ["i", "l", "n", "r"], "\(each)")
                    #expect((1...6 * 3_600_000).contains(each.milliseconds) && each.milliseconds > 6 * 3_590_000)
                } else if try /session:/.prefixMatch(in: name) != nil {
                    #expect(try digits.wholeMatch(in: name.dropFirst(8)) != nil && each.kind == "hash")
                    #expect(each.fields == ["r", "v"] && (1...600_000).contains(each.milliseconds))
                } else {
                    #expect(try /log:/.prefixMatch(in: name) != nil && digits.wholeMatch(in: name.dropFirst(4)) != nil)
                    #expect(each.kind == "stream" && (1...600_000).contains(each.milliseconds))
                }
            }
        }
    }

    @Test("Entries of a log have the fields that are documented, and ids that are their numbers")
    func entries() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join()
            let stream = Key128(high: 1, low: 2)
            #expect(try await one.append([entry(3), entry(.max)], to: stream, after: 1) == .appended)
            let stranger = try await Stranger(at: bench)
            let answer = try await stranger.ask("XRANGE", RedisKeys(prefix: "patchbay", run: nil).log(stream), "-", "+")
            let entries = try #require(answer.elements).compactMap(\.elements)
            #expect(entries.map { $0.first?.text } == ["3-0", "18446744073709551615-0"])
            let fields = entries.compactMap { $0.last?.elements }
            #expect(fields.allSatisfy { $0.count == 6 && [$0[0].text, $0[2].text, $0[4].text] == ["p", "b", "e"] })
            #expect(fields.map { $0[1].text } == ["1", "3"])
            #expect(fields.map { $0[3].text } == ["0", "\(SealedEntry.overhead + 8)"])
            try await stranger.close()
        }
    }

    @Test("A record goes when its time is over, and not before")
    func expiry() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join()
            let key = Key128.random()
            let start = NIODeadline.now()
            #expect(try await one.create(key, "brief", lifetime: .milliseconds(300)).revision != nil)
            try await bench.eventually("it is gone") { try await one.read(key) == .absent }
            #expect(NIODeadline.now() - start >= .milliseconds(300))
            print("kept: gone after \((NIODeadline.now() - start).nanoseconds / 1_000_000) of 300 ms")
            #expect(try await one.create(key, "again").revision != nil)
        }
    }

    @Test("What tells of a loss outlives every record, also when members are configured with other lifetimes")
    func lifetimes() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join("one") { $0.recordLifetimeMax = .hours(2) }
            let two = try await bench.join("two") { $0.recordLifetimeMax = .seconds(1) }
            let key = Key128.random()
            #expect(try await one.create(key, "record", lifetime: .hours(1)).revision != nil)
            _ = try await two.incarnation()
            #expect(try await two.create(.random(), "brief", lifetime: .seconds(1)).revision != nil)
            let left = Int(try bench.server.command(["PTTL", RedisKeys(prefix: "patchbay", run: nil).cluster])) ?? 0
            #expect(left > 3_600_000, "milliseconds of the cluster's key")
        }
    }

    @Test("What members ask for is never kept in clear")
    func clear() async throws {
        try await RedisBench.run { $0.persistence = .always } _: { bench in
            let one = try await bench.join()
            let words = ["a-secret-in-a-record", "a-secret-in-an-event"]
            let key = Key128.random()
            #expect(try await one.create(key, words[0]).revision != nil)
            let event = LogEntry(number: 1, event: ByteBuffer(string: words[1]))
            #expect(try await one.append([event], to: key, after: 0) == .appended)
            let folder = bench.server.folder.appendingPathComponent("store/appendonlydir")
            var bytes: [UInt8] = []
            for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                bytes += try Data(contentsOf: folder.appendingPathComponent(file))
            }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.contains("patchbay:session:"), "the file was found")
            for word in words { #expect(!text.contains(word)) }
        }
    }
}
#endif
