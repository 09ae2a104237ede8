// What the log of streams has taken in a deployment with a broker: tests that kill a host wait for it.

extension Deployment {
    /// The one that holds the streams of the first node's clients: the node, or the attachment of the only server.
    var host: any Operated { attachments.first ?? first }

    /// How many events the log has taken from the host.
    func logged() async throws -> Int { Int(try await host.metric("patchbay_log_events_total") ?? 0) }

    /// Waits until the log has a stream from its first event on, up to `more` behind the last one that was read.
    /// - Parameter before: what ``logged()`` was when the stream's client went away.
    func isLogged(_ track: Track, more: Int, since before: Int) async throws {
        let read = Int(track.lastID?.split(separator: ".").last ?? "") ?? 0
        var count = before
        try await until("\(read) + \(more) more events in the log than \(before), not \(count)\n\(logs)") {
            count = try await logged()
            return count >= before + read + more
        }
    }
}
