// Who may come in: passwords, users and databases, against real servers that demand them.
#if Redis
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: access", .serialized, .timeLimit(.minutes(1)))
struct RedisAccessTests {
    /// Starts two members with these options and lets one hear the other, and a record of his be read.
    private func works(_ bench: RedisBench, _ change: (inout RedisOptions) -> Void) async throws {
        let (one, two) = (try await bench.join("one", change), try await bench.join("two", change))
        let listener = try await two.listen(to: .everyone)
        try one.say("hello", to: .everyone)
        try await bench.eventually("hello") { listener.texts == ["hello"] }
        let key = Key128.random()
        #expect(try await one.create(key, "record").revision != nil)
        #expect(try await two.read(key).text == "record")
    }

    /// A refusal names the server and says why, and does not wait for the server to change its mind.
    private func fails(_ bench: RedisBench, saying words: String..., change: (inout RedisOptions) -> Void)
        async throws
    {
        let text = try #require(
            try await bench.startFailure {
                // Beyond the test's own limit.
                $0.startWithin = .minutes(10)
                change(&$0)
            })
        for word in words + ["127.0.0.1:\(bench.server.port)"] { #expect(text.contains(word), "\(text)") }
        #expect(!text.contains("-secret"))
    }

    @Test("requirepass: the right password works; a wrong one and none are refused at once")
    func password() async throws {
        try await RedisBench.run {
            $0.lines = "requirepass correct-secret"
            $0.credentials = ["correct-secret"]
        } _: { bench in
            try await works(bench) { $0.password = "correct-secret" }
            try await fails(bench, saying: "WRONGPASS", "password") { $0.password = "wrong-secret" }
            try await fails(bench, saying: "NOAUTH", "password") { _ in }
            try await fails(bench, saying: "WRONGPASS", "user") {
                ($0.user, $0.password) = ("nobody", "correct-secret")
            }
        }
    }

    @Test("A user of the ACL works; another one's password, a wrong one and a switched-off user are refused")
    func user() async throws {
        try await RedisBench.run {
            $0.lines = """
                user ada on >ada-secret ~patchbay:* &patchbay:* +@all
                user bob on >bob-secret ~patchbay:* &patchbay:* +@all
                user off off >off-secret ~patchbay:* &patchbay:* +@all
                """
        } _: { bench in
            try await works(bench) { ($0.user, $0.password) = ("ada", "ada-secret") }
            try await fails(bench, saying: "WRONGPASS") { ($0.user, $0.password) = ("ada", "bob-secret") }
            try await fails(bench, saying: "WRONGPASS") { ($0.user, $0.password) = ("off", "off-secret") }
        }
    }

    @Test("After a refusal nobody tries again")
    func noRetry() async throws {
        try await RedisBench.run {
            $0.lines = "requirepass correct-secret"
            $0.credentials = ["correct-secret"]
        } _: { bench in
            // Each question of the test's own is a connection too.
            let before = try bench.server.count("total_connections_received")
            let refused = try bench.make {
                $0.password = "wrong-secret"
                $0.startWithin = .minutes(10)
                ($0.reconnectFirst, $0.reconnectMax) = (.nanoseconds(1), .nanoseconds(1))
            }
            await #expect(throws: RedisClusterError.self) { try await refused.cluster.start(on: bench.loop).get() }
            // It is not closed, and others work meanwhile, for as long as a hundred attempts would take.
            let one = try await bench.join("one") { $0.password = "correct-secret" }
            for _ in 0..<500 { #expect(try await one.read(.random()) == .absent) }
            let count = try bench.server.count("total_connections_received") - before
            #expect(count == 2 + 3 + 1, "two of the refused one, three of the other, one of the test")
        }
    }

    @Test("A database: records are there and not in others, and one that does not exist is refused at once")
    func database() async throws {
        try await RedisBench.run { bench in
            try await works(bench) { $0.database = 3 }
            let keyspace = try bench.server.lines("INFO", "keyspace")
            #expect(keyspace.contains { $0.hasPrefix("db3:") } && !keyspace.contains { $0.hasPrefix("db0:") })
            let (third, first) = (try await bench.join("a") { $0.database = 3 }, try await bench.join("b"))
            let key = Key128.random()
            #expect(try await third.create(key, "third").revision != nil)
            #expect(try await first.read(key) == .absent)
            #expect(try await first.create(key, "first").revision != nil)
            #expect(try await third.read(key).text == "third")
            try await fails(bench, saying: "DB index") { $0.database = 99 }
        }
    }

    @Test("After a new connection members log in again, and are in their database")
    func again() async throws {
        try await RedisBench.run { $0.lines = "user ada on >ada-secret ~patchbay:* &patchbay:* +@all" } _: { bench in
            let one = try await bench.join("one") { ($0.user, $0.password, $0.database) = ("ada", "ada-secret", 5) }
            let key = Key128.random()
            #expect(try await one.create(key, "record").revision != nil)
            for role in ["publish", "store"] { #expect(try bench.server.disconnect("patchbay-one-\(role)") == 1) }
            try await bench.eventually("the record is read") { (try? await one.read(key).text) == "record" }
            try await bench.converse(one, one, on: .everyone)
        }
    }

    @Test("No server: the start fails after its time, and says what was tried")
    func nobody() async throws {
        try await RedisBench.run { bench in
            bench.server.kill()
            let text = try await bench.startFailure { $0.startWithin = .milliseconds(300) }
            #expect(text?.contains("127.0.0.1:\(bench.server.port)") == true, "\(text ?? "it started")")
            #expect(text?.localizedCaseInsensitiveContains("refused") == true, "\(text ?? "it started")")
        }
    }
}
#endif
