// The flags of `attach` that name a Redis server, as the section that nodes have in their files. User, password and
// database stand in the URL, which the environment can hold as well: arguments can be read by every user of the
// machine.

/// The flags of `attach --transport redis`, as they were written.
public struct RedisFlags: Sendable, Equatable {
    /// `--redis URL`; or else the environment variable `PATCHBAY_REDIS` says the same.
    public var url: String?
    /// `--redis-ca FILE`.
    public var caFile: String?
    /// `--redis-certificate FILE`.
    public var certificateFile: String?
    /// `--redis-key FILE`.
    public var keyFile: String?
    /// `--redis-prefix NAME`: the prefix of the nodes, as `cluster.redis.prefix`.
    public var prefix: String?
    /// `--redis-accept-volatile`, as `cluster.redis.accept_volatile`.
    public var acceptsVolatile = false

    public init() {}

    static let variable = "PATCHBAY_REDIS"

    /// The section, or `nil` if nothing was given.
    func document(environment: [String: String]) -> DocumentNode? {
        let origin = Origin.flag("--redis")
        let trust = DocumentNode.section([
            ("ca_file", "--redis-ca", caFile), ("certificate_file", "--redis-certificate", certificateFile),
            ("key_file", "--redis-key", keyFile),
        ], origin)
        let given = [
            ("prefix", "--redis-prefix", prefix),
            ("accept_volatile", "--redis-accept-volatile", acceptsVolatile ? "true" : nil),
        ]
        var server: DocumentNode?
        if let url {
            server = .scalar(url, origin)
        } else if let url = environment[Self.variable], !url.isEmpty {
            server = .scalar(url, .environment(Self.variable))
        }
        return .section(given, origin, with: [("url", server), ("tls", trust)])
    }
}
