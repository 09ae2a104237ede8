// Why Redis did not do what it was asked, from what it said: above all, whether it may have done it. Pure.
internal import TransportAPI

enum RedisFailure {
    /// - Parameters:
    ///   - text: the server's error, whose first word is its code.
    ///   - what: was asked, for people.
    static func error(_ text: String, _ what: String) -> TransportError {
        let code = text.prefix { $0 != " " }
        let (kind, advice): (TransportError.Code, String) = switch code {
        case "NOPERM": (.unreachable, "give its user the rights that the documentation lists")
        case "NOAUTH", "WRONGPASS": (.unreachable, "check user and password")
        case "OOM": (.overloaded, "raise its maxmemory")
        case "MISCONF": (.overloaded, "see its log: it cannot write to its disk")
        case "READONLY": (.unreachable, "point at the primary: this server is a replica")
        case "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN":
            (.unreachable, "Redis Cluster is not supported: point at one server that has all keys")
        case "LOADING", "BUSY", "MASTERDOWN", "NOREPLICAS": (.unreachable, "it will try again")
        // Anything else may come from the middle of a script.
        default: (.malformed, "look it up in the documentation of Redis")
        }
        let delivery: TransportError.Delivery = kind == .malformed ? .unknown : .notDelivered
        return TransportError(kind, delivery, "\(what): Redis said '\(text.prefix(textMax))'; \(advice)")
    }

    private static let textMax = 300

    /// The server refuses who we are; patience does not change that.
    static func isFinal(_ text: String) -> Bool {
        ["NOAUTH", "WRONGPASS", "NOPERM"].contains { text.hasPrefix($0) } || text.hasPrefix("ERR DB index")
            || text.hasPrefix("ERR AUTH") || text.hasPrefix("ERR invalid password")
    }
}
