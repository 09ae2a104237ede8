// The scripts in `attacks/`: hostile clients and hostile instances around one gateway or two. Which there are, and when
// each is run. What must hold, and who does what, stands at the top of each script.
import Foundation

/// One script, as an argument of a test.
struct AttackScript: Sendable, CustomStringConvertible {
    /// What a run of it asks of the machine.
    enum Need: Sendable {
        /// Some seconds.
        case little
        /// Half a minute or gigabytes, or it is a variation that takes its time: with `PATCHBAY_MATRIX=1` only.
        case much
        /// nginx, and some seconds.
        case nginx
    }

    var name: String
    var need: Need

    var description: String { name }

    var path: String { Installation.file("attacks/\(name).py") }

    /// Every script.
    static let all = little.map { AttackScript(name: $0, need: .little) }
        + much.map { AttackScript(name: $0, need: .much) } + [AttackScript(name: "accel_redirect", need: .nginx)]

    /// Those that are run here and now. The others are no arguments of the test, so that none of them seems to pass.
    static let chosen = all.filter { script in
        switch script.need {
        case .little: true
        case .much: Matrix.isWhole
        case .nginx: hasNginx
        }
    }

    private static let hasNginx = FileManager.default.isExecutableFile(atPath: "/usr/sbin/nginx")

    private static let little: [String] = [
        "answer_header_lines", "answer_refused_once", "connection_lines", "deleted_elsewhere",
        "detached_bodies", "escape_cut", "foreign_hosts", "get_not_found", "greedy_sessions",
        "leading_line_end", "left_before_whole", "legacy_calls_limit", "long_numbers", "odd_answers",
        "resume_at_another_node", "resume_without_api_key", "resume_without_credentials",
        "second_endpoint_event", "sse_url_origin", "stalled_bodies", "strangers_not_found", "token_refresh",
        "unread_stderr", "unreadable_event", "unreadable_question", "url_secret", "url_secret_elsewhere",
        "weak_secret",
    ]

    private static let much: [String] = [
        "deaf_clients_everywhere", "everything_at_once", "expiry_storm", "greedy_questions", "held_answers",
        "held_by_slow_instances", "instance_address", "kept_events", "kept_events_of_the_node",
        "notification_flood", "over_limit_files", "own_messages", "probe_leaks", "probe_variations",
        "running_bodies", "secret_pairs", "silent_links", "unread_bodies", "uploads_on_one_loop",
    ]
}
