// Reads `limits` and `timeouts`: keys and ranges, nothing else. What the numbers bound stands in `Limits` and
// `Timeouts`; `GatewayDecoder` calls it.

enum LimitsDecoder {
    static func decode(_ node: ConfigNode, into limits: inout GatewayConfiguration.Limits) {
        let bytes = ValueKind.size(in: 1 << 10...1 << 30)
        node.read("body", bytes, into: &limits.body)
        node.read("header", .size(in: 1 << 10...1 << 20), into: &limits.header)
        node.read("event", bytes, into: &limits.event)
        node.read("result", bytes, into: &limits.result)
        node.read("stream_buffer", .size(in: 16 << 10...1 << 30), into: &limits.streamBuffer)
        node.read("connections", .integer(in: 1...1_000_000), into: &limits.connections)
        node.read("sessions", .integer(in: 1...10_000_000), into: &limits.sessions)
        node.read("streams_per_session", .integer(in: 1...1_000), into: &limits.streamsPerSession)
        node.read("calls_per_session", .integer(in: 1...100_000), into: &limits.callsPerSession)
        node.read("batch", .integer(in: 1...10_000), into: &limits.batch)
        node.read("json_depth", .integer(in: 8...64), into: &limits.jsonDepth)
        node.read("json_number", .size(in: 16...4096), into: &limits.jsonNumber)
        waiting(node, into: &limits)
        replay(node, into: &limits)
        node.read("questions_per_session", .integer(in: 1...10_000), into: &limits.questionsPerSession)
    }

    /// What a bound of bytes of the whole node may be.
    private static var totals: ValueKind<Int> { .size(in: 1 << 20...64 << 30) }

    /// What all clients and instances together may have waiting.
    private static func waiting(_ node: ConfigNode, into limits: inout GatewayConfiguration.Limits) {
        node.read("incoming", totals, into: &limits.incoming)
        node.read("requests", totals, into: &limits.requests)
        node.read("held", totals, into: &limits.held)
        node.read("queued", totals, into: &limits.queued)
        check(node, "body", limits.body, fits: "incoming", limits.incoming)
        check(node, "body", limits.body, fits: "requests", limits.requests)
    }

    private static func replay(_ node: ConfigNode, into limits: inout GatewayConfiguration.Limits) {
        node.read("replay_events", .integer(in: 1...100_000), into: &limits.replayEvents)
        node.read("replay_bytes", .size(in: 16 << 10...1 << 30), into: &limits.replayBytes)
        node.read("replay_total", totals, into: &limits.replayTotal)
        node.read("replay_live", totals, into: &limits.replayLive)
        check(node, "replay_bytes", limits.replayBytes, fits: "replay_total", limits.replayTotal)
        check(node, "replay_bytes", limits.replayBytes, fits: "replay_live", limits.replayLive)
    }

    /// Reports at the first of the two that somebody wrote.
    private static func check(_ node: ConfigNode, _ one: String, _ bytes: Int, fits all: String, _ total: Int) {
        guard node.isSound(one, all), bytes > total else { return }
        let key = node.isSet(one) ? one : all
        let (small, large) = (node.shown(one, Quantity.size(bytes)), node.shown(all, Quantity.size(total)))
        node.error("limits.\(one) (\(small)) is more than \(all) (\(large))", at: key)
    }

    static func decode(_ node: ConfigNode, into timeouts: inout GatewayConfiguration.Timeouts) {
        let hour = Duration.seconds(3600)
        let day = Duration.seconds(24 * 3600)
        node.read("head", .duration(from: .milliseconds(100), to: hour), into: &timeouts.head)
        node.read("body", .duration(from: .milliseconds(100), to: day), into: &timeouts.body)
        node.read("keep_alive", .duration(from: .seconds(1), to: day), into: &timeouts.keepAlive)
        node.read("write", .duration(from: .milliseconds(100), to: hour), into: &timeouts.write)
        node.read("sse_comment", .duration(from: .seconds(1), to: hour), into: &timeouts.sseComment)
    }
}
