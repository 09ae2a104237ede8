// One golden file: a configuration, a line of dashes, and what loading it says. `GoldenTests` runs all of them.
//
// Lines that begin with `#!` are comments to YAML and tell the case what stands around the file:
//   #! env NAME=VALUE      #! file PATH=TEXT (with \n, \r)      #! flag --listen VALUE
//   #! no file             #! print (the effective values, too)
//   #! attach --url VALUE (these flags make an attachment of it)

import Foundation
import GatewayConfig
import Testing

struct GoldenCase: Sendable, CustomTestStringConvertible {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    static let separator = String(repeating: "-", count: 40)

    var url: URL
    var input: String
    var expected: String

    var testDescription: String { url.lastPathComponent }

    /// All cases, by name.
    static func all() throws -> [GoldenCase] {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let cases = try files.filter { $0.pathExtension == "golden" }.map(read)
        return cases.sorted { $0.testDescription < $1.testDescription }
    }

    private static func read(_ url: URL) throws -> GoldenCase {
        let text = try String(contentsOf: url, encoding: .utf8)
        guard let range = text.range(of: separator + "\n") else {
            return GoldenCase(url: url, input: text, expected: "")
        }
        return GoldenCase(
            url: url, input: String(text[..<range.lowerBound]), expected: String(text[range.upperBound...]))
    }

    /// Writes what was seen as what is expected.
    func update(with output: String) throws {
        try (input + Self.separator + "\n" + output).write(to: url, atomically: true, encoding: .utf8)
    }

    /// Loads the case; the diagnostics, and `ok` when it could be loaded.
    func run() -> String {
        var environment: [String: String] = [:]
        var files = ["etc/patchbay.yaml": input]
        var overrides = Overrides()
        var attachment: AttachmentFlags?
        var hasFile = true
        var prints = false
        for line in input.split(separator: "\n") where line.hasPrefix("#! ") {
            let words = line.dropFirst(3).split(separator: " ", maxSplits: 1).map(String.init)
            let pair = (words.last ?? "").split(separator: "=", maxSplits: 1).map(String.init)
            switch words[0] {
            case "env": environment[pair[0]] = pair.count > 1 ? pair[1] : ""
            case "file": files[pair[0]] = unescaped(pair[1])
            case "flag": set(words[1], in: &overrides)
            case "attach": set(words[1], in: &attachment)
            case "no": hasFile = false
            case "print": prints = true
            default: return "unknown directive: \(line)\n"
            }
        }
        let read = { [files] (path: String) throws in
            guard let text = files[path] else { throw ConfigFile.Failure(description: "No such file") }
            return text
        }
        do {
            if let attachment {
                let loaded = try ConfigLoader.loadAttachment(attachment, environment: environment, readFile: read)
                return said(loaded, prints)
            }
            let loaded = try ConfigLoader.load(
                file: hasFile ? "etc/patchbay.yaml" : nil, overrides: overrides, environment: environment,
                readFile: read, cores: 2)
            return said(loaded, prints)
        } catch {
            return error.diagnostics.map { $0.description + "\n" }.joined()
        }
    }

    private func said(_ loaded: LoadedConfiguration, _ prints: Bool) -> String {
        let lines = loaded.warnings.map(\.description) + ["ok"]
        return lines.map { $0 + "\n" }.joined() + (prints ? loaded.render() : "")
    }

    private func unescaped(_ text: String) -> String {
        text.replacingOccurrences(of: "\\n", with: "\n").replacingOccurrences(of: "\\r", with: "\r")
    }

    private func set(_ flag: String, in attachment: inout AttachmentFlags?) {
        let words = flag.split(separator: " ", maxSplits: 1).map(String.init)
        let value = words.count > 1 ? words[1] : ""
        var flags = attachment ?? AttachmentFlags(
            upstreamName: "main", url: "http://127.0.0.1:9001/mcp", transport: "http")
        switch words[0] {
        case "--upstream-name": flags.upstreamName = value
        case "--url": flags.url = value
        case "--sse-url": flags.sseURL = value
        case "--transport": flags.transport = value
        case "--peers": flags.peers = value
        case "--nats": flags.nats.urls = value
        case "--nats-credentials": flags.nats.credentialsFile = value
        case "--nats-ca": flags.nats.caFile = value
        case "--nats-prefix": flags.nats.prefix = value
        case "--nats-replicas": flags.nats.replicas = value
        case "--redis": flags.redis.url = value
        case "--redis-ca": flags.redis.caFile = value
        case "--redis-certificate": flags.redis.certificateFile = value
        case "--redis-key": flags.redis.keyFile = value
        case "--redis-prefix": flags.redis.prefix = value
        case "--redis-accept-volatile": flags.redis.acceptsVolatile = true
        case "--instance-id": flags.instanceID = value
        case "--label": flags.label = value
        case "--capacity": flags.capacity = value
        case "--log-level": flags.logLevel = value
        case "--admin": flags.admin = value
        default: flags.allowAnonymous = true
        }
        attachment = flags
    }

    private func set(_ flag: String, in overrides: inout Overrides) {
        let words = flag.split(separator: " ", maxSplits: 1).map(String.init)
        switch words[0] {
        case "--listen": overrides.listen = words[1]
        case "--path": overrides.path = words[1]
        case "--upstream": overrides.upstreams.append(words[1])
        default: overrides.logLevel = words[1]
        }
    }
}
