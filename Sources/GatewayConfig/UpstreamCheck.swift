// Compares the upstreams with each other: names, paths with everything that is published under them, instances.
// Runs after all were read, and reports at the later of two that collide.

/// An upstream and the nodes to report at.
struct DecodedUpstream {
    var node: ConfigNode
    var value: GatewayConfiguration.Upstream
    /// Those that could be read.
    var instances: [(node: ConfigNode, value: GatewayConfiguration.Instance)]
    /// Nothing stands in the list, or there is none.
    var isWithoutInstances: Bool
}

struct UpstreamCheck {
    var root: ConfigNode
    var upstreams: [DecodedUpstream]
    var cluster: GatewayConfiguration.Cluster
    var affinity: GatewayConfiguration.Affinity

    func run() {
        guard root.isSet("upstreams") else {
            root.missing("upstreams", "there is no upstream; give --upstream URL, or a file with 'upstreams:'")
            return
        }
        checkNames()
        checkPaths()
        checkPresence()
        for upstream in upstreams {
            checkURLs(of: upstream)
            warnAboutNames(of: upstream)
            checkAnswerHeaders(of: upstream)
        }
        checkInstanceIDs()
    }

    private func checkNames() {
        var owners: [String: String] = [:]
        for upstream in upstreams where upstream.node.isSound("name") {
            let name = upstream.value.name
            if let owner = owners[name] {
                let shown = upstream.node.shown("name", "'\(name)'")
                upstream.node.error("\(upstream.node.path).name \(shown) is the name of \(owner) too", at: "name")
            } else {
                owners[name] = upstream.node.path
            }
        }
    }

    /// Every path that a client can ask for belongs to one upstream.
    private func checkPaths() {
        var owners: [String: String] = [:]
        for upstream in upstreams where upstream.node.isSound("path") {
            let path = upstream.value.path
            let claimed = [path] + upstream.value.ssePaths + [upstream.value.messagesPath]
            if let taken = claimed.first(where: { owners[$0] != nil }), let owner = owners[taken] {
                let shown = upstream.node.shown("path", "'\(path)'")
                let published = upstream.node.shown("path", taken)
                let reason = taken == path ? "is published by \(owner) too" : "publishes \(published), as \(owner) does"
                upstream.node.error("\(upstream.node.path).path \(shown) \(reason)", at: "path")
            }
            for path in claimed where owners[path] == nil {
                owners[path] = upstream.node.path
            }
        }
    }

    /// Instances are named here, or come by themselves over what the nodes share.
    private func checkPresence() {
        guard root.isSound("cluster", "cluster.transport") else { return }
        for upstream in upstreams where upstream.node.isSound("transport") {
            if upstream.value.transport == "http" {
                checkNamed(upstream)
            } else {
                checkBus(upstream)
            }
        }
    }

    private func checkNamed(_ upstream: DecodedUpstream) {
        let node = upstream.node
        guard upstream.isWithoutInstances, node.isSound("instances", "instances[0]"), cluster.transport != .http
        else { return }
        let name = cluster.transport.rawValue
        let advice = cluster.transport.broker.map {
            "for instances that attach themselves over \($0), say 'transport: \(name)'"
        } ?? "instances can attach themselves to a cluster only; see cluster.transport"
        node.missing("instances", "\(node.path) has no instances; list at least one URL (\(advice))")
    }

    private func checkBus(_ upstream: DecodedUpstream) {
        let node = upstream.node
        let name = upstream.value.transport
        if cluster.transport.rawValue != name {
            node.error(
                "\(node.path).transport is \(name), but cluster.transport is \(cluster.transport.rawValue);"
                    + " instances come over the servers of the cluster: say 'cluster: {transport: \(name), …}' too",
                at: "transport")
        }
        if !upstream.isWithoutInstances {
            node.error(
                "\(node.path) has instances, but with 'transport: \(name)' they come by themselves, with"
                    + " `patchbay attach` beside each; remove them, or say 'transport: http'", at: "instances")
        }
    }

    private func checkURLs(of upstream: DecodedUpstream) {
        var owners: [String: String] = [:]
        for instance in upstream.instances {
            let url = instance.value.url.text
            if let owner = owners[url] {
                instance.node.error("\(instance.node.path) has the URL of \(owner) again", at: "url")
            } else {
                owners[url] = instance.node.path
            }
        }
    }

    /// Names have no query, so a number tells these from each other; it changes when the list does.
    private func warnAboutNames(of upstream: DecodedUpstream) {
        var owners: [String: (path: String, url: GatewayConfiguration.URLParts)] = [:]
        for instance in upstream.instances where instance.value.id == nil {
            let url = instance.value.url
            guard let owner = owners[url.name] else {
                owners[url.name] = (instance.node.path, url)
                continue
            }
            guard owner.url != url else { continue }
            instance.node.warning(
                "\(instance.node.path) differs from \(owner.path) by scheme or query only, so nothing but a number at"
                    + " the end of its name tells it in logs and metrics; give each an id")
        }
    }

    /// What answers say beside the gateway's own lines.
    private func checkAnswerHeaders(of upstream: DecodedUpstream) {
        let (node, names) = (upstream.node, upstream.value.forwardAnswerHeaders)
        guard !names.isEmpty, node.isSound("forward_answer_headers") else { return }
        let key = "forward_answer_headers"
        if let own = affinity.header, names.contains(own), root.isSound("affinity.header") {
            node.error(
                "\(node.path).\(key) has the header of affinity.header, by which an instance could name another node;"
                    + " remove it", at: key)
        }
        if affinity.cookie != nil, names.contains("set-cookie") {
            node.warning(
                "\(node.path).\(key) has set-cookie, so an instance can overwrite the cookie of affinity.cookie",
                at: key)
        }
        if names.contains(where: { $0.hasPrefix("x-accel-") || $0.hasPrefix("x-sendfile") }) {
            node.warning(
                "\(node.path).\(key) has a name that begins with x-accel- or x-sendfile, by which an instance commands"
                    + " a proxy in front of this node", at: key)
        }
        if upstream.isWithoutInstances {
            node.warning(
                "\(node.path).\(key) has no effect for instances that attach themselves: their attachments let nothing"
                    + " more pass", at: key)
        }
    }

    private func checkInstanceIDs() {
        var owners: [String: String] = [:]
        for instance in upstreams.flatMap(\.instances) {
            guard let id = instance.value.id else { continue }
            if let owner = owners[id] {
                let shown = instance.node.shown("id", "'\(id)'")
                instance.node.error("\(instance.node.path).id \(shown) is the id of \(owner) too", at: "id")
            } else {
                owners[id] = instance.node.path
            }
        }
    }
}
