// The keys of `cluster.transport: nats`, which all stand in the section `nats`: the servers, who we are to them, TLS,
// and the names of what is ours there. The flags of `attach` are read by the same code.

extension ClusterDecoder {
    static var nats: ClusterDecoder {
        .broker(.nats, at: "nats://HOST:4222") { node, cluster in cluster.nats = NATSSection.read(node) }
    }
}

/// Reads what is to be known of NATS servers.
enum NATSSection {
    static func read(_ node: ConfigNode) -> GatewayConfiguration.NATSBroker {
        var broker = GatewayConfiguration.NATSBroker(urls: urls(node))
        broker.credentials = NATSCredentialsReader(node: node, urls: broker.urls).read()
        broker.tls = BrokerTrustSection.read(
            node.section("tls"), of: GatewayConfiguration.NATSURL.form,
            isUsed: broker.urls.isEmpty ? nil : broker.isTLS)
        node.read("prefix", .brokerName(atMost: 32), into: &broker.prefix)
        node.readOptional("bucket", .brokerName(atMost: 64), into: &broker.bucket)
        node.readOptional("stream", .brokerName(atMost: 64), into: &broker.stream)
        let size = ValueKind.size(in: 1 << 20...1 << 40)
        node.read("bucket_bytes", size, into: &broker.bucketBytes)
        node.read("stream_bytes", size, into: &broker.streamBytes)
        node.read("replicas", .integer(in: 1...5), into: &broker.replicas)
        return broker
    }

    // MARK: Servers

    /// One URL or a list of them.
    private static func urls(_ node: ConfigNode) -> [GatewayConfiguration.NATSURL] {
        var single: GatewayConfiguration.NATSURL?
        node.readOptional("url", .nats, into: &single)
        if !node.isSound("url") || single != nil {
            if node.isSet("urls") {
                node.refuse("urls", "\(node.path) has both 'url' and 'urls'; keep the one that is meant")
            }
            return single.map { [$0] } ?? []
        }
        guard node.isSet("urls") else {
            let advice = "add url: \"nats://HOST:4222\", or the urls of all servers of one NATS cluster"
            node.missing("url", "\(node.path) has neither 'url' nor 'urls'; \(advice)")
            return []
        }
        let elements = node.elements("urls", atMost: ConfigBounds.brokers, scalarsToo: true)
        if elements.isEmpty, node.isSound("urls", "urls[0]") {
            node.error("\(node.path).urls is empty; at least one server is needed", at: "urls")
        }
        return list(elements)
    }

    private static func list(_ elements: [ConfigNode]) -> [GatewayConfiguration.NATSURL] {
        var places: [String: String] = [:]
        var urls: [GatewayConfiguration.NATSURL] = []
        for element in elements {
            guard let url = element.value(.nats) else {
                element.skipUnread()
                continue
            }
            if let place = places[url.place] {
                element.error("\(element.path) is the same server as \(place)")
            } else {
                places[url.place] = element.path
            }
            if let first = urls.first {
                if first.isTLS != url.isTLS {
                    element.error("\(element.path) and an earlier one differ in nats:// and tls://; write one of them")
                }
                if first.login != url.login {
                    element.error("\(element.path) has another user, password or token than the first; write one")
                }
            }
            urls.append(url)
        }
        return urls
    }
}
