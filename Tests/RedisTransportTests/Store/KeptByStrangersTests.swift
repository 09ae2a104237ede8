// Somebody with the right to write our keys and without the secret: what he puts there is neither found nor absent.
#if Redis
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: strangers at keys", .serialized, .timeLimit(.minutes(1)))
struct KeptByStrangersTests {
    private static let names = RedisKeys(prefix: "patchbay", run: nil)

    private func run(_ body: (RedisBench, RedisMember, Stranger) async throws -> Void) async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join("one")
            let stranger = try await Stranger(at: bench)
            try await body(bench, one, stranger)
            try await stranger.close()
        }
    }

    @Test("Another secret: its records are not called absent, its logs are lost, and neither is overwritten")
    func otherSecret() async throws {
        try await run { bench, one, _ in
            let other = try await bench.join("other") { $0.secrets = [Array(repeating: 9, count: 32)] }
            let key = Key128.random()
            #expect(try await other.create(key, "foreign").revision != nil)
            #expect(try await other.append([entry(1)], to: key, after: 0) == .appended)
            #expect(try await one.read(key) == .unknown)
            #expect(try await one.create(key, "own") == .lost(nil))
            #expect(try await one.read(key, after: 0) == .lost(first: nil))
            #expect(try await other.read(key).text == "foreign")
        }
    }

    @Test("A record that was moved to another key, or has bytes or a revision of his, is not read as one of ours")
    func records() async throws {
        try await run { _, one, stranger in
            let (key, other) = (Key128.random(), Key128.random())
            #expect(try await one.create(key, "record").revision != nil)
            let (name, moved) = (Self.names.session(key), Self.names.session(other))
            #expect(try await stranger.ask("COPY", name, moved) == .integer(1))
            #expect(try await one.read(other) == .unknown)
            for value in ["", "x", String(repeating: "x", count: 100_000)] {
                _ = try await stranger.ask("HSET", name, "v", value)
                #expect(try await one.read(key) == .unknown)
            }
            for revision in ["", "-1", "x", "18446744073709551616", "1.5"] {
                _ = try await stranger.ask("DEL", name)
                #expect(try await one.create(key, "record").revision != nil)
                _ = try await stranger.ask("HSET", name, "r", revision)
                #expect(try await one.read(key) == .unknown, "revision '\(revision)'")
            }
            _ = try await stranger.ask("HDEL", name, "v")
            #expect(try await one.read(key) == .unknown)
            // Half a record is none, and whether there was one nobody knows.
            _ = try await stranger.ask("DEL", name)
            _ = try await stranger.ask("HSET", name, "v", "x")
            let read = try await one.read(key)
            #expect(read == .unknown || read == .absent)
        }
    }

    @Test("Keys of another kind make calls fail, and not as if nothing could have happened")
    func kinds() async throws {
        try await run { _, one, stranger in
            let key = Key128.random()
            for name in [Self.names.session(key), Self.names.log(key)] { _ = try await stranger.ask("SET", name, "x") }
            let calls: [() async throws -> Void] = [
                { _ = try await one.read(key) }, { _ = try await one.create(key, "x") },
                { _ = try await one.update(key, "x", from: 1) }, { _ = try await one.delete(key, from: 1) },
                { _ = try await one.append([entry(1)], to: key, after: 0) }, { _ = try await one.read(key, after: 0) },
            ]
            for call in calls {
                let error = await failure(call)
                #expect(error?.code == .malformed && error?.delivery == .unknown, "\(error as Any)")
            }
            try await one.remove(key)
            #expect(try await one.append([entry(1)], to: key, after: 0) == .appended)
            _ = try await stranger.ask("DEL", Self.names.cluster)
            _ = try await stranger.ask("SET", Self.names.cluster, "x")
            #expect(await failure { _ = try await one.incarnation() } != nil)
            _ = try await stranger.ask("DEL", Self.names.cluster)
            #expect(try await one.incarnation() != nil)
        }
    }

    @Test("A log with entries of his, or without some of ours, is lost from there on and never wrong")
    func logs() async throws {
        try await run { _, one, stranger in
            let stream = Key128.random()
            let name = Self.names.log(stream)
            let entries = (1...5).map { entry(UInt64($0)) }
            #expect(try await one.append(entries, to: stream, after: 0) == .appended)
            // What follows the hole is not what followed the position.
            _ = try await stranger.ask("XDEL", name, "3-0")
            #expect(try await one.read(stream, after: 0) == .lost(first: 4))
            #expect(try await one.read(stream, after: 3) == .page([entry(4), entry(5)]))
            _ = try await stranger.ask("XADD", name, "6-0", "p", "5", "b", "0", "e", "x")
            #expect(try await one.read(stream, after: 3) == .lost(first: nil))
            // Something without our fields, and with an id that is not one of ours.
            for fields in [["7-0", "a", "b"], ["8-1", "p", "7", "b", "0", "e", "x"]] {
                _ = try await stranger.ask("XADD", ([name] + fields).map { Array($0.utf8) })
                var read: LogRead?
                let error = await failure { read = try await one.read(stream, after: 6) }
                #expect(read == .lost(first: nil) || error?.delivery == .unknown, "\(read as Any) \(error as Any)")
            }
            // An entry of another log.
            let other = Key128.random()
            #expect(try await one.append(entries, to: other, after: 0) == .appended)
            #expect(try await stranger.ask("COPY", Self.names.log(other), Self.names.log(.zero)) == .integer(1))
            #expect(try await one.read(.zero, after: 0) == .lost(first: nil))
        }
    }

    @Test("Ends of a log that he has swapped are not read in his order")
    func swapped() async throws {
        try await run { _, one, stranger in
            let stream = Key128.random()
            let name = Self.names.log(stream)
            #expect(try await one.append((1...2).map { entry($0) }, to: stream, after: 0) == .appended)
            let answer = try await stranger.ask("XRANGE", name, "-", "+")
            let sealed = try #require(answer.elements).compactMap { $0.elements?.last?.elements?.last?.bytes }
            #expect(sealed.count == 2)
            _ = try await stranger.ask("DEL", name)
            for (number, bytes) in zip(["1", "2"], sealed.reversed()) {
                let words = [name, number + "-0", "p", number == "1" ? "0" : "1", "b", "0", "e"].map { Array($0.utf8) }
                _ = try await stranger.ask("XADD", words + [Array(bytes.readableBytesView)])
            }
            #expect(try await one.read(stream, after: 0) == .lost(first: nil))
        }
    }
}

extension Key128 {
    fileprivate static let zero = Key128(high: 0, low: 0)
}
#endif
