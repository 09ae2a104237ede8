// What is configured of the way to a NATS server, with all bounds and timings. Values are checked by the configuration;
// what cannot work is refused here once more, before anything is connected.
public import NIOCore
internal import TransportKit

/// The settings of a ``NATSCluster``.
public struct NATSOptions: Sendable {
    /// TLS towards the server. Its presence requires TLS even where a URL says `nats://`; without it, such a server
    /// decides, so that somebody on the way can leave it out.
    public struct TLS: Sendable, Equatable {
        /// PEM file of the authorities that may have signed the server's certificate; nil: those of the system.
        public var caFile: String?
        /// PEM files with which this side proves who it is; both or none.
        public var certificateFile: String?
        public var keyFile: String?
        /// False accepts any certificate. For experiments only: whoever is on the way can then be the server.
        public var verifies = true
        /// The name that the certificate must be for; nil: the host of the URL.
        public var serverName: String?

        public init() {}
    }

    /// `nats://host:port` or `tls://host:port`, 1 to 16, servers of one NATS cluster. Without user or password.
    public var urls: [String]
    /// One shared secret of the members, or two while it is being rotated; the first one seals. The server does not
    /// know it.
    public var secrets: [[UInt8]]

    // Who this side is for the server. At most one of: credentials file, user and password, token, nkey.

    /// A `.creds` file with a user's JWT and seed.
    public var credentialsFile: String?
    public var user: String?
    public var password: String?
    public var token: String?
    /// A file that holds the seed (`SU…`) of a user's nkey on its first line.
    public var nkeySeedFile: String?
    public var tls: TLS?

    // Names at the server

    /// False: the bus only, without directory and log. Enough for attachments; the server needs no JetStream then.
    public var hasStore = true
    /// First part of all subjects; 1 to 32 of `A-Z a-z 0-9 _ -`. Clusters with different prefixes share a server.
    public var prefix: String { didSet { rename(from: oldValue) } }
    /// The key-value bucket of the session records. 1 to 64 of `A-Z a-z 0-9 _ -`, as all names here.
    public var bucket: String
    /// The JetStream stream of the event logs.
    public var logStream: String
    /// Copies of records and logs, 1 to 5. More than 1 needs as many servers.
    public var replicas = 1

    // Timings

    /// Longest lifetime that a record may be given, at least a second; the bucket's `MaxAge`.
    public var recordLifetimeMax = TimeAmount.hours(24)
    /// Longest lifetime that a log may be given, at least a second; the log stream's `MaxAge`.
    public var logLifetimeMax = TimeAmount.hours(24)
    /// From a connection's first byte until the server has accepted it.
    public var connectTimeout = TimeAmount.seconds(2)
    /// The most that starting waits for a server. It fails after that.
    public var startWithin = TimeAmount.seconds(5)
    /// The most that closing takes, what waits to be sent included.
    public var closeWithin = TimeAmount.seconds(2)
    /// Pauses between attempts to reach a server, with jitter, growing from the first to the last.
    public var reconnectFirst = TimeAmount.milliseconds(50)
    public var reconnectMax = TimeAmount.seconds(2)
    /// A server is asked so often whether it is there. Twice no answer: the connection is given up.
    public var pingEvery = TimeAmount.seconds(2)
    /// The most that subscribing waits for the server's word.
    public var subscribeTimeout = TimeAmount.seconds(3)
    /// How long a sender met for the first time may take to say which number is its next one.
    public var contactTimeout = TimeAmount.seconds(3)
    /// How long a member whose inbox nobody heard is taken for absent, unless it is heard from.
    public var absentFor = TimeAmount.seconds(1)
    /// The most that any call of directory and log takes.
    public var callTimeout = TimeAmount.seconds(2)

    // Bounds

    /// Bytes of one envelope's header and body together. At least 256 KiB.
    public var envelopeBytesMax = 8 * 1024 * 1024
    /// Envelopes, and bytes of them, that may wait to be handed to the server. Beyond: `.overloaded`.
    public var queueCountMax = 65_536
    public var queueBytesMax = 32 * 1024 * 1024
    /// Envelopes that arrived and wait for the transport's thread. Beyond: every subscription ends as interrupted.
    public var arrivalsMax = 65_536
    /// Bytes of them.
    public var arrivalBytesMax = 64 * 1024 * 1024
    /// Subjects subscribed to at once. Beyond: `.overloaded`.
    public var subjectsMax = 256
    /// Senders that are remembered. Beyond: the one that was silent longest is forgotten, and met anew.
    public var sendersMax = 4_096
    /// Envelopes, and bytes of them, of senders that have not yet said their next number. Beyond: subscriptions end.
    public var heldCountMax = 4_096
    public var heldBytesMax = 16 * 1024 * 1024
    /// Bytes of envelopes that arrive in pieces and are not complete. Beyond: subscriptions end.
    public var partialBytesMax = 64 * 1024 * 1024
    /// Calls of directory and log that wait for a thread. Beyond: `.overloaded`.
    public var callsMax = 10_000
    /// Bytes of one record's value. Beyond: `.tooLarge`.
    public var valueBytesMax = 64 * 1024
    /// Bytes of one logged event. At least 256 KiB. Beyond: `.tooLarge`.
    public var eventBytesMax = 4 * 1024 * 1024
    /// Entries and bytes that are kept of one log. Beyond: the oldest go.
    public var logEntriesMax = 10_000
    public var logEntryBytesMax = 16 * 1024 * 1024
    /// Bytes of all records at the server. Beyond: creating one fails as overloaded.
    public var bucketBytesMax = 512 * 1024 * 1024
    /// Bytes of all logs at the server. Beyond: the oldest entries of any log go.
    public var logBytesMax = 1024 * 1024 * 1024

    /// - Parameters:
    ///   - urls: one server's address is enough; it tells the others of its cluster.
    ///   - secrets: not empty, each hard to guess.
    public init(urls: [String], secrets: [[UInt8]]) {
        self.urls = urls
        self.secrets = secrets
        prefix = Self.defaultPrefix
        bucket = Self.defaultPrefix + Self.bucketSuffix
        logStream = Self.defaultPrefix + Self.logSuffix
    }

    var arrivalLimits: ArrivalLimits {
        ArrivalLimits(
            sendersMax: sendersMax, heldCountMax: heldCountMax, heldBytesMax: heldBytesMax,
            partialBytesMax: partialBytesMax, envelopeBytesMax: envelopeBytesMax, contactTimeout: contactTimeout)
    }

    private static let defaultPrefix = "patchbay"
    private static let bucketSuffix = "-sessions"
    private static let logSuffix = "-streams"

    /// Names that were not chosen follow the prefix.
    private mutating func rename(from old: String) {
        if bucket == old + Self.bucketSuffix { bucket = prefix + Self.bucketSuffix }
        if logStream == old + Self.logSuffix { logStream = prefix + Self.logSuffix }
    }
}
