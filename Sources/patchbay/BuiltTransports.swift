// Which transports this program was built with. A configuration may name every one; what was left out at build time is
// refused here, before anything starts.
internal import ArgumentParser
internal import GatewayConfig

enum BuiltTransports {
    /// What is missing for a transport: the trait that it sits behind, and the Debian package that building it needs.
    private struct Lack {
        var trait: String
        var package: String
    }

    /// Prints why and exits with 78 when the configuration needs a transport that was left out.
    static func require(for loaded: LoadedConfiguration) throws {
        let transport = loaded.configuration.cluster.transport
        guard let lack = lack(of: transport) else { return }
        let place = loaded.origins["cluster.transport"] ?? loaded.origins["transport"]
        StandardError.print(
            """
            \(place.map { "\($0): " } ?? "")error: the cluster's transport is \(transport.rawValue), but this program \
            was built without the trait \(lack.trait); install the Debian package \(lack.package) and build it again \
            with `swift build`, without --disable-default-traits
            """)
        throw ExitCode.badConfig
    }

    private static func lack(of transport: GatewayConfiguration.ClusterTransport) -> Lack? {
        #if !NATS
            if transport == .nats { return Lack(trait: "NATS", package: "libnats-dev") }
        #endif
        #if !Redis
            if transport == .redis { return Lack(trait: "Redis", package: "libhiredis-dev") }
        #endif
        return nil
    }
}
