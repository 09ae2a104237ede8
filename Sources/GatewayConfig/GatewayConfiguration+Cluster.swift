// What several nodes share, and over what. One case and one section for each cluster transport; how they are read
// stands in the `ClusterDecoder` files.

extension GatewayConfiguration {
    /// What nodes share.
    public struct Cluster: Sendable, Equatable {
        /// `cluster.transport`.
        public var transport = ClusterTransport.memory
        /// The keys of `transport: http`; after loading it is there with that transport and only then.
        public var http: HTTPPeers?
        /// The keys of `transport: nats`; after loading it is there with that transport and only then.
        public var nats: NATSBroker?
        /// The keys of `transport: redis`; after loading it is there with that transport and only then.
        public var redis: RedisBroker?

        public init() {}

        /// Whether instances can come by themselves, through attachments.
        public var takesAttachments: Bool { transport != .memory }
    }

    /// Over what nodes share.
    public enum ClusterTransport: String, Sendable, CaseIterable {
        /// Nothing is shared: one node alone.
        case memory
        /// Connections from node to node, without a broker.
        case http
        /// NATS servers with JetStream. A program that was built without the trait `NATS` refuses it.
        case nats
        /// A Redis server. A program that was built without the trait `Redis` refuses it.
        case redis

        /// Whether members meet on servers that are not ours, and attachments know these and no node.
        public var isBroker: Bool { broker != nil }

        /// The broker as messages name it; `nil` where there is none.
        var broker: String? {
            switch self {
            case .memory, .http: nil
            case .nats: NATSURL.form.broker
            case .redis: RedisURL.form.broker
            }
        }
    }

    /// The nodes of a cluster without a broker. They are a list or one DNS name, never both.
    public struct HTTPPeers: Sendable, Equatable {
        /// `cluster.listen`: where other nodes and attachments connect. `nil` only where `isAttachment`, since an
        /// attachment dials out. Who connects proves that it has the secret, so any address is allowed.
        public var listen: Address?
        /// `cluster.peers`: the other nodes, at most 64, no two equal. May be empty for a node that attachments
        /// dial. May hold this node itself under a name that the configuration does not know to be its own.
        public var peers: [PeerURL] = []
        /// `cluster.dns`: a name whose addresses are the nodes, this one perhaps included, and their port, which is
        /// that of `listen` unless it is written.
        public var dns: Address?

        public init(listen: Address?, peers: [PeerURL] = [], dns: Address? = nil) {
            self.listen = listen
            self.peers = peers
            self.dns = dns
        }
    }

    /// The name of this node: `nodeName`, or else its host's name with `-` for every character that a name cannot
    /// have, and in a cluster the port of `cluster.listen` or else of `listen`, since several nodes may be on one host:
    /// of two members with one name the others take the later one for a new start of the earlier. At most 64
    /// characters, never empty.
    public func nodeName(onHost host: String) -> String {
        if let nodeName { return nodeName }
        let own = cluster.transport.isBroker ? listen.port : cluster.http?.listen?.port
        let port = own.map { "-\($0)" } ?? ""
        let allowed = host.utf8.prefix(64 - port.utf8.count).map { byte in
            byte.isLetterOrDigit || "._-".utf8.contains(byte) ? byte : UInt8(ascii: "-")
        }
        return (allowed.isEmpty ? "node" : String(decoding: allowed, as: UTF8.self)) + port
    }
}
