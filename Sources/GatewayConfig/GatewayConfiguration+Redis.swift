// The Redis server that a cluster meets on: where it is, who we are to it, what is ours there. How it is read stands in
// `ClusterDecoder+Redis`.

extension GatewayConfiguration {
    /// The keys of `cluster.redis`.
    public struct RedisBroker: Sendable, Equatable {
        /// `url`: the one server. Neither Redis Cluster nor Sentinel.
        public var url: RedisURL
        /// Who we are: `user` and `password`, or what the URL says.
        public var login = RedisLogin.nobody
        /// `database`, or the number at the end of the URL, or else 0: where records and logs are. 0 to 65535; how many
        /// there are is for the server to say.
        public var database = 0
        /// `tls`: for `rediss://`; as it stands there otherwise, with a warning when that is not the default.
        public var tls = BrokerTrust()
        /// `prefix`: begins every key and channel of ours. Two clusters on one server have two prefixes, whatever
        /// their databases. 1 to 32 letters, digits, `_` and `-`.
        public var prefix = "patchbay"
        /// `accept_volatile`: goes on where the server may lose what it has acknowledged.
        public var acceptsVolatile = false

        public init(url: RedisURL) {
            self.url = url
        }
    }

    /// How we prove to a Redis server who we are.
    public enum RedisLogin: Sendable, Hashable {
        /// We do not.
        case nobody
        /// `password` alone: as the server's default user.
        case password(String)
        /// `user` and `password`: as a user of its access control list.
        case user(String, password: String)
    }
}
