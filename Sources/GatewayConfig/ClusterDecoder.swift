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
    static var all: [ClusterDecoder] { [.memory, .http, .nats, .redis] }

    static var memory: ClusterDecoder {
        ClusterDecoder(transport: .memory, keys: []) { _, _ in }
    }

    /// A broker's keys all stand in a section of its name. `url` is an example of where its server may be.
    static func broker(
        _ transport: GatewayConfiguration.ClusterTransport, at url: String,
        read: @escaping (_ section: ConfigNode, _ cluster: inout GatewayConfiguration.Cluster) -> Void
    ) -> ClusterDecoder {
        let key = transport.rawValue
        return ClusterDecoder(transport: transport, keys: [key]) { node, cluster in
            guard node.isSet(key) else {
                node.missing(key, "cluster has no '\(key)'; add \(key): {url: \"\(url)\"}")
                return
            }
            let section = node.section(key)
            if node.isSound(key) { read(section, &cluster) }
        }
    }

    /// Reads the section `node` of `root`.
    static func decode(
        _ node: ConfigNode, of root: ConfigNode, secret: [String]
    ) -> GatewayConfiguration.Cluster {
        var cluster = GatewayConfiguration.Cluster()
        node.read("transport", .choice, into: &cluster.transport)
        let name = cluster.transport.rawValue
        guard node.isSound("transport"), let chosen = all.first(where: { $0.transport == cluster.transport }) else {
            // The keys of a transport that is not there would only be reported as unknown.
            node.skipUnread()
            return cluster
        }
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
