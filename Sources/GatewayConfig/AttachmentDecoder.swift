// Reads what an attachment was told and makes the configuration of a member that runs it: one upstream with one
// instance, the nodes as peers or the broker that they meet on, and no listener for clients.

enum AttachmentDecoder {
    static func decode(_ root: ConfigNode, allowsAnonymous: Bool) -> GatewayConfiguration {
        var config = GatewayConfiguration()
        // One instance is far from filling one loop.
        config.eventLoops = 1
        config.allowAnonymous = allowsAnonymous
        let name = root.require("upstream_name", .name) ?? ""
        config.upstreams = [GatewayConfiguration.Upstream(name: name, instances: instance(root).map { [$0] } ?? [])]
        config.isAttachment = true
        cluster(root, of: &config.cluster)
        root.readList("secret", of: .plainSecret, atMost: 2, into: &config.secret)
        GatewayDecoder.checkSecret(root, config.secret)
        root.read("event_loops", .eventLoops(cores: config.eventLoops), into: &config.eventLoops)
        root.read("log_level", .choice, into: &config.logLevel)
        admin(root, of: &config)
        return config
    }

    /// The flags that say where the nodes are, with the key that each becomes and its transport.
    private static let places: [(key: String, flag: String, transport: GatewayConfiguration.ClusterTransport)] = [
        ("peers", "--peers", .http), ("nats", "--nats", .nats), ("redis", "--redis", .redis),
    ]

    /// Over what the nodes are reached, and where. The flags of another transport are reported.
    private static func cluster(_ root: ConfigNode, of cluster: inout GatewayConfiguration.Cluster) {
        var name = ""
        root.read("transport", .transport(among: places.map(\.transport)), into: &name)
        cluster.transport = GatewayConfiguration.ClusterTransport(rawValue: name) ?? .http
        guard root.isSound("transport") else {
            _ = PeerList.read(root, of: nil)
            root.skipUnread()
            return
        }
        for place in places where place.transport != cluster.transport && root.isSet(place.key) {
            let owner = place.transport.rawValue
            root.refuse(
                place.key, "\(place.flag) belongs to --transport \(owner), but --transport is \(name)")
        }
        switch cluster.transport {
        case .memory, .http:
            if !root.isSet("peers") {
                root.missing("peers", "--transport http needs --peers, all nodes by their cluster.listen")
            }
            cluster.http = GatewayConfiguration.HTTPPeers(listen: nil, peers: PeerList.read(root, of: nil))
        case .nats:
            let needs = "--transport nats needs --nats, the servers on which the nodes meet (or PATCHBAY_NATS)"
            cluster.nats = broker(root, "nats", with: "urls", or: needs).map(NATSSection.read)
        case .redis:
            let needs = "--transport redis needs --redis, the server on which the nodes meet (or PATCHBAY_REDIS)"
            cluster.redis = broker(root, "redis", with: "url", or: needs).map(RedisSection.read)
        }
    }

    /// The section of a broker whose servers are named.
    private static func broker(
        _ root: ConfigNode, _ key: String, with servers: String, or needs: String
    ) -> ConfigNode? {
        let section = root.section(key)
        if section.isSet(servers) { return section }
        section.skipUnread()
        root.missing(key, needs)
        return nil
    }

    private static func instance(_ root: ConfigNode) -> GatewayConfiguration.Instance? {
        let url = root.require("url", .url)
        var instance = url.map { GatewayConfiguration.Instance(url: $0) }
        let sseURL = UpstreamDecoder.streamURL(root, beside: url)
        var id: String?
        var label: String?
        var capacity: Int?
        root.readOptional("instance_id", .name, into: &id)
        root.readOptional("label", .name, into: &label)
        root.readOptional("capacity", .capacity, into: &capacity)
        instance?.sseURL = sseURL
        instance?.id = id
        instance?.label = label
        instance?.capacity = capacity
        return instance
    }

    private static func admin(_ root: ConfigNode, of config: inout GatewayConfiguration) {
        var address: GatewayConfiguration.Address?
        root.readOptional("admin", .address, into: &address)
        config.admin.isEnabled = address != nil
        guard let address else { return }
        config.admin.isExplicit = true
        config.admin.listen = address
        guard !address.isLoopback else { return }
        let reach = "admin \(address) can be reached from other machines"
        if config.allowAnonymous {
            root.warning("\(reach), and nobody is asked who they are (--allow-anonymous)", at: "admin")
        } else {
            root.error(
                "\(reach), and this build does not authenticate clients yet; listen on 127.0.0.1, or give"
                    + " --allow-anonymous if that is meant", at: "admin")
        }
    }
}
