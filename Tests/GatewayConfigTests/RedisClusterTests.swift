// What the keys of `cluster.redis` come to. Wording of failures is in the golden files.

import GatewayConfig
import Testing

typealias RedisURL = GatewayConfiguration.RedisURL

@Suite struct RedisClusterTests {
    private let environment = ["S": strongSecret, "P": "hunter2"]

    private func configuration(_ keys: String, _ lines: String = "") throws -> GatewayConfiguration {
        let text = "secret: ${env:S}\ncluster: {transport: redis, redis: {\(keys)}}\n" + lines + smallUpstream
        return try load(text, environment: environment).configuration
    }

    private func broker(_ keys: String) throws -> GatewayConfiguration.RedisBroker {
        try #require(try configuration(keys).cluster.redis)
    }

    @Test func oneURLIsEnough() throws {
        let configuration = try configuration("url: redis://127.0.0.1")
        #expect(!configuration.isAttachment)
        #expect(configuration.cluster.transport == .redis)
        #expect(configuration.cluster.takesAttachments)
        #expect(configuration.cluster.http == nil && configuration.cluster.nats == nil)
        let broker = try #require(configuration.cluster.redis)
        #expect(broker == GatewayConfiguration.RedisBroker(url: try RedisURL("REDIS://127.0.0.1:6379/")))
        #expect(!broker.url.isTLS)
        #expect(broker.database == 0)
        #expect(!broker.acceptsVolatile)
    }

    @Test(arguments: [
        ("url: redis://a", .nobody),
        ("url: redis://127.0.0.1, user: u, password: '${env:P}'", .user("u", password: "hunter2")),
        ("url: redis://127.0.0.1, password: '${env:P}'", .password("hunter2")),
        ("url: 'redis://:${env:P}@127.0.0.1'", .password("hunter2")),
        ("url: 'rediss://u%40x:${env:P}@a'", .user("u@x", password: "hunter2")),
        ("url: 'rediss://u:a,b@c%2f/${env:P}@a/1'", .user("u", password: "a,b@c//hunter2")),
    ] as [(String, GatewayConfiguration.RedisLogin)])
    func loginIsInTheKeysOrTheURL(_ keys: String, _ login: GatewayConfiguration.RedisLogin) throws {
        #expect(try broker(keys).login == login)
    }

    @Test(arguments: [
        ("url: redis://a", 0), ("url: redis://a/", 0), ("url: redis://a/3", 3), ("url: redis://a, database: 4", 4),
        ("url: redis://a/3, database: 3", 3), ("url: redis://a/0", 0), ("url: redis://a/65535", 65535),
        ("url: redis://a/3, database: null", 3),
    ])
    func databaseIsAKeyOrInTheURL(_ keys: String, _ database: Int) throws {
        #expect(try broker(keys).database == database)
    }

    @Test func everyKeyArrives() throws {
        let broker = try broker("url: redis://a, prefix: mcp_1, accept_volatile: true, tls: {verify: false}")
        #expect(broker.prefix == "mcp_1")
        #expect(broker.acceptsVolatile)
        #expect(!broker.tls.verify)
    }

