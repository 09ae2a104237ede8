// Every bound and wait of the core, with its unit and what happens at the bound. The config fills it; tests shrink it.
public import NIOCore

/// Bounds of one gateway node.
public struct Limits: Sendable {
    /// Bytes of a request body. Beyond: 413.
    public var bodyBytes = 4 * 1024 * 1024
    /// Bytes of a request's start line and header lines, as the client's door has it too. Beyond: 431.
    public var headBytes = 32 * 1024
    /// Bytes of one SSE event from an instance. Beyond: the stream ends with an explicit error.
    public var eventBytes = 4 * 1024 * 1024
    /// Bytes of a JSON answer that has to be held whole: `initialize`, the parts of a batch, and 2026-07-28 results
    /// that may need an instance tag. Beyond: 502.
    public var heldResultBytes = 16 * 1024 * 1024
    /// Bytes of answers and events that are held whole at once, on one event loop. Beyond: instances are read on one
    /// after the other, see ``HeldBudget``.
    public var heldTotalBytes = 64 * 1024 * 1024
    /// Bytes of request bodies, on one event loop, that may have to be sent again or that their instances have not
    /// taken. Beyond: 503.
    public var requestBytes = 256 * 1024 * 1024
    /// Bytes queued for a client after it has stopped reading and its instance was paused. Beyond: its stream ends.
    /// Towards another member, which has a client of its own, a held result may wait whole.
    public var clientQueueBytes = 1024 * 1024
    /// Sessions on this node. Beyond: whoever has most of them gives up what it has not used for longest; if nothing
    /// can be given up, 503 to `initialize`.
    public var sessions = 100_000
    /// Running calls of one session. Beyond: a JSON-RPC error.
    public var callsPerSession = 64
    /// Open GET streams of one session. Beyond: 429.
    public var streamsPerSession = 8
    /// Stateful answers that are read to their end although their client has left, on one event loop. Beyond: given up
    /// at once.
    public var detachedExchanges = 10_000
    /// What one owner, which is a principal or else an address, may have of an event loop's questions and detached
    /// exchanges once half of them are in use: one part in so many. Beyond: as at the bound itself.
    public var ownerShare = 4
    /// Messages in a 2025-03-26 batch. Beyond: 400.
    public var batchMessages = 100
    /// Nesting of a JSON message. Beyond: 400.
    public var jsonDepth = 64
    /// Bytes of one number in a client's message. Beyond: 400.
    public var jsonNumberBytes = 64
    /// Times that a GET stream is asked for again while the instance still holds the last one (409), 0.25 s apart.
    public var streamConflicts = 8
    /// Attempts for one request, the first included, where trying again is provably harmless.
    public var attempts = 3
    /// Retries of reads, as a share of requests in per cent, with a floor of 5 a second. Beyond: no retry.
    public var retryPercent = 10
    /// Events kept of one stream for a client that comes back. Beyond: the oldest go, and who needs them is told.
    public var replayEvents = 256
    /// Bytes kept of one stream. Beyond: the same. The newest event is kept whatever its size, while
    /// ``replayLiveBytes`` allows.
    public var replayBytes = 1024 * 1024
    /// Bytes kept of complete streams on one event loop. Beyond: the oldest streams are forgotten.
    public var replayTotalBytes = 32 * 1024 * 1024
    /// Bytes kept of streams that still grow, on one event loop. Beyond: those that keep most forget all they have.
    public var replayLiveBytes = 256 * 1024 * 1024
    /// Bytes of events that wait for the log to take them, on one event loop. Beyond: what the ring forgets meanwhile
    /// is not logged, and a stream that outlives its host begins behind it.
    public var unloggedBytes = 64 * 1024 * 1024
    /// Bytes of other members' envelopes that wait for one event loop. Beyond: dropped, and its exchanges are verified.
    public var handedBytes = 64 * 1024 * 1024
    /// Unanswered questions of an instance in one session. Beyond: the instance gets an error.
    public var questionsPerSession = 64
    /// Unanswered questions on one event loop, of all sessions. Beyond: the same.
    public var questions = 100_000
    /// Times in a row that a broken stream of an instance is asked for again.
    public var streamReconnects = 6
    /// Messages of the gateway's own that wait for an instance or are on their way to it, on one event loop. Beyond:
    /// dropped, counted and said in the log.
    public var ownMessages = 20_000
    /// Of these, on their way to one instance at once. Beyond: the next one waits.
    public var ownMessagesAtOnce = 64
    /// Questions whose time is over that one event loop settles at once, while ``ownMessages`` has room for what that
    /// needs. Beyond: the next ones at the next tick.
    public var expiriesAtOnce = 1_000
    /// Bytes of the credentials that an instance has accepted in a session. Longer ones are remembered by their digest
    /// alone, and the gateway's own messages bear those of the exchange that they belong to.
    public var credentialBytes = 4 * 1024
    /// Opened session ids that one event loop remembers. Beyond: the oldest half is forgotten and opened again at need.
    public var cachedTokens = 100_000

    public init() {}
}

/// Waits of one gateway node.
public struct Waits: Sendable {
    /// A session without a request, a call or a stream for this long is ended, upstream too.
    public var sessionIdle: TimeAmount = .minutes(30)
    /// A session older than this is ended, whatever it does.
    public var sessionMaxAge: TimeAmount = .hours(24)
    /// How long a quiet SSE stream to a client stays without a byte before a comment is sent.
    public var comment: TimeAmount = .seconds(15)
    /// A client that has not taken a byte of its waiting queue for this long is closed.
    public var slowClient: TimeAmount = .seconds(30)
    /// How long a stream that nobody listens to is read on, and how long a complete one is kept.
    public var detachedStream: TimeAmount = .seconds(60)
    /// How long a client may take to answer an instance's question. Then the instance gets an error.
    public var question: TimeAmount = .minutes(5)
    /// How long the sessions of an attached instance wait for its attachment to come back. Then they count as ended.
    public var attachmentAway: TimeAmount = .minutes(2)
    /// How long running calls may take after a drain has begun.
    public var drain: TimeAmount = .seconds(30)
    /// How long the listener stays open, unready, before the drain begins in earnest.
    public var drainDelay: TimeAmount = .seconds(0)

    public init() {}
}
