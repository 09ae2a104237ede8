// `config/reference.yaml` and `config/patchbay.yaml` are what they say they are: the first names every key that the
// decoder knows, with its default and a comment; the others load.

import Foundation
import Testing

@testable import GatewayConfig

@Suite struct ReferenceTests {
    private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func text(_ name: String) throws -> String {
        try String(contentsOf: root.appending(path: "config/\(name)"), encoding: .utf8)
    }

    private func load(_ name: String, environment: [String: String] = [:]) throws -> LoadedConfiguration {
        let text = try text(name)
        return try ConfigLoader.load(file: name, environment: environment, readFile: { _ in text }, cores: 7)
    }

    @Test func referenceNamesEveryKey() throws {
        let loaded = try load("reference.yaml")
        #expect(loaded.warnings == [])
        let missing = loaded.values.entries.filter { $0.origin == .builtIn }.map(\.path)
        #expect(missing == [], "the decoder knows keys that reference.yaml does not name")
    }

    @Test func referenceGivesEveryDefault() throws {
        let minimal = "upstreams: [{name: main, instances: [{url: 'http://127.0.0.1:9001/mcp'}]}]"
        let defaults = try ConfigLoader.load(
            file: "minimal.yaml", environment: [:], readFile: { _ in minimal }, cores: 7)
        let reference = try load("reference.yaml")
        let texts = { (values: EffectiveValues) in values.entries.map { "\($0.path): \($0.content)" } }
        #expect(texts(reference.values) == texts(defaults.values))

        var configuration = reference.configuration
        #expect(configuration.admin.isExplicit)
        configuration.admin.isExplicit = false
        #expect(configuration == defaults.configuration)
    }

