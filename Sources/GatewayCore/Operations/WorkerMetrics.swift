// The counters of one event loop: plain integers, since only that loop touches them. A scrape copies them on the loop
// and adds the copies up.
internal import MCPWire
internal import NIOCore

/// Counters of one event loop, and their sum over loops.
struct WorkerMetrics: Sendable {
    private static let methods = Method.allCases.count
    private static let outcomes = Outcome.allCases.count
    private static let buckets = Telemetry.durationBounds.count + 1
    private static let boundsNanoseconds = Telemetry.durationBounds.map { Int64($0 * 1e9) }

    private let upstreams: Int
    private var counts: [UInt64]
    private var histogram: [UInt64]
    private var sums: [Double]
    var retries: [UInt64]
    var streams = 0
    var exchanges = 0
    var detached = 0
    var slowClients: UInt64 = 0
    /// On one event loop only.
    var members = 0
    var questionsAsked: UInt64 = 0
    var questionsAnswered: UInt64 = 0
    var questionsExpired: UInt64 = 0
    var answersLate: UInt64 = 0
    var answersRefused: UInt64 = 0
    /// Calls of the directory that failed.
    var recordFailures: UInt64 = 0
    /// Events that the log has taken, and streams whose last event was among them.
    var logEvents: UInt64 = 0
    var logStreams: UInt64 = 0
    /// Calls of the log that failed.
    var logFailures: UInt64 = 0
    var resumes: UInt64 = 0
    var resumesLost: UInt64 = 0
    var resumesRefused: UInt64 = 0
    /// Sessions that ended so that others could begin.
    var sessionsGivenUp: UInt64 = 0
    /// Messages of the gateway's own that were not sent.
    var ownDropped: UInt64 = 0
    /// Questions that were refused because too many are unanswered.
    var questionsRefused: UInt64 = 0
    /// Events of instances that hold no message that can be read.
    var unreadableEvents: UInt64 = 0
    /// Requests that were put to their instance first because of their credentials, and those that it refused.
    var credentialsAsked: UInt64 = 0
    var credentialsRefused: UInt64 = 0
    /// Requests that were refused because too many bytes of requests are held.
    var bodiesRefused: UInt64 = 0
    /// Set when the copy for a scrape is made.
    var streamsForgotten: UInt64 = 0
    var heldBytes = 0
    var heldWaiting = 0
    var requestBytes = 0
    var replayBytes = 0
    var ownMessages = 0
    var questionsOpen = 0

    init(upstreams: Int) {
        self.upstreams = upstreams
        counts = Array(repeating: 0, count: upstreams * Self.methods * Self.outcomes)
        histogram = Array(repeating: 0, count: upstreams * Self.methods * Self.buckets)
        sums = Array(repeating: 0, count: upstreams * Self.methods)
        retries = Array(repeating: 0, count: upstreams)
    }

    mutating func record(upstream: Int, method: Method, outcome: Outcome, nanoseconds: Int64) {
        let series = upstream * Self.methods + Int(method.rawValue)
        guard series < sums.count else { return }
        counts[series * Self.outcomes + outcome.rawValue] &+= 1
        var bucket = 0
        while bucket < Self.boundsNanoseconds.count, nanoseconds > Self.boundsNanoseconds[bucket] { bucket += 1 }
        histogram[series * Self.buckets + bucket] &+= 1
        sums[series] += Double(nanoseconds) / 1e9
    }

    mutating func add(_ other: WorkerMetrics) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
        for index in histogram.indices { histogram[index] &+= other.histogram[index] }
        for index in sums.indices { sums[index] += other.sums[index] }
        for index in retries.indices { retries[index] &+= other.retries[index] }
        streams += other.streams
        exchanges += other.exchanges
        detached += other.detached
        slowClients &+= other.slowClients
        members += other.members
        questionsAsked &+= other.questionsAsked
        questionsAnswered &+= other.questionsAnswered
        questionsExpired &+= other.questionsExpired
        answersLate &+= other.answersLate
        answersRefused &+= other.answersRefused
        recordFailures &+= other.recordFailures
        logEvents &+= other.logEvents
        logStreams &+= other.logStreams
        logFailures &+= other.logFailures
        resumes &+= other.resumes
        resumesLost &+= other.resumesLost
        resumesRefused &+= other.resumesRefused
        sessionsGivenUp &+= other.sessionsGivenUp
        ownDropped &+= other.ownDropped
        questionsRefused &+= other.questionsRefused
        unreadableEvents &+= other.unreadableEvents
        credentialsAsked &+= other.credentialsAsked
        credentialsRefused &+= other.credentialsRefused
        bodiesRefused &+= other.bodiesRefused
        streamsForgotten &+= other.streamsForgotten
        heldBytes += other.heldBytes
        heldWaiting += other.heldWaiting
        requestBytes += other.requestBytes
        replayBytes += other.replayBytes
        ownMessages += other.ownMessages
        questionsOpen += other.questionsOpen
    }

    /// Writes the request counters and the duration histograms of everything that ever happened.
    func write(_ upstreamNames: [String], to text: inout PrometheusText) {
        text.begin(Telemetry.requests, "counter", "Requests of clients by upstream, MCP method and outcome.")
        forEachSeries(upstreamNames) { series, labels in
            for outcome in Outcome.allCases where counts[series * Self.outcomes + outcome.rawValue] > 0 {
                let count = counts[series * Self.outcomes + outcome.rawValue]
                text.add(labels + [("outcome", outcome.label)], count)
            }
        }
        text.begin(Telemetry.duration, "histogram", "Seconds from a request's last byte to its answer's last byte.")
        forEachSeries(upstreamNames) { series, labels in
            let slots = histogram[(series * Self.buckets)..<((series + 1) * Self.buckets)]
            let total = slots.reduce(0, &+)
            guard total > 0 else { return }
            var running: UInt64 = 0
            for (bound, count) in zip(Telemetry.durationBounds, slots) {
                running &+= count
                text.add(labels + [("le", "\(bound)")], running, suffix: "_bucket")
            }
            text.add(labels + [("le", "+Inf")], total, suffix: "_bucket")
            text.add(labels, sums[series], suffix: "_sum")
            text.add(labels, total, suffix: "_count")
        }
    }

    private func forEachSeries(_ names: [String], _ body: (Int, [(String, String)]) -> Void) {
        for upstream in 0..<min(upstreams, names.count) {
            for method in Method.allCases {
                body(
                    upstream * Self.methods + Int(method.rawValue),
                    [("upstream", names[upstream]), ("method", method.name)])
            }
        }
    }
}
