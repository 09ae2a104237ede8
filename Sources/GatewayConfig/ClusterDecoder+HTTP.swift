// The keys of `cluster.transport: http`: where this node listens for the others, and who the others are.

extension ClusterDecoder {
    static var http: ClusterDecoder {
        ClusterDecoder(transport: .http, keys: ["listen", "peers", "dns"]) { node, cluster in
            var kind = ValueKind<GatewayConfiguration.Address>.address
            kind.expected = "an address such as 127.0.0.1:7001, where other nodes connect"
            var peers = GatewayConfiguration.HTTPPeers(listen: node.require("listen", kind))
            if let port = peers.listen?.port, port == 0 {
                node.warning("cluster.listen has port 0: other nodes cannot know which one it gets", at: "listen")
            }
            readMembers(node, into: &peers)
            cluster.http = peers
        }
    }

    /// The other nodes: a list or a name.
    private static func readMembers(_ node: ConfigNode, into peers: inout GatewayConfiguration.HTTPPeers) {
        var name: HostPort?
        node.readOptional("dns", .peerName, into: &name)
        if !node.isSound("dns") || name != nil {
            if node.isSet("peers") {
                node.refuse("peers", "cluster has both 'peers' and 'dns'; keep the one that is meant")
            }
            guard let name, let port = name.port ?? peers.listen?.port else { return }
            if port == 0 {
                node.error(
                    "cluster.dns has no port and cluster.listen has port 0; write dns: NAME:PORT with the port that"
                        + " all nodes listen on", at: "dns")
            }
            peers.dns = GatewayConfiguration.Address(host: name.host, port: port)
            return
        }
        peers.peers = PeerList.read(node, of: peers.listen)
        if !node.isSet("peers") {
            node.missing(
                "peers", "cluster has neither 'peers' nor 'dns'; list the URLs of the other nodes"
                    + " (peers: [] if there are only attachments), or give dns: NAME:PORT")
        }
    }
}

/// Reads `peers`, where each entry is reported at its own place.
enum PeerList {
    static func read(
        _ node: ConfigNode, of listen: GatewayConfiguration.Address?
    ) -> [GatewayConfiguration.PeerURL] {
        var places: [GatewayConfiguration.PeerURL: String] = [:]
        var peers: [GatewayConfiguration.PeerURL] = []
        for element in node.elements("peers", atMost: ConfigBounds.peers, scalarsToo: true) {
            guard let peer = element.value(.peer) else {
                element.skipUnread()
                continue
            }
            if let place = places[peer] {
                element.error("\(element.path) is the same as \(place)")
            } else {
                places[peer] = element.path
            }
            if let listen, peer.port == listen.port, peer.host == listen.host {
                element.warning("\(element.path) is this node's own cluster.listen; a node is no peer of itself")
            }
            peers.append(peer)
        }
        if let listen, listen.isLoopback, let far = peers.firstIndex(where: { !$0.isLoopback }) {
            node.warning(
                "cluster.listen \(node.shown("listen", "\(listen)")) is reached from this machine only, but"
                    + " peers[\(far)] is on another one", at: "listen")
        }
        return peers
    }
}

extension ValueKind where Value == HostPort {
    /// A DNS name, with or without the port of the nodes behind it.
    static var peerName: ValueKind {
        .text("a name such as patchbay.internal:7001", text: \.text) { text throws(ValueProblem) in
            if text.contains("://") { throw ValueProblem("is a URL; write NAME or NAME:PORT, or list URLs in peers") }
            let parts = try HostPort(parsing: text)
            guard !parts.isAddress else {
                throw ValueProblem("is an address, not a name; list it in peers: [\"http://HOST:PORT\"]")
            }
            if parts.port == 0 { throw ValueProblem("has port 0") }
            return parts
        }
    }
}