    @Test(arguments: [
        ("redis://a", "a", 6379, "redis://a:6379"), ("Rediss://A:1/", "a", 1, "rediss://a:1"),
        ("redis://[::1]", "::1", 6379, "redis://[::1]:6379"), ("redis://u:p@[::1]:7/9", "::1", 7, "redis://[::1]:7/9"),
        ("redis://127.0.0.1:65535/10", "127.0.0.1", 65535, "redis://127.0.0.1:65535/10"),
    ])
    func urlsAreTakenApart(_ text: String, _ host: String, _ port: Int, _ description: String) throws {
        let url = try RedisURL(text)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.description == description)
        #expect(url.isTLS == description.hasPrefix("rediss"))
    }

    @Test(arguments: [
        ("", "does not begin"), ("redis:/a", "does not begin"), ("redis", "does not begin"),
        ("nats://a", "does not begin"), ("redi\u{017F}://a", "does not begin"), ("redis\u{1A}//a", "does not begin"),
        ("redis-sentinel://a", "does not begin"), ("unix:///var/run/redis.sock", "does not begin"),
        ("redis://", "no host"), ("redis:///1", "no host"), ("redis://:6380", "no host"), ("redis://a:0", "port 0"),
        ("redis://a:65536", "port"), ("redis://::1", "several colons"), ("redis://[::1", "without ']'"),
        ("redis://a/b", "number of a database"), ("redis://a/-1", "number of a database"),
        ("redis://a/65536", "number of a database"), ("redis://a/01", "number of a database"),
        ("redis://a/1/", "number of a database"), ("redis://a//", "number of a database"),
        ("redis://a/99999999999999999999", "number of a database"), ("redis://a/１", "number of a database"),
        ("redis://a?db=1", "a query"), ("redis://a/1?x", "a query"), ("redis://a/#x", "a fragment"),
        ("redis://a,b", "several servers"), ("redis://a:1,b:2/3", "several servers"),
        ("redis://a,redis://b", "several servers"), ("redis://u:p@a,redis://u:p@b", "several servers"),
        ("rediss://u:p@a,rediss://u:p@b", "several servers"), ("redis://u:p@a,b", "several servers"),
        ("redis://p@a", "no ':'"), ("redis://@a", "no ':'"), ("redis://u:@a", "empty user or password"),
        ("redis://:@a", "empty user or password"), ("redis://u:%0a@a", "not text"), ("redis://u:%ff@a", "not text"),
        ("redis://u:%4@a", "two hex digits"), ("redis://u:p@", "no host"), ("redis://0.0.0.0", "no machine"),
        ("redis://[::]:1", "no machine"), ("redis://\(String(repeating: "a", count: 2048))", "longer than"),
    ])
    func urlsAreRefused(_ text: String, _ reason: String) throws {
        let problem = try #require(throws: ValueProblem.self) { try RedisURL(text) }
        #expect(problem.predicate.contains(reason))
        #expect(!text.contains("@") || problem.hidesValue)
    }

    @Test func noTextHoldsAPassword() throws {
        let contents = [
            "redis://u:hunter2@a", "redis://hunter2@a:x", "redis://u:hunter2@a/b", "redis://:hunter2@a,b",
            "u:hunter2@a", "hunter2 ",
        ]
        for content in contents {
            for keys in ["url: '${env:X}'", "url: '${env:X}', user: u, password: '${env:P}'", "urls: ['${env:X}']"] {
                let text = "secret: ${env:S}\ncluster: {transport: redis, redis: {\(keys)}}\n" + smallUpstream
                let found = diagnostics(text, environment: environment.merging(["X": content]) { _, new in new })
                #expect(!found.isEmpty)
                #expect(!found.contains { $0.description.contains("hunter2") })
            }
        }
        #expect(try RedisURL("redis://u:hunter2@a").description == "redis://a:6379")
        let loaded = try load(
            "secret: ${env:S}\ncluster: {transport: redis, redis: {url: 'rediss://a', password: '${env:P}'}}\n"
                + smallUpstream, environment: environment)
        #expect(loaded.warnings == [])
        #expect(!loaded.render().contains("hunter2"))
    }

    @Test func nodesOfOneHostDifferByThePortOfTheirClients() throws {
        let nodes = try ["8081", "8082"].map { port in
            try configuration("url: redis://127.0.0.1", "listen: 127.0.0.1:\(port)\n").nodeName(onHost: "h")
        }
        #expect(nodes == ["h-8081", "h-8082"])
    }

    @Test(arguments: GatewayConfiguration.ClusterTransport.allCases)
    func brokersAreTheOnesWithServers(_ transport: GatewayConfiguration.ClusterTransport) {
        #expect(transport.isBroker == (transport == .nats || transport == .redis))
    }
}
