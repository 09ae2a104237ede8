// One event of a `text/event-stream`, and the reading of such a stream's text. Comments are passed over.
import Foundation

struct ServerEvent: Sendable, Equatable {
    var id: String?
    var event: String?
    var retry: String?
    var payload = ""

    var message: JSONValue? { payload.isEmpty ? nil : JSONValue(parsing: Array(payload.utf8)) }

    /// The events in a piece of a stream that ends with an empty line. Comments are left out.
    static func all(in text: String) -> [ServerEvent] {
        let lines = text.replacingOccurrences(of: "\r\n", with: "\n").components(separatedBy: "\n")
        var found: [ServerEvent] = []
        var event = ServerEvent()
        for line in lines {
            if line.isEmpty {
                if event != ServerEvent() { found.append(event) }
                event = ServerEvent()
                continue
            }
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
            switch parts[0] {
            case "data": event.payload += event.payload.isEmpty ? value : "\n" + value
            case "id": event.id = value
            case "event": event.event = value
            case "retry": event.retry = value
            default: break
            }
        }
        return found
    }
}
