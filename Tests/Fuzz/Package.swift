// swift-tools-version: 6.1
// The fuzz targets, a package of their own: they need the sanitizers in every module, which an ordinary build must not
// have. `run.sh` builds and runs them. Sources and checks are links to the ones of the main package and its tests, so
// a fuzz target and the corpus tests of `make test` check the same things.
import PackageDescription

let sanitize = ["-sanitize=fuzzer,address"]

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .unsafeFlags(sanitize),
]

/// For the checks of the test targets: their declarations are internal, and test targets have no upcoming features.
let checks: [SwiftSetting] = [.unsafeFlags(sanitize + ["-enable-testing"])]

func nio(_ name: String) -> Target.Dependency { .product(name: name, package: "swift-nio") }

/// One fuzz target. Its corpus has the same name in lower case.
func fuzzer(_ name: String, _ checks: Target.Dependency) -> Target {
    .executableTarget(
        name: name, dependencies: ["Fuzzing", checks], swiftSettings: strict,
        linkerSettings: [.unsafeFlags(sanitize + ["-use-ld=lld"])])
}

let package = Package(
    name: "patchbay-fuzz",
    dependencies: [.package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2")],
    targets: [
        .target(name: "MCPWire", swiftSettings: strict),
        .target(name: "HTTPWire", swiftSettings: strict),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "SealedBox", dependencies: ["COpenSSL"], swiftSettings: strict),

        .target(
            name: "HTTPChecks", dependencies: ["HTTPWire", nio("NIOCore"), nio("NIOHTTP1"), nio("NIOEmbedded")],
            swiftSettings: checks),
        .target(name: "MCPChecks", dependencies: ["MCPWire"], swiftSettings: checks),
        .target(name: "SealedBoxChecks", dependencies: ["SealedBox"], swiftSettings: checks),

        .systemLibrary(name: "CLibFuzzer"),
        .target(name: "Fuzzing", dependencies: ["CLibFuzzer"], swiftSettings: strict),
        fuzzer("Requests", "HTTPChecks"),
        fuzzer("Answers", "HTTPChecks"),
        fuzzer("Chunks", "HTTPChecks"),
        fuzzer("Messages", "MCPChecks"),
        fuzzer("Events", "MCPChecks"),
        fuzzer("Tokens", "SealedBoxChecks"),
    ],
    swiftLanguageModes: [.v6]
)
