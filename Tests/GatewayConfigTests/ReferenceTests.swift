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

    /// The commented-out keys of cluster transports are true, too: with the transport that they belong to.
    @Test(arguments: ["peers", "dns"])
    func referenceNamesEveryClusterKey(_ members: String) throws {
        let other = members == "peers" ? "dns" : "peers"
        let lines = try text("reference.yaml").split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("  #\(other):") ? "" : Self.withoutMark($0) }
        let reference = lines.joined(separator: "\n")
            .replacing("  transport: memory", with: "  transport: http")
            .replacing("secret: []", with: "secret: ${env:S}")
        let key = String(repeating: "k", count: 32)
        let loaded = try ConfigLoader.load(
            file: "reference.yaml", environment: ["S": key], readFile: { _ in reference }, cores: 7)
        #expect(loaded.warnings == [])
        #expect(loaded.configuration.cluster.http != nil)
        let missing = loaded.values.entries.filter { $0.origin == .builtIn }.map(\.path)
        #expect(missing == (members == "peers" ? ["cluster.dns"] : []))
    }

    @Test func twoNodesNameEachOther() throws {
        let secret = String(repeating: "k", count: 32)
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
        let environment = ["PATCHBAY_SECRET": String(repeating: "k", count: 32)]
        let loaded = try load("attached.yaml", environment: environment)
        #expect(loaded.warnings == [])
        #expect(loaded.configuration.upstreams.map(\.instances) == [[]])
        #expect(loaded.configuration.cluster.takesAttachments)
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
