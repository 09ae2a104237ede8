// Reads `upstreams` and what is inside: instances in both forms, TLS, health. Checks what concerns one upstream;
// `UpstreamCheck` compares them with each other.

enum UpstreamDecoder {
    static func decode(_ root: ConfigNode) -> [DecodedUpstream] {
        let nodes = root.elements("upstreams", atMost: ConfigBounds.upstreams)
        if root.isSet("upstreams"), nodes.isEmpty, root.isSound("upstreams", "upstreams[0]") {
            root.error("upstreams is empty; at least one is needed", at: "upstreams")
        }
        return nodes.map(upstream)
    }

    private static func upstream(_ node: ConfigNode) -> DecodedUpstream {
        var upstream = GatewayConfiguration.Upstream(name: node.require("name", .name) ?? "", instances: [])
        node.read("path", .publishedPath, into: &upstream.path)
        let transports = GatewayConfiguration.ClusterTransport.allCases.filter { $0 == .http || $0.isBroker }
        node.read("transport", .transport(among: transports), into: &upstream.transport)
        let isReachable = node.isSound("transport")
        let elements = node.elements("instances", atMost: ConfigBounds.instances, scalarsToo: true)
        let instances = elements.compactMap { element in instance(element).map { (node: element, value: $0) } }
        upstream.instances = instances.map(\.value)
        node.read("forward_authorization", .boolean, into: &upstream.forwardAuthorization)
        node.readList(
            "forward_headers", of: .forwardedHeader, atMost: ConfigBounds.listEntries, into: &upstream.forwardHeaders)
        node.readList(
            "forward_answer_headers", of: .forwardedAnswerHeader, atMost: ConfigBounds.listEntries,
            into: &upstream.forwardAnswerHeaders)
        node.read("instance_tag", .choice, into: &upstream.instanceTag)
        node.read("resumable", .choice, into: &upstream.resumable)
        node.read("era", .choice, into: &upstream.era)
        tls(node.section("tls"), of: &upstream)
        health(node.section("health"), into: &upstream.health)
        connections(node, of: &upstream)
        // The keys of a transport that is not there would only be reported as unknown.
        if !isReachable { node.skipUnread() }
        warn(about: upstream, node)
        return DecodedUpstream(
            node: node, value: upstream, instances: instances, isWithoutInstances: elements.isEmpty)
    }

    private static func instance(_ node: ConfigNode) -> GatewayConfiguration.Instance? {
        if node.isScalar {
            return node.value(.url).map { GatewayConfiguration.Instance(url: $0) }
        }
        let url = node.require("url", .url)
        let sseURL = streamURL(node, beside: url)
        var id: String?
        var label: String?
        var capacity: Int?
        node.readOptional("id", .name, into: &id)
        node.readOptional("label", .name, into: &label)
        node.readOptional("capacity", .capacity, into: &capacity)
        return url.map {
            GatewayConfiguration.Instance(url: $0, sseURL: sseURL, id: id, label: label, capacity: capacity)
        }
    }

    /// Reads `sse_url`, of a file as of the flags of `attach`. An instance is one place: connections that were made for
    /// one of its endpoints are used for the other.
    static func streamURL(
        _ node: ConfigNode, beside url: GatewayConfiguration.URLParts?
    ) -> GatewayConfiguration.URLParts? {
        var sseURL: GatewayConfiguration.URLParts?
        node.readOptional("sse_url", .url, into: &sseURL)
        if let url, let sseURL, !sseURL.sharesConnections(with: url) {
            let (one, other) = (node.shown("sse_url", "\(sseURL)"), node.shown("url", "\(url)"))
            node.error(
                "\(node.childPath("sse_url")) (\(one)) has another scheme, host or port than 'url' (\(other)), but both"
                    + " are reached over the same connections; write it with those of 'url', or leave it out",
                at: "sse_url")
        }
        return sseURL
    }

    private static func tls(_ node: ConfigNode, of upstream: inout GatewayConfiguration.Upstream) {
        node.readPEM("ca_file", holding: "CERTIFICATE", into: &upstream.tls.caFile)
        node.read("verify", .boolean, into: &upstream.tls.verify)
        node.readOptional("server_name", .serverName, into: &upstream.tls.serverName)
        if !upstream.tls.verify {
            node.warning("\(node.path).verify is false: anyone on the way can pose as the instances", at: "verify")
        }
    }

    private static func health(_ node: ConfigNode, into health: inout GatewayConfiguration.Health) {
        let hour = Duration.seconds(3600)
        node.read("interval", .duration(from: .milliseconds(100), to: hour), into: &health.interval)
        node.read("timeout", .duration(from: .milliseconds(10), to: hour), into: &health.timeout)
        node.read("unhealthy_after", .integer(in: 1...100), into: &health.unhealthyAfter)
        node.read("healthy_after", .integer(in: 1...100), into: &health.healthyAfter)
        if node.isSound("interval", "timeout"), health.timeout > health.interval {
            let timeout = node.shown("timeout", Quantity.duration(health.timeout))
            let interval = node.shown("interval", Quantity.duration(health.interval))
            let key = node.isSet("timeout") ? "timeout" : "interval"
            node.error("\(node.path).timeout (\(timeout)) is longer than interval (\(interval))", at: key)
        }
    }

    private static func connections(_ node: ConfigNode, of upstream: inout GatewayConfiguration.Upstream) {
        let day = Duration.seconds(24 * 3600)
        let week = Duration.seconds(7 * 24 * 3600)
        let connect = ValueKind.duration(from: .milliseconds(10), to: .seconds(300))
        node.read("connect_timeout", connect, into: &upstream.connectTimeout)
        node.read("answer_timeout", .duration(from: .seconds(1), to: day), into: &upstream.answerTimeout)
        node.read("idle_timeout", .duration(from: .seconds(1), to: week), into: &upstream.idleTimeout)
        node.read("max_connections", .integer(in: 1...1_000_000), into: &upstream.maxConnections)
        // The default follows a small limit, so that setting one of the two is no contradiction.
        upstream.maxIdleConnections = min(upstream.maxIdleConnections, upstream.maxConnections)
        node.read("max_idle_connections", .integer(in: 0...1_000_000), into: &upstream.maxIdleConnections)
        let areSound = node.isSound("max_connections", "max_idle_connections")
        if areSound, upstream.maxIdleConnections > upstream.maxConnections {
            let idle = node.shown("max_idle_connections", "\(upstream.maxIdleConnections)")
            let all = node.shown("max_connections", "\(upstream.maxConnections)")
            node.error(
                "\(node.path).max_idle_connections (\(idle)) is more than max_connections (\(all))",
                at: "max_idle_connections")
        }
    }

    private static func warn(about upstream: GatewayConfiguration.Upstream, _ node: ConfigNode) {
        let urls = upstream.instances.flatMap { [$0.url] + ($0.sseURL.map { [$0] } ?? []) }
        if upstream.forwardAuthorization, urls.contains(where: { !$0.isTLS && !$0.isLoopback }) {
            node.warning(
                "\(node.path).forward_authorization sends clients' credentials in the clear to other machines;"
                    + " use https", at: "forward_authorization")
        }
        if upstream.tls != GatewayConfiguration.UpstreamTLS(), !urls.isEmpty, !urls.contains(where: \.isTLS) {
            node.warning("\(node.path).tls has no effect: no instance has an https URL", at: "tls")
        }
    }
}
