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
