// The keys of `cluster.transport: redis`, which all stand in the section `redis`: the server, who we are to it, TLS,
// and how the names of what is ours there begin. The flags of `attach` are read by the same code.

extension ClusterDecoder {
    static var redis: ClusterDecoder {
        .broker(.redis, at: "redis://HOST:6379") { node, cluster in cluster.redis = RedisSection.read(node) }
    }
}

/// Reads what is to be known of a Redis server.
enum RedisSection {
    static func read(_ node: ConfigNode) -> GatewayConfiguration.RedisBroker {
        let url = url(node)
        // The other keys are read without it, too: everything that is wrong is said in one run.
        var broker = GatewayConfiguration.RedisBroker(url: url ?? .unread)
        broker.login = login(node, url)
        broker.database = database(node, url)
        let tls = node.section("tls")
        broker.tls = BrokerTrustSection.read(tls, of: GatewayConfiguration.RedisURL.form, isUsed: url?.isTLS)
        checkServerName(tls, broker)
        node.read("prefix", .brokerName(atMost: 32), into: &broker.prefix)
        node.read("accept_volatile", .boolean, into: &broker.acceptsVolatile)
        if broker.acceptsVolatile {
            node.warning(
                "\(node.path).accept_volatile is true: what Redis has acknowledged may be gone after its restart, or by"
                    + " eviction", at: "accept_volatile")
        }
        return broker
    }

    /// An address is checked as the one that was dialled, and no other can be asked for.
    private static func checkServerName(_ node: ConfigNode, _ broker: GatewayConfiguration.RedisBroker) {
        guard let name = broker.tls.serverName, !name.utf8.elementsEqual(broker.url.host.utf8),
            (try? HostPort(parsing: HostPort.bracketed(name)))?.isAddress == true
        else { return }
        node.error(
            "\(node.path).server_name \(node.shown("server_name", "'\(name)'")) is an address, and not that of 'url';"
                + " write the name in the server's certificate", at: "server_name")
    }

    private static func url(_ node: ConfigNode) -> GatewayConfiguration.RedisURL? {
        guard node.isSet("urls") else { return node.require("url", .redis) }
        // Who comes from NATS, or has a Redis Cluster, is told more than that the key is unknown.
        node.refuse(
            "urls",
            "\(node.path) has 'urls', but one server is all that is supported, neither Redis Cluster nor Sentinel;"
                + " write its 'url'")
        var url: GatewayConfiguration.RedisURL?
        node.readOptional("url", .redis, into: &url)
        return url
    }

    private static func login(
        _ node: ConfigNode, _ url: GatewayConfiguration.RedisURL?
    ) -> GatewayConfiguration.RedisLogin {
        var user: String?
        var password: String?
        node.readOptional("user", .plainText("a user's name"), into: &user)
        node.readOptional("password", .brokerSecret, into: &password)
        guard node.isSound("user", "password") else { return .nobody }
        if let url, url.login != .nobody {
            if user != nil || password != nil {
                let key = user == nil ? "password" : "user"
                node.error(
                    "\(node.path) has both a password in 'url' and '\(key)'; keep the one that is meant", at: key)
            }
            warnAboutClearText(node, url, "a password in 'url'", at: "url")
            return url.login
        }
        guard let password else {
            if user != nil {
                node.missing("password", "\(node.path) has 'user' but no 'password'; both are needed")
            }
            return .nobody
        }
        warnAboutClearText(node, url, "'password'", at: "password")
        return user.map { .user($0, password: password) } ?? .password(password)
    }

    private static func warnAboutClearText(
        _ node: ConfigNode, _ url: GatewayConfiguration.RedisURL?, _ name: String, at key: String
    ) {
        guard let url, !url.isTLS, !url.isLoopback else { return }
        node.warning("\(node.path) sends \(name) in the clear to other machines; use rediss://", at: key)
    }

    /// The key, or the number at the end of the URL.
    private static func database(_ node: ConfigNode, _ url: GatewayConfiguration.RedisURL?) -> Int {
        var database: Int?
        node.readOptional("database", .integer(in: GatewayConfiguration.RedisURL.databases), into: &database)
        if let database, let written = url?.database, database != written {
            let shown = node.shown("database", "\(database)")
            node.error(
                "\(node.path).database (\(shown)) is not the number at the end of 'url'; keep the one that is meant",
                at: "database")
        }
        return database ?? url?.database ?? 0
    }
}
