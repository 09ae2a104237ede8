// The bounds of a node: bytes, counts and times. Every table and buffer of the data path takes its bound from here,
// so a number that is not here is not configurable.

extension GatewayConfiguration {
    /// Bytes and counts. What is over a limit is refused with the status in brackets, or ends what is named.
    public struct Limits: Sendable, Equatable {
        /// `limits.body`: bytes of a request body (413). 1 KiB to 1 GiB.
        public var body = 4 << 20
        /// `limits.header`: bytes of a head, its first line included (431); of a client or an instance.
        /// 1 KiB to 1 MiB.
        public var header = 32 << 10
        /// `limits.event`: bytes of one SSE event of an instance; a longer one ends its stream. 1 KiB to 1 GiB.
        public var event = 4 << 20
        /// `limits.result`: bytes of a JSON answer of an instance that must be held whole, to set instance tags
        /// (502). 1 KiB to 1 GiB.
        public var result = 16 << 20
        /// `limits.stream_buffer`: bytes queued to one slow client. Above it reading from the instance pauses; a
        /// client that takes nothing for `timeouts.write` loses its stream. An event is always queued whole, so a
        /// stream holds at most this and one event. 16 KiB to 1 GiB.
        public var streamBuffer = 1 << 20
        /// `limits.connections`: open client connections (503). 1 to 1,000,000.
        public var connections = 10_000
        /// `limits.sessions`: live sessions (503). 1 to 10,000,000.
        public var sessions = 100_000
        /// `limits.streams_per_session`: open streams of one session (429). 1 to 1,000.
        public var streamsPerSession = 8
        /// `limits.calls_per_session`: running calls of one session; one more gets a
        /// JSON-RPC error, and nothing is run. 1 to 100,000.
        public var callsPerSession = 64
        /// `limits.batch`: messages of a 2025-03-26 batch (400). 1 to 10,000.
        public var batch = 100
        /// `limits.json_depth`: nested objects and lists of a message (400). 8 to 64.
        public var jsonDepth = 64
        /// `limits.json_number`: bytes of one number of a client's message (400). 16 to 4,096.
        public var jsonNumber = 64
        /// `limits.incoming`: bytes of requests that are not there whole, at this node; beyond it whoever has sent
        /// nothing for longest is cut off (408), else the newcomer (503). 1 MiB to 64 GiB, at least `body`.
        public var incoming = 256 << 20
        /// `limits.requests`: bytes of request bodies that may have to be sent again or that their instances have not
        /// taken, at this node (503). 1 MiB to 64 GiB, at least `body`.
        public var requests = 256 << 20
        /// `limits.held`: bytes of answers and events that are held whole at once, at this node; beyond it instances
        /// are read one after the other. 1 MiB to 64 GiB.
        public var held = 64 << 20
        /// `limits.queued`: bytes that wait for clients that do not read, at this node; beyond it whoever has taken
        /// nothing for longest loses its connection. 1 MiB to 64 GiB.
        public var queued = 512 << 20
        /// `limits.replay_events`: events that are kept of one stream for a client that comes back; the oldest go
        /// first. 1 to 100,000.
        public var replayEvents = 256
        /// `limits.replay_bytes`: bytes that are kept of one stream; the oldest events go first. 16 KiB to 1 GiB,
        /// at most `replayTotal`.
        public var replayBytes = 1 << 20
        /// `limits.replay_total`: bytes that are kept of all streams of this node that have ended; the one that ended
        /// longest ago goes first. 1 MiB to 64 GiB.
        public var replayTotal = 64 << 20
        /// `limits.replay_live`: bytes that are kept of all streams of this node that still grow; beyond it those that
        /// keep most forget all they have. 1 MiB to 64 GiB.
        public var replayLive = 256 << 20
        /// `limits.questions_per_session`: questions of servers that wait for one session's client; for one more the
        /// server gets an error. 1 to 10,000.
        public var questionsPerSession = 64

        public init() {}
    }

    /// The part of a bound of the whole node that each event loop has.
    public func share(of total: Int) -> Int { max(total / max(eventLoops, 1), 1) }

    /// Times at the client's door.
    public struct Timeouts: Sendable, Equatable {
        /// `timeouts.head`: from a connection's or a request's first byte to the end of its head (408).
        /// 100 ms to 1 h.
        public var head: Duration = .seconds(10)
        /// `timeouts.body`: from the end of the head to the end of the body (408). 100 ms to 24 h.
        public var body: Duration = .seconds(30)
        /// `timeouts.keep_alive`: between two requests; then the connection is closed. 1 s to 24 h.
        public var keepAlive: Duration = .seconds(75)
        /// `timeouts.write`: how long a client may take none of the bytes that wait for it; then its connection is
        /// closed. 100 ms to 1 h.
        public var write: Duration = .seconds(30)
        /// `timeouts.sse_comment`: a stream that is quiet for so long gets a comment line, which keeps balancers
        /// from cutting it. 1 s to 1 h.
        public var sseComment: Duration = .seconds(15)

        public init() {}
    }
}
