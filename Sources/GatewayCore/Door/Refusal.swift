// Answers that the gateway gives by itself instead of an instance: one text, one status, one JSON-RPC code each.
// Statuses follow the specification where it has one, the Python SDK where it is silent (mcp-wire tables 2.5, 2.6.4).
internal import MCPWire

/// A request that goes no further.
struct Refusal: Error {
    var status: Int
    var code: RPCErrorCode
    var message: String
    /// Raw JSON for `error.data`.
    var dataJSON: String?
    /// Extra header lines, each with its CR LF.
    var lines = ""
    /// Another node or attachment might serve it now.
    var mayBeServedElsewhere = false
    /// No refusal yet: something has to be found out first.
    var unread: Unread?

    /// What has to be found out before a request can be served.
    enum Unread {
        /// Who the others are: this node has just started.
        case members
        /// What became of a session while other nodes were not heard.
        case state(Session)
        /// What is too long for the token.
        case upstreamID(SessionToken)
        /// Whether the session's instance accepts the request's credentials.
        case credentials(Session)
    }

    init(_ status: Int, _ code: RPCErrorCode, _ message: String, dataJSON: String? = nil, lines: String = "") {
        self.status = status
        self.code = code
        self.message = message
        self.dataJSON = dataJSON
        self.lines = lines
    }

    private var elsewhere: Refusal {
        var refusal = self
        refusal.mayBeServedElsewhere = true
        return refusal
    }

    /// The answer; `id` is the raw JSON token of the request it answers.
    func answer(id: UnsafeRawBufferPointer? = nil) -> Answer {
        if status == 202 { return Answer(status: 202) }
        return Answer(
            status: status, lines: lines + "Content-Type: application/json\r\n",
            body: ErrorBody.json(id: id, code: code, message: message, dataJSON: dataJSON))
    }

    static let noEndpoint = Refusal(404, .invalidRequest, "There is no endpoint at this path; check the URL.")
    static let badHost = Refusal(
        403, .invalidRequest, "The Host header names a host that is not served here; add it to allowed_hosts.")
    static let badOrigin = Refusal(
        403, .invalidRequest, "The Origin header names a web origin that is not allowed; add it to allowed_origins.")
    static let notAcceptable = Refusal(
        406, .invalidRequest, "Not Acceptable: Accept must list both application/json and text/event-stream.")
    static let notAcceptableStream = Refusal(
        406, .invalidRequest, "Not Acceptable: Accept must list text/event-stream.")
    static let badContentType = Refusal(400, .invalidRequest, "Content-Type must be application/json.")
    static let encodedBody = Refusal(415, .invalidRequest, "Content-Encoding is not supported; send the body as it is.")
    static func unread(_ what: Unread) -> Refusal {
        var refusal = sessionNotFound
        refusal.unread = what
        return refusal
    }

    /// Unknown, ended, foreign and tampered ids look all alike.
    static let sessionNotFound = Refusal(
        404, .invalidRequest, "Session not found: it has ended or never was; initialize again without a session id.")
    static let sessionMissing = Refusal(
        400, .invalidRequest, "Missing session ID: send the Mcp-Session-Id that initialize returned.")
    static let sessionParameterMissing = Refusal(
        400, .invalidRequest,
        "Missing session: post to the URI of the stream's endpoint event, its session_id included.")
    static let noUsableEndpoint = Refusal(
        502, .internalError, "The instance's stream does not begin with an endpoint event whose URI can be used.")
    static let repeatedSession = Refusal(400, .invalidRequest, "Mcp-Session-Id occurs more than once; send it once.")
    static let draining = Refusal(
        503, .internalError, "This node is shutting down and takes no new sessions; try again.",
        lines: "Retry-After: 1\r\n"
    ).elsewhere
    static let noInstance = Refusal(
        503, .internalError, "No healthy instance of this upstream is available; nothing was run. Try again.",
        dataJSON: #"{"reason":"no_instance"}"#, lines: "Retry-After: 1\r\n"
    ).elsewhere
    static let fullInstances = Refusal(
        503, .internalError,
        "Every instance of this upstream holds as much as its capacity allows; nothing was run. Try again later.",
        dataJSON: #"{"reason":"full"}"#, lines: "Retry-After: 5\r\n"
    ).elsewhere
    static let recordUnknown = Refusal(
        503, .internalError, "What is on record of this session cannot be read now; nothing was run. Try again.",
        lines: "Retry-After: 1\r\n"
    ).elsewhere
    static let credentialsUnknown = Refusal(
        503, .internalError,
        "The instance of this session has to accept these credentials first, and it could not be asked; nothing was"
            + " done. Try again.",
        dataJSON: #"{"reason":"credentials_unknown"}"#, lines: "Retry-After: 1\r\n")
    static let noRoomForSession = Refusal(
        503, .internalError, "This node holds as many sessions as limits.sessions allows; try again.",
        lines: "Retry-After: 1\r\n"
    ).elsewhere
    static let tooManySessions = Refusal(
        503, .internalError, "This node holds as many sessions as limits.sessions allows; try again later.",
        lines: "Retry-After: 5\r\n"
    ).elsewhere
    /// With 200, because Python clients take every other status for the end of their session.
    static let tooManyCalls = Refusal(
        200, .internalError, "This session runs as many calls as limits.calls_per_session allows; nothing was run.",
        dataJSON: #"{"reason":"too_many_calls"}"#)
    static let tooManyBytes = Refusal(
        503, .internalError,
        "This node holds as many bytes of requests as limits.requests allows; nothing was run. Try again.",
        dataJSON: #"{"reason":"too_many_bytes"}"#, lines: "Retry-After: 1\r\n"
    ).elsewhere
    static let tooManyStreams = Refusal(
        429, .invalidRequest, "This session has as many GET streams as limits.streams_per_session allows.")
    static let badEventID = Refusal(
        400, .invalidRequest, "Last-Event-ID is not an id that this session was given; open the stream without one.")
    static let streamReplaced = Refusal(
        409, .invalidRequest, "A newer GET of this session has taken this stream over.")
    static let unknownQuestion = Refusal(
        400, .invalidRequest, "The answer's id is not one of an open request to this session; send the id as it came.")
    /// A receipt: nobody waits for the answer any more, and a client must not be bothered with that.
    static let lateAnswer = Refusal(202, .invalidRequest, "")
    static let batchNotAllowed = Refusal(
        400, .invalidRequest, "A JSON array (batch) is part of revision 2025-03-26 only; send one message per POST.")
    static let initializeInBatch = Refusal(
        400, .invalidRequest, "initialize must not be part of a batch (2025-03-26, lifecycle).")
    static let deleteNotOffered = Refusal(
        405, .invalidRequest, "There is no session to delete: this server keeps none.", lines: "Allow: POST\r\n")
    static let streamNotOffered = Refusal(
        405, .invalidRequest, "This server keeps no session and offers no GET stream.", lines: "Allow: POST\r\n")

    /// Inside a session: its instance has no such route, and the session lives on.
    static let noStreamThere = Refusal(
        405, .invalidRequest, "The instance offers no GET stream.", lines: "Allow: POST, DELETE\r\n")

    static func methodNotAllowed(_ allowed: String) -> Refusal {
        Refusal(
            405, .invalidRequest, "This method is not offered here; allowed: \(allowed).",
            lines: "Allow: \(allowed)\r\n")
    }
}
