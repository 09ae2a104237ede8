// Every metric name of the core, in one place. Names follow the OpenTelemetry conventions for MCP where those exist,
// in Prometheus form; ours begin with `patchbay_`. Labels come from closed sets only.

/// Names and help texts of the metrics.
public enum Telemetry {
    static let requests = "patchbay_requests_total"
    static let duration = "mcp_server_operation_duration_seconds"
    static let retries = "patchbay_retries_total"
    static let sessions = "patchbay_sessions"
    static let streams = "patchbay_streams"
    static let exchanges = "patchbay_exchanges_active"
    static let detached = "patchbay_exchanges_detached"
    static let slowClients = "patchbay_slow_clients_closed_total"
    static let questions = "patchbay_questions_total"
    static let resumes = "patchbay_resumes_total"
    static let directoryFailures = "patchbay_directory_failures_total"
    static let logEvents = "patchbay_log_events_total"
    static let logStreams = "patchbay_log_streams_total"
    static let logFailures = "patchbay_log_failures_total"
    static let heldBytes = "patchbay_held_bytes"
    static let waiting = "patchbay_waiting"
    static let boundsHit = "patchbay_bound_hits_total"
    static let credentials = "patchbay_credential_checks_total"
    static let unreadable = "patchbay_unreadable_events_total"
    static let members = "patchbay_members"
    static let instanceUp = "patchbay_instance_up"
    static let instanceLoad = "patchbay_instance_exchanges_active"
    static let instanceSessions = "patchbay_instance_sessions"
    static let draining = "patchbay_draining"

    /// Upper bounds of the duration histogram, in seconds.
    static let durationBounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300,
    ]
}

/// How a request ended; the values of the label `outcome`.
enum Outcome: Int, CaseIterable {
    /// The instance answered with 2xx.
    case ok
    /// The instance answered with an error status.
    case instanceError
    /// The gateway refused the request as the client's fault.
    case refused
    /// The gateway could not serve it; nothing was run.
    case unavailable
    /// It may have been run and the answer is lost.
    case outcomeUnknown
    /// The client left first.
    case clientLeft

    var label: String {
        switch self {
        case .ok: "ok"
        case .instanceError: "instance_error"
        case .refused: "refused"
        case .unavailable: "unavailable"
        case .outcomeUnknown: "outcome_unknown"
        case .clientLeft: "client_left"
        }
    }
}
