// A client by hand that loses its connection and comes back with Last-Event-ID, at any node, and keeps book of what it
// got. The Python cases have the same in `clients/tracks.py`.

struct Track {
    var peer: Peer
    /// The request whose answer this is, or nil for the GET stream.
    let body: String?
    private(set) var lastID: String?
    /// Everything with content, in its order.
    private(set) var events: [ServerEvent] = []
    private var stream: EventStream?
    private var isAsked = false

    init(_ peer: Peer, _ body: String?) {
        self.peer = peer
        self.body = body
    }

    /// A call of `count`: n messages, and behind message `hold` the tool waits until ``Peer/release(_:)``.
    static func count(_ label: String, _ n: Int, hold: Int = -1, padding: Int = 0, pause: Double = 0) -> String {
        Peer.call(
            "count",
            #"{"label":"\#(label)","n":\#(n),"hold":\#(hold),"padding":\#(padding),"pause":\#(pause)}"#,
            id: Peer.unusedID())
    }

    // MARK: Reading

    /// Asks, or resumes where it was cut. The answer must be an event stream.
    mutating func connect(at gateway: Gateway) async throws {
        peer.endpoint.port = gateway.port
        let asks = body != nil && !isAsked
        var headers = peer.headers
        if let lastID { headers.append(("Last-Event-ID", lastID)) }
        let opened = try await EventStream.open(peer.endpoint, asks ? "POST" : "GET", headers, body: asks ? body : nil)
        guard opened.head.status == 200, opened.head["Content-Type"] == "text/event-stream" else {
            throw Overdue(description: "a stream began with \(opened.head.status): \(try await opened.whole().text)")
        }
        isAsked = true
        stream = opened
    }

    /// The next event with content or, when there is none yet to resume with, with an id. Nil at the stream's end.
    mutating func next() async throws -> ServerEvent? {
        while let event = try await stream?.next() {
            if let id = event.id { lastID = id }
            if !event.payload.isEmpty { events.append(event) }
            if !event.payload.isEmpty || event.id != nil { return event }
        }
        return nil
    }

    /// Reads until there are `count` events with content in all, and an id to resume with.
    mutating func read(upTo count: Int) async throws {
        while events.count < count || lastID == nil {
            guard try await next() != nil else {
                throw Overdue(description: "the stream ended after \(events.count) of \(count): \(payloads.suffix(2))")
            }
        }
    }

    /// Reads to the stream's end.
    mutating func finish() async throws { while try await next() != nil {} }

    /// Reads until the connection breaks or the stream ends.
    mutating func drain() async {
        do { try await finish() } catch {}
    }

    /// Ends the connection, as a client does that goes away.
    mutating func cut() {
        stream?.connection.abandon()
        stream = nil
    }

    // MARK: What came

    var payloads: [String] { events.map(\.payload) }

    var messages: [JSONValue] { events.compactMap(\.message) }

    /// The numbers of the messages `LABEL NUMBER`.
    func numbers(_ label: String) -> [Int] {
        messages.compactMap { message in
            let words = message["params"]["data"].string?.split(separator: " ") ?? []
            return words.first == Substring(label) && words.count > 1 ? Int(words[1]) : nil
        }
    }

    /// The messages 1 to n and the result, each once, in order, and nothing else.
    func isWhole(_ label: String, _ n: Int) -> Bool {
        let text = messages.last?["result"]["content"][0]["text"].string
        return numbers(label) == Array(1...n) && events.count == n + 1 && text == "\(label) done"
    }

    /// The last message is the one error that says that nobody knows how the call ended.
    var isOutcomeUnknown: Bool {
        let errors = messages.filter { $0["error"] != .null }
        return errors.count == 1 && messages.last?["error"]["data"]["reason"] == "outcome_unknown"
            && messages.last?["id"] == body.flatMap { JSONValue(parsing: Array($0.utf8)) }?["id"]
    }
}

extension Peer {
    /// The same session at another node.
    func at(_ gateway: Gateway) -> Peer {
        var other = self
        other.endpoint.port = gateway.port
        return other
    }

    /// Lets a tool go on that waits at its `hold`.
    func release(_ label: String) async throws {
        let answer = try await call("release", #"{"gate":"\#(label)"}"#)
        guard answer == "released" else { throw Overdue(description: "release was answered with \(answer)") }
    }

    /// A GET stream on which the server is heard; until then a server without event store drops what it sends.
    func listening(at gateway: Gateway) async throws -> Track {
        var track = Track(self, nil)
        try await track.connect(at: gateway)
        let knocking = Task {
            for attempt in 0... {
                _ = try await call("announce", #"{"label":"ready-\#(attempt)"}"#)
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        defer { knocking.cancel() }
        try await track.read(upTo: 1)
        return track
    }
}
