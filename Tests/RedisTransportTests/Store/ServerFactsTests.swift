// What servers say of themselves, and what is made of it.
#if Redis
import Testing

@testable import RedisTransport

@Suite("Redis: what a server says of itself")
struct ServerFactsTests {
    /// Lines of `INFO` as Redis 7.0.15 of Debian 12 says them; what nobody asks for is shortened.
    private static let debian = """
        # Server\r
        redis_version:7.0.15\r
        redis_git_sha1:00000000\r
        redis_build_id:ae4d7c971a948f0\r
        redis_mode:standalone\r
        os:Linux 6.1.0-18-amd64 x86_64\r
        process_supervised:no\r
        run_id:25a64ca2f6980f97fc8322ce333a256d395b1b80\r
        tcp_port:6379\r
        executable:/usr/bin/redis-server\r
        config_file:/etc/redis/redis.conf\r
        \r
        # Memory\r
        used_memory:917128\r
        maxmemory:0\r
        maxmemory_human:0B\r
        maxmemory_policy:noeviction\r
        \r
        # Persistence\r
        aof_enabled:1\r
        aof_rewrite_in_progress:0\r
        aof_last_write_status:ok\r
        \r
        # Replication\r
        role:master\r
        connected_slaves:0\r
        master_replid:8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb\r
        \r
        # Cluster\r
        cluster_enabled:0\r
        \r
        # Keyspace\r
        db0:keys=1,expires=1,avg_ttl=1000\r

        """

    private func facts(_ changes: (String, String)...) -> ServerFacts {
        ServerFacts(changes.reduce(Self.debian) { $0.replacing($1.0, with: $1.1) })
    }

    @Test("An ordinary server with appendonly can be used without a doubt")
    func ordinary() {
        let facts = facts()
        #expect(facts.version == "7.0.15" && facts.runID == "25a64ca2f6980f97fc8322ce333a256d395b1b80")
        #expect(facts.role == "master" && !facts.isCluster && facts.appendsOnly && facts.memoryMax == 0)
        #expect(facts.problem == nil && facts.doubt == nil && !facts.evicts && !facts.forgetsAtRestart)
        #expect(facts.isPrimary && facts.replicas == 0 && facts.countsAllReceivers)
        let bare = Self.debian.split(whereSeparator: \.isNewline).joined(separator: "\n")
        #expect(ServerFacts(bare) == facts)
    }

    @Test("What cannot be used says why and what to do")
    func problems() {
        let cases: [((String, String), String)] = [
            (("role:master", "role:slave"), "primary"), (("role:master", "role:sentinel"), "primary"),
            (("cluster_enabled:0", "cluster_enabled:1"), "Redis Cluster"),
            (("redis_version:7.0.15", "redis_version:5.0.14"), "5.0.14"),
            (("redis_version:7.0.15", "redis_version:2.8.9"), "update"),
            (("redis_version:7.0.15", "redis_version:6.0.16"), "6.2"),
            (("redis_version:7.0.15", "redis_version:6"), "6.2"),
            (("redis_version:7.0.15", "redis_version:unstable"), "unstable"),
            (("run_id:", "run:"), "INFO"), (("redis_version:", "version:"), "INFO"),
        ]
        for (change, word) in cases {
            #expect(facts(change).problem?.contains(word) == true, "\(change): \(facts(change).problem ?? "none")")
        }
        #expect(ServerFacts("").problem != nil)
        #expect(ServerFacts("# Server\r\n\r\n::\r\n:a\r\nrun_id").problem != nil)
    }

    @Test("Versions from 6.2 on can be used, also those of servers that speak like Redis")
    func versions() {
        for version in ["6.2.0", "6.2.14", "7.0", "7.2.4", "7.4.0", "8.0.1", "10.0.0", "255.255.255"] {
            #expect(facts(("redis_version:7.0.15", "redis_version:\(version)")).problem == nil, "\(version)")
        }
        // As Valkey says it.
        let lines = "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1"
        let valkey = facts(("redis_version:7.0.15", lines))
        #expect(valkey.problem == nil && valkey.version == "7.2.4")
    }

    @Test("Without appendonly a restart loses everything")
    func volatile() {
        let facts = facts(("aof_enabled:1", "aof_enabled:0"))
        #expect(facts.forgetsAtRestart && facts.problem == nil)
        #expect(facts.doubt?.contains("appendonly") == true)
        // A server that does not say it is not trusted either.
        #expect(self.facts(("aof_enabled:1\r\n", "")).doubt?.contains("appendonly") == true)
    }

    @Test(
        "With a bound of memory every policy but noeviction may take our keys, for all of them expire",
        arguments: [
            "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random",
            "volatile-ttl", "a-new-one",
        ])
    func evicting(_ policy: String) {
        let change = ("maxmemory_policy:noeviction", "maxmemory_policy:\(policy)")
        let evicting = facts(change, ("maxmemory:0", "maxmemory:1"))
        #expect(evicting.evicts && evicting.problem == nil)
        #expect(evicting.doubt?.contains(policy) == true)
        #expect(!facts(change).evicts)
        #expect(!facts(("maxmemory:0", "maxmemory:1073741824")).evicts)
        #expect(facts(("maxmemory:0", "maxmemory:1073741824")).doubt == nil)
    }

    /// Redis switches the AOF off while it reads it.
    @Test("While it loads a server is not believed what it says of appendonly, and cannot be used")
    func loading() {
        #expect(facts(("aof_enabled:1", "loading:1\r\nasync_loading:0\r\naof_enabled:0")).problem != nil)
        #expect(facts(("aof_enabled:1", "loading:0\r\nasync_loading:0\r\naof_enabled:1")).problem == nil)
    }

    @Test("Where there are replicas, or it is not said, who hears them is not counted")
    func replicas() {
        #expect(!facts(("connected_slaves:0", "connected_slaves:2")).countsAllReceivers)
        #expect(!facts(("connected_slaves:0", "connected_slaves:many")).countsAllReceivers)
        #expect(!facts(("connected_slaves:0\r\n", "")).countsAllReceivers)
        #expect(!facts(("role:master", "role:slave")).countsAllReceivers)
        #expect(facts(("connected_slaves:0", "connected_slaves:2")).problem == nil)
    }

    @Test("Both doubts are told at once")
    func both() {
        let facts = facts(
            ("aof_enabled:1", "aof_enabled:0"), ("maxmemory_policy:noeviction", "maxmemory_policy:allkeys-lru"),
            ("maxmemory:0", "maxmemory:100000000"))
        #expect(facts.doubt?.contains("appendonly") == true && facts.doubt?.contains("allkeys-lru") == true)
    }
}
#endif
