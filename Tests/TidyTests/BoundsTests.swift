// The page *Bounds* names every limit that somebody outside can reach, and tests that exist.
import Testing

enum BoundsPage {
    static let path = "Sources/GatewayCore/Documentation.docc/Bounds.md"

    /// Where limits are declared: the file, and by what the page names its types.
    private static let homes = [
        "Sources/GatewayCore/Limits.swift", "Sources/GatewayHTTP/ListenerOptions.swift",
        "Plugins/HTTPTransport/HTTPUpstream.swift", "Plugins/HTTPTransport/Peers/HTTPClusterOptions.swift",
        "Sources/TransportKit/Relay/RelayLimits.swift", "Sources/TransportKit/Broker/ArrivalLimits.swift",
    ]

    /// What nobody outside fills: settings, and waits of the node's own.
    private static let others: Set<String> = [
        "Waits.comment", "Waits.drain", "Waits.drainDelay", "HTTPOptions.answerHeaders", "HTTPTrust.authoritiesFile",
        "HTTPTrust.verifies", "HTTPTrust.serverName", "PeerAddress.host", "PeerAddress.port",
        "PeerAddress.description", "HTTPClusterOptions.role", "HTTPClusterOptions.listen", "HTTPClusterOptions.peers",
        "HTTPClusterOptions.secrets", "HTTPClusterOptions.heartbeat", "HTTPClusterOptions.suspectAfter",
        "HTTPClusterOptions.goneAfter", "HTTPClusterOptions.returnWithin", "HTTPClusterOptions.connectTimeout",
        "HTTPClusterOptions.startWithin", "HTTPClusterOptions.closeWithin", "HTTPClusterOptions.redialFirst",
        "HTTPClusterOptions.redialMax", "HTTPClusterOptions.recheckEvery", "HTTPClusterOptions.resolveEvery",
        "HTTPClusterOptions.homeTimeout", "HTTPClusterOptions.copyTimeout", "RelayLimits.endedFor",
        "RelayLimits.acceptTimeout", "RelayLimits.bodyTimeout", "RelayLimits.quietInterval", "RelayLimits.probes",
        "RelayLimits.stepMax",
    ]

    /// `Type.name` of every public variable there.
    static func declared() throws -> [String] {
        try homes.flatMap { path -> [String] in
            var type = ""
            var names: [String] = []
            for line in try #require(Project.file(path), "\(path) is gone").lines {
                let words = line.split(whereSeparator: { " :(=,".contains($0) }).map(String.init)
                if let at = words.firstIndex(where: { $0 == "struct" || $0 == "class" || $0 == "enum" }),
                    line.hasPrefix("public"), at + 1 < words.count
                {
                    type = words[at + 1]
                } else if words.starts(with: ["public", "var"]), words.count > 2 {
                    names.append("\(type).\(words[2])")
                }
            }
            return names
        }
    }

    static func missing(_ page: String) throws -> [String] {
        try declared().filter { !others.contains($0) && !page.contains("`\($0)`") }
    }

    /// What the page calls a test or a limit and is none.
    static func wrong(_ page: String) throws -> [String] {
        let quoted = page.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
        let declared = Set(try declared())
        let types = Set(declared.map { $0.split(separator: ".")[0] })
        return quoted.filter { name in
            if name.hasSuffix("Tests") { return !Project.paths.contains { $0.hasSuffix("/\(name).swift") } }
            guard let type = name.split(separator: ".").first, types.contains(type), name.contains(".") else {
                return false
            }
            return !declared.contains(name)
        }
    }
}

@Suite("Bounds")
struct BoundsTests {
    @Test("The page names every limit")
    func complete() throws {
        let page = try #require(Project.file(BoundsPage.path)).lines.joined(separator: "\n")
        #expect(try BoundsPage.declared().count > 60, "the limits are not read rightly any more")
        #expect(try BoundsPage.missing(page) == [])
        #expect(try BoundsPage.missing("") != [])
    }

    @Test("What it names is there")
    func isTrue() throws {
        let page = try #require(Project.file(BoundsPage.path)).lines.joined(separator: "\n")
        #expect(try BoundsPage.wrong(page) == [])
        #expect(try BoundsPage.wrong("`NoSuchTests` `Limits.none`").count == 2)
    }
}
