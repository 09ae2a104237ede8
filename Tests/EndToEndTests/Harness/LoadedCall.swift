// One call of a load, with a text of its own, and the client's way to its end: in a session it comes back for what is
// missing, at the next node.
import Foundation

struct LoadedCall: Sendable {
    /// How often a client comes back for an answer, with a moment in between, until it gives up.
    private static let returnsMax = 500

    /// The text that it sends, must get back, and leaves in the tally.
    let label = Cluster.label("load")
    private let id = Peer.unusedID()
    private var arguments: String { #"{"text":"\#(label)","label":"\#(label)"}"# }
    /// What it sends in a session.
    var body: String { Peer.call("echo", arguments, id: id) }

    /// Without a session: there is one answer or none.
    func ending(at endpoint: Endpoint) async -> CallLoad.Ending {
        var call = ModernCall("tools/call", named: "echo", #""arguments":\#(arguments),"#)
        call.id = "\(id)"
        do {
            let answer = try await call.sent(to: endpoint)
            return refusal(answer.status) ?? ending(with: answer.messages)
        } catch {
            return .cut("\(error)")
        }
    }

    /// In a session: a client that has got an event id asks for the rest.
    func ending(in peer: Peer, at nodes: [Gateway], from place: Int) async -> CallLoad.Ending {
        var messages: [JSONValue] = []
        var lastID: String?
        var reason = ""
        for turn in 0..<Self.returnsMax {
            let peer = peer.at(nodes[(place + turn) % nodes.count])
            do {
                let stream = try await open(peer, lastID)
                if let refusal = refusal(stream.head.status) {
                    guard lastID != nil, refusal == .refused("503") else { return refusal }
                } else if stream.head["Content-Type"] != "text/event-stream" {
                    return ending(with: try await stream.whole().messages)
                }
                while let event = try await stream.next() {
                    if let id = event.id { lastID = id }
                    if let message = event.message { messages.append(message) }
                }
            } catch {
                reason = "\(error)"
            }
            if messages.contains(where: { $0["method"] == .null }) { return ending(with: messages) }
            guard lastID != nil else { return .cut(reason) }
            try? await Task.sleep(for: Deadline.pause)
        }
        return .foreign("no end of a call that has an id: \(reason)")
    }

    private func open(_ peer: Peer, _ lastID: String?) async throws -> EventStream {
        guard let lastID else { return try await peer.stream("POST", body) }
        return try await EventStream.open(peer.endpoint, "GET", peer.headers + [("Last-Event-ID", lastID)])
    }

    private func refusal(_ status: Int) -> CallLoad.Ending? {
        if status == 200 { return nil }
        return [404, 503].contains(status) ? .refused("\(status)") : .failed(status)
    }

    private func ending(with messages: [JSONValue]) -> CallLoad.Ending {
        let responses = messages.filter { $0["method"] == .null }
        guard responses.count == 1, responses[0]["id"].integer == id else { return .foreign("\(messages)") }
        if responses[0]["result"]["content"][0]["text"].string == label { return .own }
        switch responses[0]["error"]["data"]["reason"].string {
        case "outcome_unknown": return .unknown
        case let reason? where ["not_delivered", "no_instance"].contains(reason): return .refused(reason)
        default: return .foreign("\(messages)")
        }
    }
}
