// Servers that cannot keep sessions: with eviction, replicas, nodes of a Redis Cluster, full ones.
#if Redis
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: unsuitable servers", .serialized, .timeLimit(.minutes(1)))
struct UnsuitableServerTests {
    /// A primary that does not wait for more replicas.
    private static let hasty = "repl-diskless-sync-delay 0"

    @Test("A policy that evicts is refused, with what to do", arguments: ["allkeys-lru", "volatile-ttl"])
    func evictionRefused(_ policy: String) async throws {
        try await RedisBench.run { $0.lines = "maxmemory 100mb\nmaxmemory-policy \(policy)" } _: { bench in
            let text = try await bench.startFailure()
            for word in [policy, "maxmemory-policy noeviction", "accept_volatile"] {
                #expect(text?.contains(word) == true, "\(text ?? "it started")")
            }
        }
    }

    @Test("Accepted with such a policy, no record is called absent and no incarnation vouches for any")
    func evictionAccepted() async throws {
        let lines = "maxmemory 100mb\nmaxmemory-policy allkeys-lru"
        try await RedisBench.run { $0.lines = lines } _: { bench in
            let one = try await bench.join { $0.acceptsVolatile = true }
            let key = Key128.random()
            #expect(try await one.read(key) == .unknown)
            let revision = try #require(try await one.create(key, "record").revision)
            #expect(try await one.read(key).text == "record")
            #expect(try await one.incarnation() == nil)
            #expect(try await one.delete(key, from: revision).revision != nil)
            #expect(try await one.read(key) == .unknown)
            #expect(try await one.read(key, after: 0) == .lost(first: nil))
        }
    }

    @Test("A bound of memory without eviction is fine")
    func boundOnly() async throws {
        let lines = "maxmemory 100mb\nmaxmemory-policy noeviction"
        try await RedisBench.run { $0.lines = lines } _: { bench in
            let one = try await bench.join()
            #expect(try await one.read(.random()) == .absent)
            #expect(try await one.incarnation() != nil)
        }
    }

    @Test("A replica is refused, whether or not its primary is there, with where to point", arguments: [true, false])
    func replica(_ isPrimaryThere: Bool) async throws {
        try await RedisBench.run { $0.lines = Self.hasty } _: { primary in
            try await RedisBench.run { $0.lines = "replicaof 127.0.0.1 \(primary.server.port)" } _: { bench in
                if isPrimaryThere {
                    try await bench.eventually("it follows") { try bench.server.fact("master_link_status") == "up" }
                } else {
                    primary.server.kill()
                }
                let text = try await bench.startFailure()
                for word in ["replica", "primary"] {
                    #expect(text?.contains(word) == true, "\(text ?? "it started")")
                }
                // It is not about what may be lost.
                #expect(try await bench.startFailure { $0.acceptsVolatile = true } != nil)
            }
        }
    }

    @Test("A node of a Redis Cluster is refused")
    func cluster() async throws {
        let port = try FreePort.take()
        try await RedisBench.run { $0.lines = "cluster-enabled yes\ncluster-port \(port)" } _: { bench in
            for accepts in [false, true] {
                let text = try await bench.startFailure { $0.acceptsVolatile = accepts }
                #expect(text?.contains("Redis Cluster") == true, "\(text ?? "it started")")
            }
        }
    }

    @Test("A server that has become a replica while members were away answers no read with absent")
    func demoted() async throws {
        try await RedisBench.run { $0.lines = Self.hasty } _: { primary in
            try await RedisBench.run { bench in
                let one = try await bench.join("one")
                let key = Key128.random()
                #expect(try await one.create(key, "record").revision != nil)
                try bench.server.command(["REPLICAOF", "127.0.0.1", "\(primary.server.port)"])
                try await bench.eventually("it follows") { try bench.server.fact("master_link_status") == "up" }
                let before = try bench.server.count("total_connections_received")
                #expect(try bench.server.disconnect("patchbay-one-store") == 1)
                // The two of that, and then one for each question.
                var own = 2
                try await bench.eventually("it has come again") {
                    own += 1
                    return try bench.server.count("total_connections_received") - before > own
                }
                for _ in 0..<50 {
                    let read = try? await one.read(key)
                    try #require(read != .absent)
                }
                let error = await failure { _ = try await one.create(.random(), "x") }
                #expect(error?.code == .unreachable && error?.delivery == .notDelivered, "\(error as Any)")
                // And when it is a primary again all is well.
                try bench.server.command(["REPLICAOF", "NO", "ONE"])
                try await bench.eventually("records can be written") {
                    (try? await one.create(.random(), "x").revision) != nil
                }
            }
        }
    }

