// `config/reference.yaml` and `config/patchbay.yaml` are what they say they are: the first names every key that the
// decoder knows, with its default and a comment; the second loads.

import Foundation
import Testing

@testable import GatewayConfig

@Suite struct ReferenceTests {
    private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func load(_ name: String) throws -> LoadedConfiguration {
        let text = try String(contentsOf: root.appending(path: "config/\(name)"), encoding: .utf8)
        return try ConfigLoader.load(file: name, environment: [:], readFile: { _ in text }, cores: 7)
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
        let text = try String(contentsOf: root.appending(path: "config/reference.yaml"), encoding: .utf8)
        var isCommented = false
        var keys = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let words = line.drop { $0 == " " }
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
