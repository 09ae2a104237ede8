// What an exchange is to do, decided once when the request is routed. The exchange itself only carries it out.
internal import MCPWire
internal import NIOCore
internal import TransportAPI

/// How one request is to be served. A class, because it is large and goes through many hands; once its exchange has
/// started only that one changes it.
final class ExchangePlan {
    /// What an answer needs beyond being passed on.
    enum AnswerMode {
        case pass
        /// Mint a session if the instance returns an id; note the negotiated revision.
        case initialize
        /// Tag what a 2026-07-28 client will echo.
        case tag
        /// The client is told 200 whatever the instance says: the session has ended already.
        case deletion
        /// The stream of 2024-11-05: rewrite its `endpoint` event.
        case legacyStream
    }

    /// Where the request may go.
    enum Target {
        /// To this instance and no other.
        case pinned(Instance)
        case any(UpstreamGroup.Need)
        /// To the member that holds what is asked for, and to one of its event loops. It answers as if it were the
        /// door.
        case host(Host)
    }

    /// The holder of what is asked for. A class, so that a target is one word.
    final class Host {
        let member: MemberID
        /// Which of its event loops; nil for any.
        let loop: UInt8?
        /// What is done when it cannot be reached; nothing was sent to it then.
        var ifGone: ((Exchange) -> Void)?
        /// Since when it could not be asked.
        var failingSince: NIODeadline?

        init(_ member: MemberID, loop: UInt8?) {
            self.member = member
            self.loop = loop
        }
    }

    let upstream: UpstreamGroup
    var target: Target
    var verb = ExchangeRequest.Verb.post
    /// The scanned message, or nil where there is no body.
    var message: Message?
    var session: Session?
    var principal = Principal.anonymous
    var mode = AnswerMode.pass
    /// 2026-07-28: the client's disconnect is a cancellation. Before: it is not.
    var cancelsWithClient = false
    /// A question of the gateway's own to the session's instance: no use of the session, and no call of its client.
    var isCheck = false
    /// One message of a batch: what comes back for it is put into the batch's stream whole.
    var isPart = false
    /// Its events may be numbered and kept. Not in batches, where one stream answers several calls.
    var isResumable = true
    /// The client may have missed changes of lists: tell it to read them again.
    var announcesLists = false
    /// The question that the message answers.
    var answers: QuestionToken?
    /// The instance's path, where it is not its endpoint.
    var path: String?
    var usesStreamEndpoint = false
    /// The name without its tag, sent as `Mcp-Name` in place of the client's.
    var replacedName: [UInt8]?

    init(upstream: UpstreamGroup, target: Target) {
        self.upstream = upstream
        self.target = target
    }

    var method: Method { message?.knownMethod ?? .none }

    var isCall: Bool { message?.kind == .request }

    /// What is known about doing it twice (design: retry classes).
    var retryClass: RetryClass {
        guard let message, message.kind == .request else { return .notification }
        return message.knownMethod.retryClass
    }
}
