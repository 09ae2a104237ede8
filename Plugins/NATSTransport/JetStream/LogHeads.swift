// What a call thread remembers of the ends of logs that it wrote, so that an append is one message. A memory that is
// wrong does no harm: the server refuses the append, and the end is read. Pure.
internal import NIOCore
internal import TransportAPI

/// The end of one log as its last message says.
struct LogHead: Equatable {
    /// Of the last message; 0 for none.
    var sequence: UInt64
    /// Of the last message; nil when there is none, or none that counts.
    var writeID: UInt64?
    var index: LogIndex
    /// Until then it is there for sure. Later only the server's clock can tell.
    var aliveUntil: NIODeadline

    /// Whether this is how an append has left the log.
    func isEnd(of writeID: UInt64, _ entries: [LogEntry]) -> Bool {
        self.writeID == writeID && (entries.isEmpty || index.top == entries.last?.number)
    }
}

/// The ends of the logs that were written last.
struct LogHeads {
    /// Beyond it one of them is forgotten.
    static let countMax = 1024

    private var heads: [Key128: LogHead] = [:]

    var count: Int { heads.count }

    /// Takes it out: who uses it puts back what the log has become. Nil too when its time may be over.
    mutating func take(_ key: Key128, now: NIODeadline) -> LogHead? {
        heads.removeValue(forKey: key).flatMap { now < $0.aliveUntil ? $0 : nil }
    }

    mutating func put(_ head: LogHead, of key: Key128) {
        if heads[key] == nil, heads.count >= Self.countMax, let other = heads.keys.first {
            heads.removeValue(forKey: other)
        }
        heads[key] = head
    }
}
