// Reads `cluster`. Each cluster transport has one entry in the list below and one file with its own strict reader; a
// key that belongs to another transport than the chosen one is an error of its own.

/// How the keys of one cluster transport are read.
struct ClusterDecoder {
    var transport: GatewayConfiguration.ClusterTransport
    /// The keys of `cluster` that only this transport has.
    var keys: [String]
    /// Reads these keys and reports what is wrong with them.
    var read: (_ node: ConfigNode, _ cluster: inout GatewayConfiguration.Cluster) -> Void

    /// The transports that can be configured; the command knows which of them it was built with.
    static var all: [ClusterDecoder] { [.memory, .http, .nats] }
    /// Names that are kept for transports that are not there yet.
    static let planned = ["redis"]

    static var memory: ClusterDecoder {
        ClusterDecoder(transport: .memory, keys: []) { _, _ in }
    }

    /// Reads the section `node` of `root`.
    static func decode(
        _ node: ConfigNode, of root: ConfigNode, secret: [String]
    ) -> GatewayConfiguration.Cluster {
        var cluster = GatewayConfiguration.Cluster()
        var name = cluster.transport.rawValue
        node.read("transport", .transport(built: all.map(\.transport.rawValue), planned: planned), into: &name)
        guard node.isSound("transport"), let chosen = all.first(where: { $0.transport.rawValue == name }) else {
            // The keys of a transport that is not there would only be reported as unknown.
            node.skipUnread()
            return cluster
        }
        cluster.transport = chosen.transport
        chosen.read(node, &cluster)
        for other in all where other.transport != chosen.transport {
            for key in other.keys where !chosen.keys.contains(key) && node.isSet(key) {
                let owner = other.transport.rawValue
                node.refuse(
                    key, "cluster.\(key) belongs to 'transport: \(owner)', but cluster.transport is \(name);"
                        + " say 'transport: \(owner)', or remove the key")
            }
        }
        if chosen.transport != .memory, secret.isEmpty, root.isSound("secret") {
            root.missing(
                "secret", "cluster.transport is \(name), which needs a secret, the same on every node;"
                    + " add secret: \"${env:PATCHBAY_SECRET}\"")
        }
        return cluster
    }
}
