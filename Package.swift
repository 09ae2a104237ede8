// swift-tools-version: 6.1
// Layers, from the bottom: L0 knows bytes and ports, L1 what every transport needs, L2 knows MCP and sessions, L3 knows
// sockets and files, L4 puts them together. A target imports lower layers only; `Tests/TidyTests` checks it. `Plugins/`
// holds transports: ordinary library targets, not SwiftPM build plugins.
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func product(_ name: String, _ package: String) -> Target.Dependency {
    .product(name: name, package: package)
}

/// Left out without the trait, and every file that needs it is then empty.
func product(_ name: String, trait: String) -> Target.Dependency {
    .byName(name: name, condition: .when(traits: [trait]))
}

let nioCore = product("NIOCore", "swift-nio")
let nioPosix = product("NIOPosix", "swift-nio")
let nioHTTP1 = product("NIOHTTP1", "swift-nio")
let nioEmbedded = product("NIOEmbedded", "swift-nio")
let nioTLS = product("NIOTLS", "swift-nio")
let nioSSL = product("NIOSSL", "swift-nio-ssl")
let logging = product("Logging", "swift-log")
let argumentParser = product("ArgumentParser", "swift-argument-parser")
let yams = product("Yams", "Yams")

let cnats = product("CNATS", trait: "NATS")
let chiredis = product("CHiredis", trait: "Redis")

let package = Package(
    name: "patchbay",
    products: [.executable(name: "patchbay", targets: ["patchbay"])],
    traits: [
        .trait(name: "NATS", description: "The NATS transport, which needs libnats (Debian: libnats-dev)."),
        .trait(name: "Redis", description: "The Redis transport, which needs libhiredis (Debian: libhiredis-dev)."),
        .default(enabledTraits: ["NATS", "Redis"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams.git", exact: "6.2.2"),
    ],
    targets: [
        // L0: bytes
        .target(name: "MCPWire", swiftSettings: strict),
        .target(name: "HTTPWire", swiftSettings: strict),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "SealedBox", dependencies: ["COpenSSL"], swiftSettings: strict),
        .target(name: "TransportAPI", dependencies: [nioCore, logging], swiftSettings: strict),

        // L1: what every transport needs
        .target(name: "TransportKit", dependencies: ["SealedBox", "TransportAPI", nioCore], swiftSettings: strict),

        // L2: sessions, routing, exchanges
        .target(
            name: "GatewayCore",
            dependencies: ["MCPWire", "HTTPWire", "SealedBox", "TransportAPI", "TransportKit", nioCore, logging],
            swiftSettings: strict),

        // L3: sockets and files
        .target(
            name: "GatewayHTTP",
            dependencies: ["HTTPWire", "TransportAPI", "GatewayCore", nioCore, nioPosix],
            swiftSettings: strict),
        .target(name: "GatewayConfig", dependencies: [yams], swiftSettings: strict),
        .target(
            name: "TransportConformance", dependencies: ["TransportAPI", nioCore, nioPosix, logging],
            swiftSettings: strict),
        .target(
            name: "MemoryTransport", dependencies: ["TransportAPI", nioCore], path: "Plugins/MemoryTransport",
            swiftSettings: strict),
        .target(
            name: "HTTPTransport",
            dependencies: [
                "HTTPWire", "SealedBox", "TransportAPI", "TransportKit", nioCore, nioPosix, nioTLS, nioSSL, logging,
            ],
            path: "Plugins/HTTPTransport", swiftSettings: strict),

        .systemLibrary(
            name: "CNATS", path: "Plugins/CNATS", pkgConfig: "libnats", providers: [.apt(["libnats-dev"])]),
        .target(
            name: "NATSTransport",
            dependencies: [cnats, "SealedBox", "TransportAPI", "TransportKit", nioCore, logging],
            path: "Plugins/NATSTransport", swiftSettings: strict),
        // Without pkgConfig: what its file says beyond the library's name, SwiftPM refuses with a warning.
        .systemLibrary(name: "CHiredis", path: "Plugins/CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .target(
            name: "RedisTransport",
            dependencies: [
                chiredis, "SealedBox", "TransportAPI", "TransportKit", nioCore, nioPosix, nioSSL, logging,
            ],
            path: "Plugins/RedisTransport", swiftSettings: strict),

        // L4: the command
        .executableTarget(
            name: "patchbay",
            dependencies: [
                "GatewayConfig", "GatewayCore", "GatewayHTTP", "HTTPTransport", "HTTPWire", "MemoryTransport",
                "NATSTransport", "RedisTransport", "SealedBox", "TransportAPI", "TransportKit", nioCore, nioPosix,
                logging, argumentParser,
            ],
            swiftSettings: strict),

        // What several test targets start: real servers.
        .target(name: "TestSupport", path: "Tests/TestSupport"),

        .testTarget(name: "MCPWireTests", dependencies: ["MCPWire"], resources: [.copy("Golden"), .copy("Schema")]),
        .testTarget(name: "HTTPWireTests", dependencies: ["HTTPWire", nioCore, nioHTTP1, nioEmbedded]),
        .testTarget(name: "SealedBoxTests", dependencies: ["SealedBox"]),
        .testTarget(name: "GatewayConfigTests", dependencies: ["GatewayConfig"], exclude: ["Golden"]),
        .testTarget(
            name: "GatewayCoreTests",
            dependencies: [
                "GatewayCore", "MemoryTransport", "SealedBox", "MCPWire", "HTTPWire", "TransportAPI", "TransportKit",
                nioCore, nioEmbedded, logging,
            ]),
        .testTarget(
            name: "GatewayHTTPTests",
            dependencies: [
                "GatewayHTTP", "GatewayCore", "SealedBox", "HTTPWire", "TransportAPI", nioCore, nioPosix, nioEmbedded,
                logging,
            ]),
        .testTarget(
            name: "HTTPTransportTests",
            dependencies: [
                "HTTPTransport", "SealedBox", "TestSupport", "TransportAPI", nioCore, nioPosix, nioEmbedded, logging,
            ]),
        .testTarget(
            name: "MemoryTransportTests", dependencies: ["MemoryTransport", "TransportAPI", nioCore, nioEmbedded]),
        .testTarget(
            name: "TransportKitTests",
            dependencies: ["TransportKit", "MemoryTransport", "SealedBox", "TransportAPI", nioCore, nioEmbedded]),
        .testTarget(
            name: "NATSTransportTests",
            dependencies: [
                "NATSTransport", "TestSupport", cnats, "SealedBox", "TransportAPI", "TransportKit", nioCore, nioPosix,
                nioEmbedded, logging,
            ]),
        .testTarget(
            name: "RedisTransportTests",
            dependencies: [
                "RedisTransport", "TestSupport", chiredis, "SealedBox", "TransportAPI", "TransportKit", nioCore,
                nioPosix, nioEmbedded, logging,
            ]),
        .testTarget(
            name: "ConformanceTests",
            dependencies: [
                "TransportConformance", "MemoryTransport", "HTTPTransport", "NATSTransport", "RedisTransport",
                "SealedBox", "TestSupport", "TransportAPI", nioCore, nioPosix, logging,
            ]),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "GatewayCore", "MemoryTransport", "SealedBox", "HTTPWire", "TransportAPI", nioCore, nioEmbedded,
                logging,
            ]),
        .testTarget(name: "TidyTests"),
        .testTarget(
            name: "EndToEndTests", dependencies: ["patchbay", "TestSupport"],
            exclude: ["servers", "clients", "locks", "attacks"]),
    ],
    swiftLanguageModes: [.v6]
)
