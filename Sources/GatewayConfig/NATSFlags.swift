// The flags of `attach` that name NATS servers and say who we are to them, as the section that nodes have in their
// files. Passwords and tokens stand in the URL, which the environment can hold as well: arguments can be read by every
// user of the machine.

/// The flags of `attach --transport nats`, as they were written.
public struct NATSFlags: Sendable, Equatable {
    /// `--nats URL[,URL…]`; or else the environment variable `PATCHBAY_NATS` says the same.
    public var urls: String?
    /// `--nats-credentials FILE`.
    public var credentialsFile: String?
    /// `--nats-nkey-seed FILE`.
    public var nkeySeedFile: String?
    /// `--nats-ca FILE`.
    public var caFile: String?
    /// `--nats-certificate FILE`.
    public var certificateFile: String?
    /// `--nats-key FILE`.
    public var keyFile: String?
    /// `--nats-prefix NAME`: the prefix of the nodes, as `cluster.nats.prefix`.
    public var prefix: String?
    /// `--nats-bucket NAME`, as `cluster.nats.bucket`.
    public var bucket: String?
    /// `--nats-stream NAME`, as `cluster.nats.stream`.
    public var stream: String?
    /// `--nats-bucket-bytes SIZE`, as `cluster.nats.bucket_bytes`.
    public var bucketBytes: String?
    /// `--nats-stream-bytes SIZE`, as `cluster.nats.stream_bytes`.
    public var streamBytes: String?
    /// `--nats-replicas COUNT`, as `cluster.nats.replicas`.
    public var replicas: String?

    public init() {}

    static let variable = "PATCHBAY_NATS"

    /// The section, or `nil` if nothing was given.
    func document(environment: [String: String]) -> DocumentNode? {
        let origin = Origin.flag("--nats")
        let trust = DocumentNode.section([
            ("ca_file", "--nats-ca", caFile), ("certificate_file", "--nats-certificate", certificateFile),
            ("key_file", "--nats-key", keyFile),
        ], origin)
        let given = [
            ("credentials_file", "--nats-credentials", credentialsFile),
            ("nkey_seed_file", "--nats-nkey-seed", nkeySeedFile), ("prefix", "--nats-prefix", prefix),
            ("bucket", "--nats-bucket", bucket), ("stream", "--nats-stream", stream),
            ("bucket_bytes", "--nats-bucket-bytes", bucketBytes), ("stream_bytes", "--nats-stream-bytes", streamBytes),
            ("replicas", "--nats-replicas", replicas),
        ]
        var servers: DocumentNode?
        if let urls {
            servers = .list(urls, origin)
        } else if let urls = environment[Self.variable], !urls.isEmpty {
            servers = .list(urls, .environment(Self.variable))
        }
        return .section(given, origin, with: [("urls", servers), ("tls", trust)])
    }
}
