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
        replay(node, into: &limits)
        node.read("questions_per_session", .integer(in: 1...10_000), into: &limits.questionsPerSession)
    }

    private static func replay(_ node: ConfigNode, into limits: inout GatewayConfiguration.Limits) {
        node.read("replay_events", .integer(in: 1...100_000), into: &limits.replayEvents)
        node.read("replay_bytes", .size(in: 16 << 10...1 << 30), into: &limits.replayBytes)
        node.read("replay_total", .size(in: 1 << 20...64 << 30), into: &limits.replayTotal)
        guard node.isSound("replay_bytes", "replay_total"), limits.replayBytes > limits.replayTotal else { return }
        let one = node.shown("replay_bytes", Quantity.size(limits.replayBytes))
        let all = node.shown("replay_total", Quantity.size(limits.replayTotal))
        let key = node.isSet("replay_bytes") ? "replay_bytes" : "replay_total"
        node.error("limits.replay_bytes (\(one)) is more than replay_total (\(all))", at: key)
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
