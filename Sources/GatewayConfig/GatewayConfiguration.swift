// What one node does: the values of a configuration, each with its default. `ConfigLoader` makes it from text, the
// command turns it into the parts of a node, tests make it by hand. The comments here are the meaning of the keys;
// `config/reference.yaml` repeats them for operators.

/// The effective configuration of one node.
///
/// Every property is named like its key in the file, in camel case. A value that `ConfigLoader` returned lies in its
/// documented range and fits the others; one made by hand is not checked.
public struct GatewayConfiguration: Sendable, Equatable {
    /// `listen`: where clients connect. Port 0 takes a free port. An address that other machines reach needs
    /// `allowAnonymous`, until there is authentication. An attachment has no such listener.
    public var listen = Address(host: "127.0.0.1", port: 8080)
    /// `upstreams`: at least one after loading; names, paths and instance ids are unique.
    public var upstreams: [Upstream] = []
    /// `admin`: the listener of `/livez`, `/readyz` and `/metrics`.
    public var admin = Admin()
    /// `secret`: the key for session ids, or two while rotating: the first seals, both open. At least 32 characters
    /// each, from a random generator. Empty: a random key is made at start, which only one node alone can do, so it is
    /// never empty when `cluster.transport` is not memory.
    public var secret: [String] = []
    /// `cluster`: what several nodes share.
    public var cluster = Cluster()
    /// `node_name`: how logs, metrics and other nodes name this node; like an upstream's name. No two nodes of a
    /// cluster have the same. `nil`: derived, see `nodeName(onHost:)`.
    public var nodeName: String?
    /// `heartbeat`: how often a node or an attachment says that it lives. 100 ms to 1 m.
    public var heartbeat: Duration = .seconds(1)
    /// `suspect_after`: without a sign of life for so long a member gets nothing new. More than `heartbeat`, at
    /// most 10 m.
    public var suspectAfter: Duration = .seconds(3)
    /// `gone_after`: after so long it counts as dead. More than `suspectAfter`, at least two heartbeats, at most 1 h.
    public var goneAfter: Duration = .seconds(5)
    /// Made of the flags of `attach`: a member beside one instance, without a door for clients.
    public var isAttachment = false
    /// `event_loops`: 1 to 256; `auto` in the file means one per core. The environment variable
    /// `PATCHBAY_EVENT_LOOPS` wins over the file.
    public var eventLoops: Int
    /// `drain_timeout`: how long running calls may go on after SIGTERM. 0 s to 24 h.
    public var drainTimeout: Duration = .seconds(30)
    /// `drain_delay`: how long new work is still accepted after `/readyz` went 503, for balancers to notice.
    /// 0 s to 1 h.
    public var drainDelay: Duration = .zero
    /// `session_idle`: a session without any request or open stream for so long ends. 1 s to `sessionMaxAge`.
    public var sessionIdle: Duration = .seconds(30 * 60)
    /// `session_max_age`: a session ends at this age whatever it does; a rotated-out secret is needed as long.
    /// 1 m to 720 h.
    public var sessionMaxAge: Duration = .seconds(24 * 3600)
    /// `detached_stream_ttl`: how long the host reads and records a stream that no client is attached to, and keeps a
    /// stream that has ended for a client to come back. 1 s to 24 h.
    public var detachedStreamTTL: Duration = .seconds(60)
    /// `question_timeout`: how long a client may take to answer a server's question (sampling, elicitation, roots);
    /// then the server gets an error. 1 s to 24 h.
    public var questionTimeout: Duration = .seconds(300)
    /// `allow_anonymous`: permits `listen` and `admin.listen` to be reachable from other machines.
    public var allowAnonymous = false
    /// `allowed_hosts`: names that a client may send as `Host`, see `servedHosts`. Lower case, `name` (with any port)
    /// or `name:port`, IPv6 in brackets; `*` stands for every name.
    public var allowedHosts: [String] = []
    /// `allowed_origins`: what a browser may send as `Origin`, besides loopback origins. Lower case,
    /// `scheme://host` or `scheme://host:port`, never with the scheme's default port.
    public var allowedOrigins: [String] = []
    /// `principal_from`: the request header whose digest tells clients apart; lower case. `nil`: all are one.
    public var principalFrom: String?
    /// `affinity`.
    public var affinity = Affinity()
    /// `log_level`.
    public var logLevel = LogLevel.info
    /// `access_log`: one log line per client request.
    public var accessLog = false
    /// `limits`.
    public var limits = Limits()
    /// `timeouts`.
    public var timeouts = Timeouts()

    /// All defaults and no upstream; one event loop per core.
    public init() {
        eventLoops = Cores.online
    }
}

extension GatewayConfiguration {
    /// What a client may send as `Host`, whatever the address that it came to: the names of this machine's loopback,
    /// the host of `listen`, unless it stands for all addresses, and `allowedHosts`. In the form of those.
    public var servedHosts: [String] {
        let own = listen.isWildcard ? [] : [HostPort.bracketed(listen.host)]
        return ["localhost", "127.0.0.1", "[::1]"] + own + allowedHosts
    }

    /// How answers that begin a session name this node, for balancers that keep a session's requests together.
    public struct Affinity: Sendable, Equatable {
        /// `header`: the response header; lower case. `nil`: none.
        public var header: String?
        /// `cookie`: the cookie. `nil`: none.
        public var cookie: String?

        public init() {}

        /// With the name of a node, which has letters, digits, '.', '_' and '-' only. Each line ends with CRLF.
        public func lines(_ node: String) -> String {
            let named = header.map { "\($0): \(node)\r\n" } ?? ""
            let kept = cookie.map { "Set-Cookie: \($0)=\(node); Path=/; HttpOnly; SameSite=Lax\r\n" } ?? ""
            return named + kept
        }
    }

    /// The operators' listener.
    public struct Admin: Sendable, Equatable {
        /// `admin.listen`.
        public var listen = Address(host: "127.0.0.1", port: 9901)
        /// The address was configured, not defaulted: when it is taken the node must not start. A default address
        /// that is taken only costs a warning.
        public var isExplicit = false
        /// False only for an attachment that was given no address: then there is no such listener.
        public var isEnabled = true

        public init() {}
    }

    /// The least severe level that is logged. The raw values are those of swift-log.
    public enum LogLevel: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }
}
