// The configurations inside the examples under `deploy/` load, without a warning but that clients are not
// authenticated. What is around them (containers, services) is not checked here.

import Foundation
import GatewayConfig
import Testing

@Suite struct DeployTests {
    private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The indented block after a line that ends so, without its indentation.
    private func block(after opening: String, of name: String) throws -> String {
        let text = try String(contentsOf: root.appending(path: "deploy/\(name)"), encoding: .utf8)
        var lines: [Substring] = []
        var indent: Int?
        var isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let depth = line.prefix { $0 == " " }.count
            if isInside, !line.isEmpty, depth < indent ?? depth { break }
            if isInside {
                indent = indent ?? depth
                lines.append(line.dropFirst(indent ?? 0))
            }
            if line.hasSuffix(opening) { isInside = true }
        }
        return lines.joined(separator: "\n")
    }

    @Test(arguments: [
        ("compose.yaml", " content: |", false, 3), ("compose-cluster.yaml", " content: |", true, 0),
        ("compose-nats.yaml", " content: |", true, 0), ("compose-redis.yaml", " content: |", true, 0),
        ("kubernetes/patchbay.yaml", " patchbay.yaml: |", true, 3),
    ])
    func configurationLoads(_ name: String, _ opening: String, _ isCluster: Bool, _ instances: Int) throws {
        let text = try block(after: opening, of: name).replacing("$$", with: "$")
        let environment = ["PATCHBAY_SECRET": strongSecret, "PEER": "node-2"]
        let loaded = try ConfigLoader.load(file: name, environment: environment, readFile: { _ in text })
        #expect(loaded.warnings.allSatisfy { $0.text.contains("allow_anonymous: true") })
        #expect(loaded.configuration.cluster.takesAttachments == isCluster)
        #expect(loaded.configuration.upstreams.map(\.instances.count) == [instances])
    }
}
