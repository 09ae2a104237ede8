// What is configured of the way to a Redis server, with all bounds and timings. Values are checked by the
// configuration; what cannot work is refused here once more, before anything is connected.
public import NIOCore
internal import TransportKit

/// The settings of a ``RedisCluster``.
public struct RedisOptions: Sendable {
    /// TLS towards the server.
    public struct TLS: Sendable, Equatable {
        /// PEM file of the authorities that may have signed the server's certificate; nil: those of the system.
        public var caFile: String?
        /// PEM files with which this side proves who it is; both or none.
        public var certificateFile: String?
        public var keyFile: String?
        /// False accepts any certificate. For experiments only: whoever is on the way can then be the server.
        public var verifies = true
        /// The name that the certificate must be for; nil: the host.
        public var serverName: String?

        public init() {}
    }

    // The server

    /// A name or an address, without brackets.
    public var host: String
    public var port: Int
    /// One shared secret of the members, or two while it is being rotated; the first one seals. The server does not
    /// know it.
    public var secrets: [[UInt8]]
    /// An ACL user; nil: the server's default user.
    public var user: String?
    /// Nil: the server asks for none.
    public var password: String?
    /// Where records and logs are. Messages are the same for all databases of one server.
    public var database = 0
    public var tls: TLS?
    /// Goes on with a warning where the server may lose what it has acknowledged: without `appendonly`, or with a
    /// `maxmemory-policy` that may evict our keys. False: refuses to start there.
    public var acceptsVolatile = false

    // Names at the server

    /// First part of all keys and channels; 1 to 32 of `A-Z a-z 0-9 _ -`. Clusters with different prefixes share a
    /// server.
    public var prefix = "patchbay"

    // Timings

    /// Longest lifetime that a record may be given, at least a second. What tells that data was lost lives twice as
    /// long.
    public var recordLifetimeMax = TimeAmount.hours(24)
    /// From a connection's first byte until the server has accepted it.
    public var connectTimeout = TimeAmount.seconds(2)
    /// The most that starting waits for the server. It fails after that.
    public var startWithin = TimeAmount.seconds(5)
    /// The most that closing takes, what waits to be sent included.
    public var closeWithin = TimeAmount.seconds(2)
    /// Pauses between attempts to reach the server, with jitter, growing from the first to the last.
    public var reconnectFirst = TimeAmount.milliseconds(50)
    public var reconnectMax = TimeAmount.seconds(2)
    /// A server that was silent for so long is asked whether it is there.
    public var pingEvery = TimeAmount.seconds(2)
    /// A connection on which a reply is missing for so long is given up.
    public var replyTimeout = TimeAmount.seconds(4)
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
    /// Bytes that one message carries at most; larger envelopes go in pieces. At least 4 KiB.
    public var pieceBytesMax = 256 * 1024
    /// Subjects subscribed to at once. Beyond: `.overloaded`.
    public var subjectsMax = 256
    /// Senders that are remembered. Beyond: the one that was silent longest is forgotten, and met anew.
    public var sendersMax = 4_096
    /// Envelopes, and bytes of them, of senders that have not yet said their next number. Beyond: subscriptions end.
    public var heldCountMax = 4_096
    public var heldBytesMax = 16 * 1024 * 1024
    /// Bytes of envelopes that arrive in pieces and are not complete. Beyond: subscriptions end.
    public var partialBytesMax = 64 * 1024 * 1024
    /// Calls of directory and log, and bytes of them, that wait for a reply. Beyond: `.overloaded`.
    public var callsMax = 10_000
    public var callBytesMax = 64 * 1024 * 1024
    /// Bytes of one record's value. Beyond: `.tooLarge`.
    public var valueBytesMax = 64 * 1024
    /// Bytes of one logged event. At least 256 KiB. Beyond: `.tooLarge`.
    public var eventBytesMax = 4 * 1024 * 1024
    /// Entries and bytes that are kept of one log. Beyond: the oldest go.
    public var logEntriesMax = 10_000
    public var logEntryBytesMax = 16 * 1024 * 1024

    var arrivalLimits: ArrivalLimits {
        ArrivalLimits(
            sendersMax: sendersMax, heldCountMax: heldCountMax, heldBytesMax: heldBytesMax,
            partialBytesMax: partialBytesMax, envelopeBytesMax: envelopeBytesMax, contactTimeout: contactTimeout)
    }

    /// - Parameter secrets: not empty, each hard to guess.
    public init(host: String, port: Int = 6379, secrets: [[UInt8]]) {
        self.host = host
        self.port = port
        self.secrets = secrets
    }
}
