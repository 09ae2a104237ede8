// What the flags of `attach` come to: a member with one instance, the nodes as peers, and no listener for clients.
// Wording of failures is in the golden files.

import GatewayConfig
import Testing

@Suite struct AttachmentTests {
    private let key = "0123456789abcdef-fedcba987654321"
    private let oldKey = "fedcba9876543210-0123456789abcde"
    private let flags = AttachmentFlags(
        upstreamName: "main", url: "http://127.0.0.1:9001/mcp", transport: "http",
        peers: "http://a:7001,http://b:7001")

    private func load(_ flags: AttachmentFlags, secret: String? = nil) throws -> GatewayConfiguration {
        let environment = ["PATCHBAY_SECRET": secret ?? key]
        return try ConfigLoader.loadAttachment(flags, environment: environment).configuration
    }

    @Test func isOneInstanceAmongPeers() throws {
        let configuration = try load(flags)
        #expect(configuration.upstreams.map(\.name) == ["main"])
        #expect(configuration.upstreams[0].instances == [.init(url: try URLParts("http://127.0.0.1:9001/mcp"))])
        #expect(configuration.cluster.transport == .http)
        #expect(configuration.isAttachment)
        #expect(configuration.cluster.http?.listen == nil)
        #expect(configuration.cluster.http?.peers.map(\.host) == ["a", "b"])
        #expect(configuration.secret == [key])
        #expect(configuration.eventLoops == 1)
        #expect(!configuration.admin.isEnabled)
    }

    @Test func everyFlagArrives() throws {
        var flags = flags
        flags.sseURL = "http://127.0.0.1:9001/sse"
        flags.instanceID = "one"
        flags.label = "v1"
        flags.capacity = "200"
        flags.logLevel = "error"
        flags.admin = "127.0.0.1:0"
        let configuration = try load(flags)
        let instance = try #require(configuration.upstreams.first?.instances.first)
        #expect(instance.sseURL == (try URLParts("http://127.0.0.1:9001/sse")))
        #expect(instance.id == "one")
        #expect(instance.label == "v1")
        #expect(instance.capacity == 200)
        #expect(configuration.logLevel == .error)
        #expect(configuration.admin.isEnabled && configuration.admin.isExplicit)
        #expect(configuration.admin.listen == Address(host: "127.0.0.1", port: 0))
    }

    @Test(arguments: [" ", "\n", "\t ", "\r\n"])
    func twoSecretsWhileRotating(_ separator: String) throws {
        #expect(try load(flags, secret: key + separator + oldKey + "\n").secret == [key, oldKey])
    }

    @Test func secretsAreNeverShown() throws {
        for secret in [key + " hunter2", "hunter2", "hunter2 hunter2 hunter2"] {
            let error = try #require(throws: ConfigError.self) { try load(flags, secret: secret) }
            #expect(!error.description.contains("hunter2") && !error.description.contains(key))
        }
        let loaded = try ConfigLoader.loadAttachment(flags, environment: ["PATCHBAY_SECRET": key])
        #expect(!loaded.render().contains(key))
    }

    @Test func brokerComesFromFlagsOrTheEnvironment() throws {
        var flags = AttachmentFlags(upstreamName: "main", url: "http://127.0.0.1:9001/mcp", transport: "nats")
        let environment = ["PATCHBAY_SECRET": key, "PATCHBAY_NATS": "nats://a,nats://b:1"]
        let named = try ConfigLoader.loadAttachment(flags, environment: environment).configuration
        #expect(named.isAttachment)
        #expect(named.cluster.transport == .nats)
        #expect(named.cluster.http == nil)
        #expect(named.cluster.nats?.urls.map(\.description) == ["nats://a:4222", "nats://b:1"])
        flags.nats.urls = "nats://u:p@c"
        flags.nats.bucket = "b"
        let flagged = try #require(
            try ConfigLoader.loadAttachment(flags, environment: environment).configuration.cluster.nats)
        #expect(flagged.urls.map(\.description) == ["nats://c:4222"])
        #expect(flagged.credentials == .user("u", password: "p"))
        #expect(flagged.bucket == "b")
    }

    @Test func redisComesFromFlagsOrTheEnvironment() throws {
        var flags = AttachmentFlags(upstreamName: "main", url: "http://127.0.0.1:9001/mcp", transport: "redis")
        // What other attachments of this machine need contradicts nothing.
        let environment = ["PATCHBAY_SECRET": key, "PATCHBAY_REDIS": "redis://:p@a/3", "PATCHBAY_NATS": "nats://a"]
        let named = try ConfigLoader.loadAttachment(flags, environment: environment).configuration
        #expect(named.isAttachment)
        #expect(named.cluster.transport == .redis)
        #expect(named.cluster.http == nil && named.cluster.nats == nil)
        let broker = try #require(named.cluster.redis)
        #expect(broker.url.description == "redis://a:6379/3")
        #expect(broker.login == .password("p"))
        #expect(broker.database == 3)
        #expect(!broker.acceptsVolatile)
        flags.redis.url = "rediss://u:p@c:1"
        flags.redis.prefix = "b"
        flags.redis.acceptsVolatile = true
        let flagged = try #require(
            try ConfigLoader.loadAttachment(flags, environment: environment).configuration.cluster.redis)
        #expect(flagged.url.description == "rediss://c:1")
        #expect(flagged.login == .user("u", password: "p"))
        #expect(flagged.prefix == "b")
        #expect(flagged.acceptsVolatile)
    }
}
