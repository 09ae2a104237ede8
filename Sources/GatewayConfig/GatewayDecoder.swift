// Reads the top level of a configuration and hands sections to their own readers. The only list of the gateway's
// keys is in these `…Decoder` files; defaults stand in `GatewayConfiguration`, ranges beside the keys.

enum GatewayDecoder {
    static func decode(_ root: ConfigNode, cores: Int) -> GatewayConfiguration {
        var config = GatewayConfiguration()
        config.eventLoops = cores
        root.read("listen", .address, into: &config.listen)
        let upstreams = UpstreamDecoder.decode(root)
        config.upstreams = upstreams.map(\.value)
        let admin = root.section("admin")
        admin.read("listen", .address, into: &config.admin.listen)
        config.admin.isExplicit = admin.isSet("listen")
        root.readOneOrMore("secret", .secret, atMost: 2, into: &config.secret)
        checkSecret(root, config.secret)
        let cluster = root.section("cluster")
        config.cluster = ClusterDecoder.decode(cluster, of: root, secret: config.secret)
        root.readOptional("node_name", .name, into: &config.nodeName)
        TimesDecoder.decodeLiveness(root, into: &config)
        root.read("event_loops", .eventLoops(cores: cores), into: &config.eventLoops)
        TimesDecoder.decode(root, into: &config)
        root.read("allow_anonymous", .boolean, into: &config.allowAnonymous)
        root.readList(
            "allowed_hosts", of: .allowedHost, atMost: ConfigBounds.listEntries, into: &config.allowedHosts)
        root.readList("allowed_origins", of: .origin, atMost: ConfigBounds.listEntries, into: &config.allowedOrigins)
        root.readOptional("principal_from", .principalHeader, into: &config.principalFrom)
        let affinity = root.section("affinity")
        affinity.readOptional("header", .affinityHeader, into: &config.affinity.header)
        affinity.readOptional("cookie", .cookieName, into: &config.affinity.cookie)
        root.read("log_level", .choice, into: &config.logLevel)
        root.read("access_log", .boolean, into: &config.accessLog)
        LimitsDecoder.decode(root.section("limits"), into: &config.limits)
        LimitsDecoder.decode(root.section("timeouts"), into: &config.timeouts)

        ListenCheck(root: root, admin: admin, cluster: cluster, config: config).run()
        UpstreamCheck(root: root, upstreams: upstreams, cluster: config.cluster, affinity: config.affinity).run()
        return config
    }

    static func checkSecret(_ root: ConfigNode, _ secret: [String]) {
        guard secret.count == 2, secret[0] == secret[1] else { return }
        root.error("secret has the same value twice; while rotating, the new one comes first", at: "secret")
    }
}

extension ValueKind where Value == String {
    /// The name of one of these transports.
    static func transport(among transports: [GatewayConfiguration.ClusterTransport]) -> ValueKind {
        let names = transports.map(\.rawValue)
        return .word(from: names, text: \.self) { names.contains($0) ? $0 : nil }
    }
}

extension ValueKind where Value == Int {
    /// A number of event loops; `auto` is the number of cores.
    static func eventLoops(cores: Int) -> ValueKind {
        let number = ValueKind.integer(in: 1...256)
        return ValueKind(expected: "a whole number or auto", text: number.text) { scalar throws(ValueProblem) in
            scalar.text == "auto" ? cores : try number.parse(scalar)
        }
    }
}
