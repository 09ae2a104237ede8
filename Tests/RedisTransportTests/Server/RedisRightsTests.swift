// The least that a user of the server's ACL must be allowed, as it stands in the README; and what is said when one of
// these rights is missing.
#if Redis
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: rights", .serialized, .timeLimit(.minutes(1)))
struct RedisRightsTests {
    private static let keys = "~patchbay:*"
    private static let channels = "&patchbay:*"
    /// Of the connections themselves.
    private static let direct = ["+info", "+publish", "+subscribe", "+unsubscribe", "+eval"]
    /// Of the scripts, which servers check command by command.
    private static let scripted = [
        "+hmget", "+hget", "+hset", "+hsetnx", "+hincrby", "+time", "+pexpire", "+del", "+unlink", "+exists", "+xadd",
        "+xrange", "+xrevrange", "+xtrim",
    ]
    /// Without these everything works too: scripts travel whole, and connections have no names.
    private static let courtesies = ["+evalsha", "+script|load", "+client|setname", "+ping"]
    /// What the README recommends.
    private static let all = [keys, channels] + direct + scripted + courtesies

    /// Another user for each time, so that nothing of an earlier one is left.
    private func allow(_ rights: [String], at bench: RedisBench) throws -> String {
        let name = "user-\(UInt64.random(in: .min ... .max))"
        try bench.server.command(["ACL", "SETUSER", name, "on", ">secret", "resetchannels"] + rights)
        try bench.server.command(["ACL", "LOG", "RESET"])
        try bench.server.command(["FLUSHALL"])
        return name
    }

    private func startFailure(_ bench: RedisBench, _ rights: [String]) async throws -> String? {
        let user = try allow(rights, at: bench)
        return try await bench.startFailure {
            ($0.user, $0.password) = (user, "secret")
            ($0.startWithin, $0.subscribeTimeout) = (.milliseconds(200), .milliseconds(200))
        }
    }

    /// Uses everything that a member ever asks of a server.
    private func useEverything(_ bench: RedisBench, _ rights: [String]) async throws {
        let user = try allow(rights, at: bench)
        let change: (inout RedisOptions) -> Void = {
            ($0.user, $0.password) = (user, "secret")
            ($0.logEntriesMax, $0.logEntryBytesMax) = (10, 2_000)
        }
        let (one, two) = (try await bench.join("one", change), try await bench.join("two", change))
        for subject in [Subject.everyone, .topic("rights"), .inbox(two.id)] {
            let listener = try await two.listen(to: subject)
            try one.say("hello", to: subject)
            try await bench.eventually("hello") { listener.texts == ["hello"] }
            try await two.end(listener)
        }
        try await bench.eventually("nobody is subscribed but at the desks") {
            try bench.server.lines("PUBSUB", "CHANNELS").allSatisfy { $0.contains(":desk:") }
        }
        let key = Key128.random()
        let created = try #require(try await one.create(key, "1").revision)
        let updated = try #require(try await two.update(key, "2", from: created).revision)
        guard case .lost(let standing) = try await one.update(key, "3", from: created) else {
            Issue.record("a lost race was won")
            return
        }
        #expect(standing?.revision == updated)
        #expect(try await one.read(key).text == "2")
        #expect(try await one.delete(key, from: updated).revision != nil)
        #expect(try await two.read(key) == .absent)
        #expect(try await one.incarnation() != nil)
        for number: UInt64 in 1...20 {
            #expect(try await one.append([entry(number)], to: key, after: number - 1) == .appended)
        }
        for number: UInt64 in 21...25 {
            #expect(try await one.append([entry(number, size: 900)], to: key, after: number - 1) == .appended)
        }
        #expect(try await two.read(key, after: 24) == .page([entry(25, size: 900)]))
        #expect(try await two.read(key, after: 25) == .page([]))
        // With a hole before it, which begins the log anew.
        #expect(try await one.append([entry(99)], to: key, after: 98) == .appended)
        try await one.remove(key)
        #expect(try await two.read(key, after: 98) == .lost(first: nil))
    }

    @Test("With the rights of the README everything works, and the server refuses nothing")
    func recommended() async throws {
        try await RedisBench.run { bench in
            try await useEverything(bench, Self.all)
            #expect(try bench.server.lines("ACL", "LOG") == [])
            print("README: user patchbay on >PASSWORD resetchannels \(Self.all.joined(separator: " "))")
        }
    }

    @Test("Without the courtesies everything works too", arguments: [courtesies] + courtesies.map { [$0] })
    func leastRights(_ missing: [String]) async throws {
        try await RedisBench.run { bench in
            try await useEverything(bench, Self.all.filter { !missing.contains($0) })
        }
    }

    @Test("A right of a connection, or to keys or channels, that is missing: the start fails and names it")
    func missing() async throws {
        let named = [
            "+info": "INFO", "+publish": "publish", "+subscribe": "subscribe", "+eval": "eval",
            Self.keys: "patchbay:cluster", Self.channels: "patchbay:desk:", "+unsubscribe": "unsubscribe",
        ]
        try await RedisBench.run { bench in
            #expect(try await startFailure(bench, Self.all) == nil)
            for missing in [Self.keys, Self.channels] + Self.direct {
                let text = try await startFailure(bench, Self.all.filter { $0 != missing })
                let word = try #require(named[missing])
                #expect(text?.localizedCaseInsensitiveContains(word) == true, "\(missing): \(text ?? "it started")")
            }
        }
    }

    @Test("A command of a script that is missing: the start fails and says what for", arguments: scripted)
    func missingInScript(_ missing: String) async throws {
        try await RedisBench.run { bench in
            // For a member that comes first, and for one that finds the cluster's key.
            let text = try await startFailure(bench, Self.all.filter { $0 != missing })
            #expect(text?.contains("rights") == true, "\(missing): \(text ?? "it started")")
            #expect(text?.contains("patchbay:") == true, "\(missing): \(text ?? "it started")")
        }
    }

    @Test("Keys or channels of one kind that are missing: the start fails and names them")
    func missingKinds() async throws {
        let cases: [(rights: [String], word: String)] = [
            (["~patchbay:*cluster", "~patchbay:session:*", Self.channels], "patchbay:log:"),
            (["~patchbay:*cluster", "~patchbay:log:*", Self.channels], "patchbay:session:"),
            (["~patchbay:session:*", "~patchbay:log:*", Self.channels], "patchbay:cluster"),
            ([Self.keys, "&patchbay:all", "&patchbay:topic:*", "&patchbay:inbox:*"], "patchbay:desk:"),
        ]
        try await RedisBench.run { bench in
            for (rights, word) in cases {
                let text = try await startFailure(bench, rights + Self.direct + Self.scripted + Self.courtesies)
                #expect(text?.contains(word) == true, "\(rights): \(text ?? "it started")")
            }
        }
    }

    @Test("A channel that the server does not allow is named when it is subscribed to")
    func subscription() async throws {
        try await RedisBench.run { bench in
            let channels = ["&patchbay:desk:*", "&patchbay:topic:*"]
            let user = try allow([Self.keys] + channels + Self.direct + Self.scripted, at: bench)
            let one = try await bench.join { ($0.user, $0.password) = (user, "secret") }
            _ = try await one.listen(to: .topic("allowed"))
            let error = await failure { _ = try await one.listen(to: .everyone) }
            #expect(error?.message.contains("patchbay:all") == true, "\(error as Any)")
            #expect(error?.code == .unreachable && error?.delivery == .notDelivered)
        }
    }
}
#endif
