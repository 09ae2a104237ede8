// Why Redis did not do what it was asked, from what it said: above all, whether it may have done it. Pure.
internal import TransportAPI

enum RedisFailure {
    private static let textMax = 300

    /// - Parameters:
    ///   - text: the server's error, whose first word is its code.
    ///   - what: was asked, for people.
    ///   - isSecret: it was a password. The server's text may repeat it, and is left out.
    static func error(_ text: String, _ what: String, isSecret: Bool = false) -> TransportError {
        let code = code(of: text)
        let (kind, advice) = isRightOfScript(text) ? (.malformed, rights) : verdict(isSecret ? "WRONGPASS" : code)
        let delivery: TransportError.Delivery = kind == .malformed ? .unknown : .notDelivered
        let said = isSecret ? code : String(text.prefix(textMax))
        return TransportError(kind, delivery, "\(what): Redis said '\(said)'; \(advice)")
    }

    /// The first word. Servers before 7.0 wrap what a command in a script was refused with, which our scripts meet at
    /// the first command that writes, and so before anything has happened.
    private static func code(of text: String) -> String {
        if text.hasPrefix(wrapping), let inner = wrapped.first(where: { text.contains(": -\($0) ") }) { return inner }
        return String(text.prefix { $0 != " " })
    }

    private static let wrapping = "ERR Error running script"
    private static let wrapped = ["READONLY", "OOM", "MISCONF", "NOREPLICAS"]

    private static let rights = "give its user the rights that the documentation lists"

    private static func verdict(_ code: String) -> (TransportError.Code, advice: String) {
        switch code {
        case "NOPERM": (.unreachable, rights)
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
    }

    /// A right that is missing in a script, whose earlier commands have run.
    private static func isRightOfScript(_ text: String) -> Bool {
        text.contains("ACL failure in script") || text.hasPrefix("ERR The user executing the script")
    }

    /// The server is not the one that has the data any more.
    static func isElsewhere(_ text: String) -> Bool {
        ["READONLY", "MASTERDOWN", "MOVED", "CLUSTERDOWN"].contains(code(of: text))
    }

    /// The server refuses who we are; patience does not change that.
    static func isFinal(_ text: String) -> Bool {
        ["NOAUTH", "WRONGPASS", "NOPERM"].contains { text.hasPrefix($0) } || text.hasPrefix("ERR DB index")
            || text.hasPrefix("ERR AUTH") || text.hasPrefix("ERR invalid password")
    }
}
