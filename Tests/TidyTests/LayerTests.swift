// Which target may import what. Layers import downward only, plugins know neither the core nor each other, and each
// big dependency has one door (`Package.swift`, Design.md "Layers"). A new target or door is a line here.
import Testing

/// The import table.
enum Layers {
    struct Target {
        /// L0 bytes and ports, L1 what every transport needs, L2 sessions, L3 sockets and files, L4 the command.
        let level: Int
        let modules: Set<String>
    }

    /// By folder: the modules it may import besides those of the system.
    static let targets: [String: Target] = [
        "Sources/MCPWire": Target(level: 0, modules: []),
        "Sources/HTTPWire": Target(level: 0, modules: []),
        "Sources/SealedBox": Target(level: 0, modules: ["COpenSSL"]),
        "Sources/TransportAPI": Target(level: 0, modules: ["NIOCore", "Logging"]),
        "Sources/TransportKit": Target(level: 1, modules: ["SealedBox", "TransportAPI", "NIOCore", "Synchronization"]),
        "Sources/GatewayCore": Target(
            level: 2,
            modules: [
                "MCPWire", "HTTPWire", "SealedBox", "TransportAPI", "TransportKit", "NIOCore", "Logging",
                "Synchronization",
            ]),
        "Sources/GatewayHTTP": Target(
            level: 3,
            modules: ["HTTPWire", "TransportAPI", "GatewayCore", "NIOCore", "NIOPosix", "Synchronization"]),
        "Sources/GatewayConfig": Target(level: 2, modules: ["Yams"]),
        "Sources/TransportConformance": Target(
            level: 2, modules: ["TransportAPI", "NIOCore", "NIOPosix", "Logging", "Synchronization"]),
        "Plugins/MemoryTransport": Target(level: 2, modules: ["TransportAPI", "NIOCore", "Synchronization"]),
        "Plugins/HTTPTransport": Target(
            level: 2,
            modules: [
                "HTTPWire", "SealedBox", "TransportAPI", "TransportKit", "Logging", "NIOCore", "NIOPosix", "NIOSSL",
                "NIOTLS", "Synchronization",
            ]),
        "Plugins/NATSTransport": Target(
            level: 2,
            modules: ["CNATS", "SealedBox", "TransportAPI", "TransportKit", "Logging", "NIOCore", "Synchronization"]),
        "Plugins/RedisTransport": Target(
            level: 2,
            modules: [
                "CHiredis", "SealedBox", "TransportAPI", "TransportKit", "Logging", "NIOCore", "NIOPosix", "NIOSSL",
                "Synchronization",
            ]),
        "Sources/patchbay": Target(
            level: 4,
            modules: [
                "HTTPWire", "SealedBox", "TransportAPI", "GatewayCore", "GatewayHTTP", "GatewayConfig",
                "HTTPTransport", "MemoryTransport", "NATSTransport", "RedisTransport", "TransportKit", "NIOCore",
                "NIOPosix", "Logging", "Synchronization", "ArgumentParser",
            ]),
    ]

    /// The C library under its names.
    static let system: Set<String> = ["Glibc", "Musl", "Darwin"]

    /// The only files or folders (with `/` at the end) that may import a module.
    static let doors: [String: [String]] = [
        "Yams": ["Sources/GatewayConfig/YAMLDocument.swift"],
        "NIOPosix": [
            "Sources/GatewayHTTP/HTTPListener.swift", "Plugins/HTTPTransport/UpstreamConnection+Connect.swift",
            "Plugins/HTTPTransport/Peers/", "Plugins/RedisTransport/Connection/RedisDial.swift", "Sources/patchbay/",
        ],
        "NIOSSL": ["Plugins/HTTPTransport/", "Plugins/RedisTransport/Connection/RedisDial.swift"],
        "NIOTLS": ["Plugins/HTTPTransport/"],
        "COpenSSL": ["Sources/SealedBox/"],
        "CNATS": ["Plugins/NATSTransport/"],
        "CHiredis": ["Plugins/RedisTransport/Connection/RESPReader.swift"],
        "ArgumentParser": ["Sources/patchbay/"],
        // Its texts, JSON and dates are ways around bytes. Yams links it; a file of ours that needs it stands here.
        "Foundation": [],
        "FoundationEssentials": [],
    ]

    static func folder(of module: String) -> String? { targets.keys.first { $0.hasSuffix("/" + module) } }

    /// Imports of a file that the table or a door forbids.
    static func violations(in file: SwiftFile) -> [Violation] {
        guard let target = targets[file.target] else {
            return [Violation(path: file.file.path, line: 0, text: "its target is not in the table of LayerTests")]
        }
        return file.imports.compactMap { line in
            if let doors = doors[line.module],
                !doors.contains(where: { file.file.path == $0 || $0.hasSuffix("/") && file.file.path.hasPrefix($0) })
            {
                let allowed = doors.isEmpty ? "no file" : doors.joined(separator: ", ")
                return Violation(
                    path: file.file.path, line: line.line, text: "\(line.module) may be imported by \(allowed) only")
            }
            if target.modules.contains(line.module) || system.contains(line.module) { return nil }
            return Violation(
                path: file.file.path, line: line.line, text: "\(file.target) must not import \(line.module)")
        }
    }

    static func withoutAccess(_ file: SwiftFile) -> [Violation] {
        file.imports.filter { $0.access == nil }.map {
            Violation(
                path: file.file.path, line: $0.line,
                text: "import \($0.module) does not state its access: internal unless the type is in the API")
        }
    }
}

@Suite("Layers")
struct LayerTests {
    @Test("Every import is allowed by the table and goes through its door")
    func imports() { report(Project.productFiles.flatMap(Layers.violations)) }

    @Test("Every import of the product states its access level")
    func importAccess() { report(Project.productFiles.flatMap(Layers.withoutAccess)) }

    @Test("The table itself keeps the layers: downward only, plugins alone")
    func table() {
        for (folder, target) in Layers.targets {
            for module in target.modules {
                guard let other = Layers.folder(of: module), let imported = Layers.targets[other] else { continue }
                #expect(imported.level < target.level, "\(folder) imports \(module), which is not below it")
                guard folder.hasPrefix("Plugins/") else { continue }
                #expect(imported.level <= 1, "the plugin \(folder) imports \(module), which is not for transports")
            }
        }
        #expect(Layers.targets["Sources/TransportAPI"]?.modules.contains("MCPWire") == false)
    }

    @Test("Every target folder is in the table, and every entry exists")
    func folders() {
        let present = Set(Project.productFiles.map(\.target))
        #expect(present == Set(Layers.targets.keys))
    }

    @Test("A target declares in Package.swift what it imports")
    func declared() throws {
        let manifest = try #require(Project.file("Package.swift"))
        let dependencies = Manifest.dependencies(in: manifest)
        #expect(dependencies.count > 10, "Package.swift is not read rightly any more")
        let known = Set(dependencies.keys).union(Manifest.products(in: manifest).values)
        report(
            Project.swiftFiles.flatMap { file -> [Violation] in
                let target = String(file.target.split(separator: "/").last ?? "")
                guard let own = dependencies[target] else { return [] }
                return file.imports.filter { (known.contains($0.module) || $0.module.hasPrefix("NIO")) }
                    .filter { $0.module != target && !own.contains($0.module) }
                    .map {
                        Violation(
                            path: file.file.path, line: $0.line,
                            text: "\($0.module) is not among the dependencies of \(target) in Package.swift")
                    }
            })
    }
}
