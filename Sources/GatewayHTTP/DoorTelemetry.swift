// Every metric name of the client's door, in one place, and the rows that the operators' page shows of them. What the
// core counts is in its own `Telemetry`. Labels come from closed sets only.

/// Names and rows of the door's metrics.
enum DoorTelemetry {
    static let connections = "patchbay_connections"
    static let bytes = "patchbay_connection_bytes"
    static let refused = "patchbay_connections_refused_total"
    static let closed = "patchbay_connections_closed_total"

    private static let refusals: [(String, DoorEnd)] = [("full", .full), ("files", .files)]

    private static let closings: [(String, DoorEnd)] = [
        ("stalled_upload", .stalledUpload), ("no_room", .noRoom), ("slow_request", .slowRequest),
        ("not_reading", .notReading), ("queued_total", .queuedTotal),
    ]

    /// The door's part of the page, in the Prometheus text format 0.0.4.
    static func text(_ counts: DoorCounts) -> String {
        var text = begin(connections, "gauge", "Client connections that are served.")
        text += "\(connections) \(counts.connections)\n"
        text += begin(bytes, "gauge", "Bytes of unfinished requests, and bytes that clients have not taken.")
        text += "\(bytes){kind=\"received\"} \(counts.receivedBytes)\n"
        text += "\(bytes){kind=\"queued\"} \(counts.queuedBytes)\n"
        text += begin(refused, "counter", "Client connections turned away, or made to wait for a file, by reason.")
        for (reason, end) in refusals { text += "\(refused){reason=\"\(reason)\"} \(counts[end])\n" }
        text += begin(closed, "counter", "Client connections that the node has cut off, by reason.")
        for (reason, end) in closings { text += "\(closed){reason=\"\(reason)\"} \(counts[end])\n" }
        return text
    }

    private static func begin(_ name: String, _ type: String, _ help: String) -> String {
        "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }
}