    @Test("A server that becomes a replica under its members answers no read with absent")
    func demotedMeanwhile() async throws {
        try await RedisBench.run { $0.lines = Self.hasty } _: { primary in
            try await RedisBench.run { bench in
                let one = try await bench.join("one")
                let key = Key128.random()
                #expect(try await one.create(key, "record").revision != nil)
                #expect(try await one.append([entry(1)], to: key, after: 0) == .appended)
                try bench.server.command(["REPLICAOF", "127.0.0.1", "\(primary.server.port)"])
                try await bench.eventually("it follows") { try bench.server.fact("master_link_status") == "up" }
                #expect(try bench.server.lines("KEYS", "*") == [], "the record is gone there")
                for _ in 0..<50 {
                    let read = try? await one.read(key)
                    try #require(read != .absent)
                }
                let error = await failure { _ = try await one.create(.random(), "x") }
                #expect(error?.delivery == .notDelivered, "\(error as Any)")
            }
        }
    }

    @Test("A full server: nothing was written and it is said; reads and messages go on; with room all works again")
    func outOfMemory() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join("one")
            let key = Key128.random()
            let revision = try #require(try await one.create(key, "record").revision)
            #expect(try await one.append([entry(1)], to: key, after: 0) == .appended)
            let incarnation = try await one.incarnation()
            try bench.server.command(["CONFIG", "SET", "maxmemory", "1"])
            let other = Key128.random()
            let calls: [() async throws -> Void] = [
                { _ = try await one.create(other, "x") }, { _ = try await one.update(key, "x", from: revision) },
                { _ = try await one.append([entry(2)], to: key, after: 1) },
            ]
            for call in calls {
                let error = await failure(call)
                #expect(error?.code == .overloaded && error?.delivery == .notDelivered, "\(error as Any)")
                #expect(error?.message.contains("maxmemory") == true)
            }
            #expect(try await one.read(key).text == "record")
            #expect(try await one.read(other) == .absent)
            #expect(try await one.read(key, after: 0) == .page([entry(1)]))
            try await bench.converse(one, one, on: .everyone)
            try bench.server.command(["CONFIG", "SET", "maxmemory", "0"])
            #expect(try await one.incarnation() == incarnation)
            #expect(try await one.update(key, "x", from: revision).revision != nil)
            #expect(try await one.append([entry(2)], to: key, after: 1) == .appended)
            #expect(try await one.create(other, "x").revision != nil)
        }
    }

    @Test(
        "A full disk is told of, loses nothing that was acknowledged, and is over when there is room",
        .enabled(if: SmallDisk.isPossible, "needs mount namespaces of users"))
    func fullDisk() async throws {
        let disk = try SmallDisk(mebibytes: 8)
        try await RedisBench.run { $0.disk = disk } _: { bench in
            let one = try await bench.join("one")
            let (key, other) = (Key128.random(), Key128.random())
            #expect(try await one.create(key, "record").revision != nil)
            #expect(try await one.append([entry(1)], to: key, after: 0) == .appended)
            try disk.fill()
            // It finds out when it writes, which is after it has acknowledged.
            var taken = 0
            try await bench.eventually("it has no room") {
                if await failure({ _ = try await one.create(.random(), "x") }) != nil { return true }
                taken += 1
                return false
            }
            print("full disk: \(taken) more records were acknowledged before the server noticed")
            let error = await failure { _ = try await one.create(other, "x") }
            #expect(error?.code == .overloaded && error?.delivery == .notDelivered, "\(error as Any)")
            #expect(error?.message.contains("disk") == true, "\(error as Any)")
            #expect(await failure { _ = try await one.append([entry(2)], to: key, after: 1) }?.code == .overloaded)
            #expect(try await one.read(key).text == "record")
            #expect(try await one.read(key, after: 0) == .page([entry(1)]))
            // That nothing is there is what only a server says that can write.
            #expect(await failure { _ = try await one.read(other) }?.code == .overloaded)
            try await bench.converse(one, one, on: .everyone)
            try disk.free()
            try await bench.eventually("it has room") { (try? await one.create(other, "y"))?.revision != nil }
            #expect(try await one.append([entry(2)], to: key, after: 1) == .appended)
            bench.server.kill()
            try bench.server.start()
            try await bench.eventually("it answers") { (try? await one.read(key).text) == "record" }
            #expect(try await one.read(other).text == "y")
            #expect(try await one.read(key, after: 0) == .page([entry(1), entry(2)]))
        }
    }
}
#endif
