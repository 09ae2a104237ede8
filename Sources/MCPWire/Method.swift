// The methods of all five revisions by name, decoded once per message so that everything behind the scan switches
// over an enum. Routing, retries and metric labels use it. An unknown method is `other` and is passed on as it is.

/// A JSON-RPC method of MCP, revisions 2024-11-05 to 2026-07-28 (and the tasks extension, SEP-2663).
public enum Method: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case initialize
    /// `notifications/initialized`
    case initialized
    case ping
    case discover
    case toolsList
    case toolsCall
    case promptsList
    case promptsGet
    case resourcesList
    case resourceTemplatesList
    case resourcesRead
    case resourcesSubscribe
    case resourcesUnsubscribe
    case completionComplete
    case loggingSetLevel
    case subscriptionsListen
    case tasksGet
    case tasksResult
    case tasksList
    case tasksCancel
    case tasksUpdate
    /// `notifications/cancelled`
    case cancelled
    /// `notifications/progress`
    case progress
    /// `notifications/roots/list_changed`
    case rootsListChanged
    case samplingCreateMessage
    case elicitationCreate
    case rootsList
    /// `notifications/message`: a log line of a server.
    case message
    /// Any other `notifications/…`.
    case otherNotification
    /// Any other method: an extension's or a vendor's.
    case other
    /// No method: the message is an answer.
    case none

    /// The wire name. The catch-alls have the names `notifications/other`, `other` and `none`, so that a metric label
    /// has a bounded set of values whatever clients send.
    public var name: String { wireName.description }

    /// What the gateway may do when it does not know whether an instance handled the message.
    public var retryClass: RetryClass {
        switch self {
        case .initialize:
            .sessionCreation
        case .initialized, .cancelled, .progress, .rootsListChanged, .message, .otherNotification:
            .notification
        case .ping, .discover, .toolsList, .promptsList, .promptsGet, .resourcesList, .resourceTemplatesList,
            .resourcesRead, .resourcesSubscribe, .resourcesUnsubscribe, .completionComplete, .loggingSetLevel,
            .subscriptionsListen, .tasksGet, .tasksResult, .tasksList, .tasksCancel:
            .read
        case .toolsCall, .tasksUpdate, .samplingCreateMessage, .elicitationCreate, .rootsList, .other, .none:
            .sideEffect
        }
    }

    /// True for the catch-alls: nothing is known of what the method's members mean.
    var isCatchAll: Bool { self == .other || self == .otherNotification || self == .none }

    var wireName: StaticString {
        switch self {
        case .initialize: "initialize"
        case .initialized: "notifications/initialized"
        case .ping: "ping"
        case .discover: "server/discover"
        case .toolsList: "tools/list"
        case .toolsCall: "tools/call"
        case .promptsList: "prompts/list"
        case .promptsGet: "prompts/get"
        case .resourcesList: "resources/list"
        case .resourceTemplatesList: "resources/templates/list"
        case .resourcesRead: "resources/read"
        case .resourcesSubscribe: "resources/subscribe"
        case .resourcesUnsubscribe: "resources/unsubscribe"
        case .completionComplete: "completion/complete"
        case .loggingSetLevel: "logging/setLevel"
        case .subscriptionsListen: "subscriptions/listen"
        case .tasksGet: "tasks/get"
        case .tasksResult: "tasks/result"
        case .tasksList: "tasks/list"
        case .tasksCancel: "tasks/cancel"
        case .tasksUpdate: "tasks/update"
        case .cancelled: "notifications/cancelled"
        case .progress: "notifications/progress"
        case .rootsListChanged: "notifications/roots/list_changed"
        case .samplingCreateMessage: "sampling/createMessage"
        case .elicitationCreate: "elicitation/create"
        case .rootsList: "roots/list"
        case .message: "notifications/message"
        case .otherNotification: "notifications/other"
        case .other: "other"
        case .none: "none"
        }
    }
}
