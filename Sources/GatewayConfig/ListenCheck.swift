// What may listen where. As long as clients are not authenticated, an address that other machines reach must be asked
// for in so many words.

struct ListenCheck {
    var root: ConfigNode
    var admin: ConfigNode
    var cluster: ConfigNode
    var config: GatewayConfiguration

    func run() {
        if root.isSound("listen") {
            check(config.listen, named: "listen", node: root)
            warnAboutHosts()
        }
        checkCluster()
        guard admin.isSound("listen") else { return }
        check(config.admin.listen, named: "admin.listen", node: admin)
        guard root.isSound("listen"), collide(config.listen, config.admin.listen) else { return }
        if admin.isSet("listen") {
            admin.error("admin.listen takes the port of listen; give one of the two another", at: "listen")
        } else {
            let preset = "admin.listen has by default (\(config.admin.listen))"
            root.error("listen takes the port that \(preset); give one of the two another", at: "listen")
        }
    }

    /// Who connects there proves that it has the secret, so any address will do, but no other listener's.
    private func checkCluster() {
        let isNamedByPort = config.cluster.transport.isBroker && config.nodeName == nil
        if isNamedByPort, config.listen.port == 0, root.isSound("listen") {
            root.warning(
                "listen has port 0 and there is no node_name, so all nodes of one machine have one name, and each takes"
                    + " the place of another; give each a node_name", at: "listen")
        }
        guard let listen = config.cluster.http?.listen else { return }
        if root.isSound("listen"), collide(config.listen, listen) {
            cluster.error("cluster.listen takes the port of listen; give one of the two another", at: "listen")
        }
        if admin.isSound("listen"), collide(config.admin.listen, listen) {
            let preset = admin.isSet("listen") ? "" : " (by default \(config.admin.listen))"
            cluster.error(
                "cluster.listen takes the port of admin.listen\(preset); give one of the two another", at: "listen")
        }
    }

    private func check(_ address: GatewayConfiguration.Address, named name: String, node: ConfigNode) {
        guard !address.isLoopback, root.isSound("allow_anonymous") else { return }
        let reach = "\(name) \(node.shown("listen", "\(address)")) can be reached from other machines"
        if config.allowAnonymous {
            node.warning("\(reach), and nobody is asked who they are (allow_anonymous: true)", at: "listen")
        } else {
            node.error(
                "\(reach), and this build does not authenticate clients yet; listen on 127.0.0.1,"
                    + " or say 'allow_anonymous: true' in the configuration file if that is meant", at: "listen")
        }
    }

    /// Where only the names of loopback are served, nobody on another machine gets in. What is meant by that?
    private func warnAboutHosts() {
        guard root.isSound("allowed_hosts") else { return }
        if config.allowedHosts.contains("*") {
            root.warning(
                "allowed_hosts has '*', so a web page whose name leads to this node can read from it (DNS rebinding);"
                    + " list the names that clients use", at: "allowed_hosts")
        }
        guard !config.listen.isLoopback, config.allowAnonymous, config.allowedHosts.isEmpty else { return }
        let own = config.listen.isWildcard ? "" : "\(root.shown("listen", config.listen.host)), "
        root.warning(
            "allowed_hosts is empty, so requests that name this node by anything but \(own)localhost, 127.0.0.1 or"
                + " [::1] are refused; list the names that clients use, such as allowed_hosts: [mcp.example.com]",
            at: "listen")
    }

    /// Port 0 never collides. A wildcard takes the port on every address.
    private func collide(_ first: GatewayConfiguration.Address, _ second: GatewayConfiguration.Address) -> Bool {
        guard first.port == second.port, first.port != 0 else { return false }
        return first.host == second.host || first.isWildcard || second.isWildcard
    }
}
