// Reads what an attachment was told and makes the configuration of a member that runs it: one upstream with one
// instance, the nodes as peers, and no listener for clients.

enum AttachmentDecoder {
    static func decode(_ root: ConfigNode, allowsAnonymous: Bool) -> GatewayConfiguration {
        var config = GatewayConfiguration()
        // One instance is far from filling one loop.
        config.eventLoops = 1
        config.allowAnonymous = allowsAnonymous
        let name = root.require("upstream_name", .name) ?? ""
        config.upstreams = [GatewayConfiguration.Upstream(name: name, instances: instance(root).map { [$0] } ?? [])]
        var transport = ""
        root.read("transport", .transport(built: ["http"], planned: ClusterDecoder.planned), into: &transport)
        config.cluster.transport = .http
        config.cluster.http = GatewayConfiguration.HTTPPeers(listen: nil, peers: PeerList.read(root, of: nil))
        root.readList("secret", of: .plainSecret, atMost: 2, into: &config.secret)
        GatewayDecoder.checkSecret(root, config.secret)
        root.read("event_loops", .eventLoops(cores: config.eventLoops), into: &config.eventLoops)
        root.read("log_level", .choice, into: &config.logLevel)
        admin(root, of: &config)
        return config
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