    @Test func referenceCommentsEveryKey() throws {
        let text = try text("reference.yaml")
        var isCommented = false
        var keys = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let words = Self.withoutMark(line).drop { $0 == " " }
            if words.hasPrefix("#") || words.hasPrefix("- #") {
                isCommented = true
            } else if words.isEmpty {
                isCommented = false
            } else {
                keys += 1
                #expect(isCommented, "no comment above: \(line)")
                isCommented = false
            }
        }
        #expect(keys > 50)
    }

    /// A key of a cluster transport that is not the default: `#key: value`.
    private static func withoutMark(_ line: Substring) -> Substring {
        let indent = line.prefix { $0 == " " }
        let rest = line.dropFirst(indent.count)
        guard rest.first == "#", rest.dropFirst().first?.isLetter == true else { return line }
        return indent + rest.dropFirst()
    }

    /// The file with the commented-out keys of one cluster transport, without those under these words.
    private func reference(with transport: String, without left: [String]) throws -> String {
        var lines: [String] = []
        var skipped: Int?
        for line in try text("reference.yaml").split(separator: "\n", omittingEmptySubsequences: false) {
            let indent = line.prefix { $0 == " " }.count
            // What is below a key that is left out goes with it.
            if let depth = skipped, indent > depth { continue }
            skipped = left.contains { line.dropFirst(indent).hasPrefix("#\($0):") } ? indent : nil
            if skipped == nil { lines.append(String(Self.withoutMark(line))) }
        }
        return lines.joined(separator: "\n")
            .replacing("  transport: memory", with: "  transport: \(transport)")
            .replacing("secret: []", with: "secret: ${env:S}")
    }

    /// The commented-out keys of cluster transports are true, too: with the transport that they belong to.
    @Test(arguments: [
        ("http", ["nats", "redis", "dns"], ["cluster.dns"]), ("http", ["nats", "redis", "peers"], []),
        ("nats", ["listen", "peers", "dns", "redis", "url"], ["cluster.nats.url"]),
        ("nats", ["listen", "peers", "dns", "redis", "urls"], []),
        ("redis", ["listen", "peers", "dns", "nats"], []),
    ])
    func referenceNamesEveryClusterKey(_ transport: String, _ left: [String], _ missing: [String]) throws {
        let reference = try reference(with: transport, without: left)
        let key = strongSecret
        let loaded = try ConfigLoader.load(
            file: "reference.yaml", environment: ["S": key], readFile: { _ in reference }, cores: 7)
        #expect(loaded.warnings == [])
        #expect((loaded.configuration.cluster.http != nil) == (transport == "http"))
        #expect((loaded.configuration.cluster.nats != nil) == (transport == "nats"))
        #expect((loaded.configuration.cluster.redis != nil) == (transport == "redis"))
        #expect(loaded.values.entries.filter { $0.origin == .builtIn }.map(\.path) == missing)
    }

    /// A commented-out value is the default of its key.
    @Test(arguments: [
        ("nats", "redis", "nats://127.0.0.1:4222"), ("redis", "nats", "redis://127.0.0.1:6379"),
    ])
    func referenceGivesEveryDefaultOfABroker(_ broker: String, _ other: String, _ url: String) throws {
        let left = ["listen", "peers", "dns", "urls", other]
        let environment = ["S": strongSecret]
        let texts = try [
            reference(with: broker, without: left),
            """
            secret: ${env:S}
            cluster: {transport: \(broker), \(broker): {url: "\(url)"}}
            upstreams: [{name: main, instances: [{url: 'http://127.0.0.1:9001/mcp'}]}]
            """,
        ].map { text in
            try ConfigLoader.load(
                file: "reference.yaml", environment: environment, readFile: { _ in text }, cores: 7
            ).values.entries.map { "\($0.path): \($0.content)" }
        }
        #expect(texts[0] == texts[1])
    }

    @Test func twoNodesNameEachOther() throws {
        let secret = strongSecret
        let nodes = try [("8081", "7001", "7002"), ("8082", "7002", "7001")].map { ports in
            let environment = [
                "PATCHBAY_SECRET": secret, "PORT": ports.0, "OWN": ports.1, "OTHER": ports.2,
            ]
            let loaded = try load("two-nodes.yaml", environment: environment)
            #expect(loaded.warnings == [])
            return loaded.configuration
        }
        let listen = nodes.compactMap(\.cluster.http?.listen?.port)
        #expect(listen == [7001, 7002])
        #expect(nodes.compactMap(\.cluster.http?.peers.first?.port) == listen.reversed())
        #expect(nodes[0].listen != nodes[1].listen)
        #expect(nodes[0].upstreams == nodes[1].upstreams)
    }

    @Test func attachedFileHasNoInstances() throws {
        let environment = ["PATCHBAY_SECRET": strongSecret]
        let loaded = try load("attached.yaml", environment: environment)
        #expect(loaded.warnings == [])
        #expect(loaded.configuration.upstreams.map(\.instances) == [[]])
        #expect(loaded.configuration.cluster.takesAttachments)
    }

    @Test(arguments: [("nats.yaml", "http", 2), ("nats-attached.yaml", "nats", 0)])
    func filesWithNATSLoad(_ name: String, _ transport: String, _ instances: Int) throws {
        let environment = ["PATCHBAY_SECRET": strongSecret, "PORT": "8081"]
        let loaded = try load(name, environment: environment)
        #expect(loaded.warnings == [])
        #expect(loaded.configuration.cluster.nats?.urls.map(\.description) == ["nats://127.0.0.1:4222"])
        #expect(loaded.configuration.upstreams.map(\.transport) == [transport])
        #expect(loaded.configuration.upstreams.map(\.instances.count) == [instances])
    }

    @Test(arguments: [("redis.yaml", "http", 2), ("redis-attached.yaml", "redis", 0)])
    func filesWithRedisLoad(_ name: String, _ transport: String, _ instances: Int) throws {
        let environment = ["PATCHBAY_SECRET": strongSecret, "PORT": "8081"]
        let loaded = try load(name, environment: environment)
        #expect(loaded.warnings == [])
        #expect(loaded.configuration.cluster.redis?.url.description == "redis://127.0.0.1:6379")
        #expect(loaded.configuration.upstreams.map(\.transport) == [transport])
        #expect(loaded.configuration.upstreams.map(\.instances.count) == [instances])
    }

    @Test func smallFileLoads() throws {
        let loaded = try load("patchbay.yaml")
        #expect(loaded.warnings == [])
        let upstream = try #require(loaded.configuration.upstreams.first)
        #expect(loaded.configuration.upstreams.count == 1)
        #expect(upstream.name == "main")
        #expect(upstream.path == "/mcp")
        #expect(upstream.instances.map(\.url.text) == ["http://127.0.0.1:9001/mcp", "http://127.0.0.1:9002/mcp"])
        #expect(loaded.configuration.listen == .init(host: "127.0.0.1", port: 8080))
        #expect(loaded.configuration.admin.isExplicit == false)
    }
}
