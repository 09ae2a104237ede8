// Reads the times at the top level: liveness of members, drain, sessions, streams and questions. Ranges stand here,
// defaults in `GatewayConfiguration`, and so do the rules between them.

enum TimesDecoder {
    private static let second = Duration.seconds(1)
    private static let hour = Duration.seconds(3600)
    private static let day = Duration.seconds(24 * 3600)

    /// The times by which members judge each other.
    static func decodeLiveness(_ root: ConfigNode, into config: inout GatewayConfiguration) {
        let shortest = Duration.milliseconds(100)
        root.read("heartbeat", .duration(from: shortest, to: .seconds(60)), into: &config.heartbeat)
        root.read("suspect_after", .duration(from: shortest, to: .seconds(600)), into: &config.suspectAfter)
        root.read("gone_after", .duration(from: shortest, to: hour), into: &config.goneAfter)
        let beat = Named(key: "heartbeat", value: config.heartbeat)
        let suspect = Named(key: "suspect_after", value: config.suspectAfter)
        let gone = Named(key: "gone_after", value: config.goneAfter)
        check(root, suspect.value > beat.value, suspect, "is not longer than", beat)
        check(root, gone.value > suspect.value, gone, "is not longer than", suspect)
        if suspect.value > beat.value, gone.value > suspect.value {
            check(root, gone.value >= beat.value * 2, gone, "is less than twice", beat)
        }
    }

    /// The times of drains, sessions, streams and questions.
    static func decode(_ root: ConfigNode, into config: inout GatewayConfiguration) {
        root.read("drain_timeout", .duration(from: .zero, to: day), into: &config.drainTimeout)
        root.read("drain_delay", .duration(from: .zero, to: hour), into: &config.drainDelay)
        let month = Duration.seconds(30 * 24 * 3600)
        root.read("session_idle", .duration(from: second, to: month), into: &config.sessionIdle)
        root.read("session_max_age", .duration(from: .seconds(60), to: month), into: &config.sessionMaxAge)
        let idle = Named(key: "session_idle", value: config.sessionIdle)
        let age = Named(key: "session_max_age", value: config.sessionMaxAge)
        check(root, idle.value <= age.value, idle, "is longer than", age)
        root.read("detached_stream_ttl", .duration(from: second, to: day), into: &config.detachedStreamTTL)
        root.read("question_timeout", .duration(from: second, to: day), into: &config.questionTimeout)
    }

    private struct Named {
        var key: String
        var value: Duration
    }

    /// Reports at the first of the two that somebody wrote.
    private static func check(
        _ root: ConfigNode, _ holds: Bool, _ first: Named, _ relation: String, _ second: Named
    ) {
        guard !holds, root.isSound(first.key, second.key) else { return }
        let left = root.shown(first.key, Quantity.duration(first.value))
        let right = root.shown(second.key, Quantity.duration(second.value))
        let key = root.isSet(first.key) ? first.key : second.key
        root.error("\(first.key) (\(left)) \(relation) \(second.key) (\(right))", at: key)
    }
}
