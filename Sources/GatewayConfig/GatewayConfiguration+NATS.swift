// The NATS servers that a cluster meets on: where they are, who we are to them, what is ours there. How it is read
// stands in `ClusterDecoder+NATS`.

extension GatewayConfiguration {
    /// The keys of `cluster.nats`.
    public struct NATSBroker: Sendable, Equatable {
        /// `url` or `urls`: 1 to 16 servers of one NATS cluster, no two equal, all with TLS or none.
        public var urls: [NATSURL]
        /// Who we are: one of the ways that the keys offer, or what the URLs say.
        public var credentials = NATSCredentials.none
        /// `tls`: for `tls://`; as it stands there otherwise, with a warning when that is not the default.
        public var tls = BrokerTrust()
        /// `prefix`: begins every subject of ours. Two clusters on one broker have two prefixes. 1 to 32 letters,
        /// digits, `_` and `-`.
        public var prefix = "patchbay"
        /// `bucket`: the key-value bucket of session records. `nil`: `<prefix>-sessions`.
        public var bucket: String?
        /// `stream`: the JetStream stream of events that wait for a client. `nil`: `<prefix>-streams`.
        public var stream: String?
        /// `bucket_bytes`: what all session records may take at the servers. 1 MiB to 1 TiB. Beyond, sessions are not
        /// recorded.
        public var bucketBytes = 512 << 20
        /// `stream_bytes`: what all waiting events may take at the servers. 1 MiB to 1 TiB. Beyond, the oldest go.
        public var streamBytes = 1 << 30
        /// `replicas`: on how many servers records and events are kept. 1 to 5.
        public var replicas = 1

        public init(urls: [NATSURL]) {
            self.urls = urls
        }

        /// The servers are reached over TLS.
        public var isTLS: Bool { urls.contains(where: \.isTLS) }
    }

    /// How we prove to a NATS server who we are.
    public enum NATSCredentials: Sendable, Equatable {
        /// We do not.
        case none
        /// `credentials_file`: the user's JWT and its seed.
        case file(String)
        /// `nkey_seed_file`: the seed of an NKey.
        case nkeySeed(file: String)
        /// `user` and `password`.
        case user(String, password: String)
        /// `token`.
        case token(String)
    }
}
