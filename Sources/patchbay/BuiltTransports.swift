// Which transports this program was built with. A configuration may name every one; what was left out at build time is
// refused here, before anything starts.
internal import ArgumentParser
internal import GatewayConfig

enum BuiltTransports {
    /// Prints why and exits with 78 when the configuration needs a transport that was left out.
    static func require(for loaded: LoadedConfiguration) throws {
        #if !NATS
            guard loaded.configuration.cluster.transport == .nats else { return }
            let place = loaded.origins["cluster.transport"] ?? loaded.origins["transport"]
            StandardError.print(
                """
                \(place.map { "\($0): " } ?? "")error: the cluster's transport is nats, but this program was built \
                without the trait NATS; install the Debian package libnats-dev and build it again with \
                `swift build`, without --disable-default-traits
                """)
            throw ExitCode.badConfig
        #endif
    }
}
