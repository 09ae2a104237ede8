// What the keys of `cluster.nats` come to. Wording of failures is in the golden files.

import GatewayConfig
import Testing

@Suite struct NATSClusterTests {
    private let environment = ["S": strongSecret, "P": "hunter2"]
    private let files = [
        "c": "-----BEGIN NATS USER JWT-----\n------END NATS USER JWT------\n"
            + "-----BEGIN USER NKEY SEED-----\n------END USER NKEY SEED------\n",
        "n": "SU" + String(repeating: "A", count: 56) + "\n",
    ]

    private func configuration(_ keys: String, _ lines: String = "") throws -> GatewayConfiguration {
        let text = "secret: ${env:S}\ncluster: {transport: nats, nats: {\(keys)}}\n" + lines + smallUpstream
        return try load(text, environment: environment, files: files).configuration
    }

    private func broker(_ keys: String) throws -> GatewayConfiguration.NATSBroker {
        try #require(try configuration(keys).cluster.nats)
    }

    @Test func oneURLIsEnough() throws {
        let configuration = try configuration("url: nats://127.0.0.1")
        #expect(!configuration.isAttachment)
        #expect(configuration.cluster.transport == .nats)
        #expect(configuration.cluster.http == nil)
        let broker = try #require(configuration.cluster.nats)
        #expect(broker == GatewayConfiguration.NATSBroker(urls: [try .init("NATS://127.0.0.1:4222/")]))
        #expect(!broker.isTLS)
    }

    @Test(arguments: [
        ("url: nats://a", .none), ("url: nats://a, credentials_file: c", .file("c")),
        ("url: nats://a, nkey_seed_file: n", .nkeySeed(file: "n")),
        ("url: nats://127.0.0.1, user: u, password: '${env:P}'", .user("u", password: "hunter2")),
        ("url: nats://127.0.0.1, token: '${env:P}'", .token("hunter2")),
        ("url: 'nats://${env:P}@127.0.0.1'", .token("hunter2")),
        ("url: 'tls://u%40x:${env:P}@a'", .user("u@x", password: "hunter2")),
        ("urls: ['tls://u:${env:P}@a', 'tls://u:${env:P}@b']", .user("u", password: "hunter2")),
    ] as [(String, GatewayConfiguration.NATSCredentials)])
    func credentialsAreOneOfTheWays(_ keys: String, _ credentials: GatewayConfiguration.NATSCredentials) throws {
        #expect(try broker(keys).credentials == credentials)
    }

    @Test(arguments: ["url", "urls"])
    func noTextHoldsAPassword(_ key: String) throws {
        for content in ["nats://u:hunter2@a", "nats://hunter2@a:x", "nats://u:hunter2@a/b", "u:hunter2@a", "hunter2 "] {
            let value = key == "url" ? "'${env:X}'" : "['${env:X}', '${env:X}']"
            for keys in ["\(key): \(value)", "\(key): \(value), token: '${env:P}'"] {
                let text = "secret: ${env:S}\ncluster: {transport: nats, nats: {\(keys)}}\n" + smallUpstream
                let found = diagnostics(text, environment: environment.merging(["X": content]) { _, new in new })
                #expect(!found.contains { $0.description.contains("hunter2") })
            }
        }
        let url = try GatewayConfiguration.NATSURL("nats://u:hunter2@a")
        #expect(url.description == "nats://a:4222")
    }

    @Test func nodesOfOneHostDifferByThePortOfTheirClients() throws {
        let nodes = try ["8081", "8082"].map { port in
            try configuration("url: nats://127.0.0.1", "listen: 127.0.0.1:\(port)\n").nodeName(onHost: "h")
        }
        #expect(nodes == ["h-8081", "h-8082"])
    }
}
