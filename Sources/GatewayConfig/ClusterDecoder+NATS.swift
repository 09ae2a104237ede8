// The keys of `cluster.transport: nats`, which all stand in the section `nats`: the servers, who we are to them, TLS,
// and the names of what is ours there. The flags of `attach` are read by the same code.

extension ClusterDecoder {
    static var nats: ClusterDecoder {
        ClusterDecoder(transport: .nats, keys: ["nats"]) { node, cluster in
            guard node.isSet("nats") else {
                node.missing("nats", "cluster has no 'nats'; add nats: {url: \"nats://HOST:4222\"}")
                return
            }
            let section = node.section("nats")
            if node.isSound("nats") { cluster.nats = NATSSection.read(section) }
        }
    }
}

/// Reads what is to be known of NATS servers.
enum NATSSection {
    static func read(_ node: ConfigNode) -> GatewayConfiguration.NATSBroker {
        var broker = GatewayConfiguration.NATSBroker(urls: urls(node))
        broker.credentials = NATSCredentialsReader(node: node, urls: broker.urls).read()
        tls(node.section("tls"), of: &broker)
        node.read("prefix", .brokerName(atMost: 32), into: &broker.prefix)
        node.readOptional("bucket", .brokerName(atMost: 64), into: &broker.bucket)
        node.readOptional("stream", .brokerName(atMost: 64), into: &broker.stream)
        let size = ValueKind.size(in: 1 << 20...1 << 40)
        node.read("bucket_bytes", size, into: &broker.bucketBytes)
        node.read("stream_bytes", size, into: &broker.streamBytes)
        node.read("replicas", .integer(in: 1...5), into: &broker.replicas)
        return broker
    }

    private static func tls(_ node: ConfigNode, of broker: inout GatewayConfiguration.NATSBroker) {
        var trust = GatewayConfiguration.NATSTrust()
        node.readPEM("ca_file", holding: "CERTIFICATE", into: &trust.caFile)
        node.readPEM("certificate_file", holding: "CERTIFICATE", into: &trust.certificateFile)
        node.readPEM("key_file", holding: "PRIVATE KEY", into: &trust.keyFile)
        node.read("verify", .boolean, into: &trust.verify)
        node.readOptional("server_name", .serverName, into: &trust.serverName)
        if node.isSound("certificate_file", "key_file"), (trust.certificateFile == nil) != (trust.keyFile == nil) {
            let (key, other) = trust.keyFile == nil
                ? ("certificate_file", "key_file") : ("key_file", "certificate_file")
            node.error("\(node.path) has '\(key)' but no '\(other)'; both are needed", at: key)
        }
        if !trust.verify {
            node.warning("\(node.path).verify is false: anyone on the way can pose as the NATS server", at: "verify")
        }
        if trust != GatewayConfiguration.NATSTrust(), !broker.urls.isEmpty, !broker.isTLS {
            node.warning("\(node.path) has no effect: no URL begins with tls://")
        }
        broker.tls = trust
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

extension ConfigNode {
    /// Reads the name of a PEM file, which must be readable and hold something of this sort.
    func readPEM(_ key: String, holding sort: String, into file: inout String?) {
        readOptional(key, .plainText("a file name"), into: &file)
        guard let name = file else { return }
        file = location(of: name)
        guard let text = contents(of: name, at: key), !text.hasPEM(sort) else { return }
        error("\(childPath(key)) holds no PEM \(sort.lowercased())", at: key)
    }
}

extension String {
    /// Some line begins a block of this sort: `CERTIFICATE`, `PRIVATE KEY` (of whatever algorithm).
    func hasPEM(_ sort: String) -> Bool {
        split(whereSeparator: \.isNewline).contains { $0.hasPrefix("-----BEGIN ") && $0.hasSuffix("\(sort)-----") }
    }
}

extension ValueKind where Value == String {
    /// A name of ours at a broker: no separator of any broker's subjects, keys or streams.
    static func brokerName(atMost count: Int) -> ValueKind {
        .text("a name such as patchbay", text: \.self) { text throws(ValueProblem) in
            let isName = (1...count).contains(text.utf8.count)
                && text.utf8.allSatisfy { $0.isLetterOrDigit || "_-".utf8.contains($0) }
            guard isName else {
                throw ValueProblem("is no name for a broker; use 1 to \(count) letters, digits, '_' and '-'")
            }
            return text
        }
    }
}
