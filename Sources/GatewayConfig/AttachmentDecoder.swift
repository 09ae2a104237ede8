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

    /// Over what the nodes are reached, and where. The flags of another transport are reported.
    private static func cluster(_ root: ConfigNode, of cluster: inout GatewayConfiguration.Cluster) {
        let names = GatewayConfiguration.ClusterTransport.allCases.filter { $0 != .memory }.map(\.rawValue)
        var name = ""
        root.read("transport", .transport(built: names, planned: ClusterDecoder.planned), into: &name)
        cluster.transport = GatewayConfiguration.ClusterTransport(rawValue: name) ?? .http
        guard root.isSound("transport") else {
            _ = PeerList.read(root, of: nil)
            root.skipUnread()
            return
        }
        let needs = "--transport \(name) needs"
        if cluster.transport == .nats {
            root.refuseFlag("peers", "--peers", of: "http", transport: name)
            let section = root.section("nats")
            guard section.isSet("urls") else {
                section.skipUnread()
                root.missing("nats", "\(needs) --nats, the servers on which the nodes meet (or PATCHBAY_NATS)")
                return
            }
            cluster.nats = NATSSection.read(section)
        } else {
            root.refuseFlag("nats", "--nats", of: "nats", transport: name)
            if !root.isSet("peers") { root.missing("peers", "\(needs) --peers, all nodes by their cluster.listen") }
            cluster.http = GatewayConfiguration.HTTPPeers(listen: nil, peers: PeerList.read(root, of: nil))
        }
    }

    private static func instance(_ root: ConfigNode) -> GatewayConfiguration.Instance? {
        var instance = root.require("url", .url).map { GatewayConfiguration.Instance(url: $0) }
        var sseURL: GatewayConfiguration.URLParts?
        var id: String?
        var label: String?
        root.readOptional("sse_url", .url, into: &sseURL)
        root.readOptional("instance_id", .name, into: &id)
        root.readOptional("label", .name, into: &label)
        instance?.sseURL = sseURL
        instance?.id = id
        instance?.label = label
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

extension ConfigNode {
    /// Reports a flag that goes with another transport.
    fileprivate func refuseFlag(_ key: String, _ flag: String, of owner: String, transport: String) {
        guard isSet(key) else { return }
        refuse(key, "\(flag) belongs to --transport \(owner), but --transport is \(transport)")
    }
}
