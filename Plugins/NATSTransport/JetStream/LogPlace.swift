// One log at the server during one call: its messages, and its end.
#if NATS
internal import NIOCore
internal import TransportAPI
internal import TransportKit

/// Reads and writes the messages of one log. Lives for one call on a call thread.
struct LogPlace {
    /// A message that is there and opens.
    struct Found {
        var sequence: UInt64
        /// The server's clock when it was stored.
        var time: Int64
        var message: LogMessage
        var index: LogIndex
    }

    enum Last {
        case none
        /// Its time is over, or no member has written it. The sequence that a write has to expect.
        case void(UInt64)
        case found(Found)
    }

    /// Removing what is not needed any more may take so long.
    private static let purgeTimeout = TimeAmount.seconds(1)

    let store: JetStreamStore
    let seal: StoreSeal
    let key: Key128
    let name: String
    let deadline: NIODeadline

    private var subject: String { "\(store.options.prefix).log.\(key.digits)" }
    private var stream: String { store.logs.name }

    /// Bytes of a lot that fit in one message beside an index.
    func pieceBytesMax() throws(TransportError) -> Int {
        max(1, try store.jetStream(name).payloadBytesMax - StoreProbe.logOverheadMax)
    }

    func last() throws(TransportError) -> Last {
        let kept = try store.call(name, by: deadline) { jetStream throws(JetStreamFailure) in
            try jetStream.last(subject, in: stream, by: deadline)
        }
        guard let kept else { return .none }
        guard let message = open(kept), let index = message.index(at: kept.sequence) else {
            return .void(kept.sequence)
        }
        if try store.isOver(since: kept.time, lifetime: message.lifetime, name, by: deadline) {
            return .void(kept.sequence)
        }
        return .found(Found(sequence: kept.sequence, time: kept.time, message: message, index: index))
    }

    /// Nil when it is not there, or is not of this log.
    func message(_ sequence: UInt64) throws(TransportError) -> LogMessage? {
        try store.call(name, by: deadline) { jetStream throws(JetStreamFailure) in
            try jetStream.message(sequence, in: stream, by: deadline)
        }.flatMap(open)
    }

    func write(_ message: LogMessage, after expected: UInt64) throws(TransportError) -> KeptWrite {
        let sealed = seal.seal(message.bytes)
        return try store.call(name, by: deadline) { jetStream throws(JetStreamFailure) in
            try jetStream.publish(sealed, to: subject, in: stream, after: expected, by: deadline)
        }
    }

    /// Removes all messages of the log.
    func remove() throws(TransportError) {
        try store.call(name, by: deadline) { jetStream throws(JetStreamFailure) in
            try jetStream.purge(subject, in: stream, by: deadline)
        }
    }

    /// Removes messages that are in no index any more. If it fails they go with their age, or the next time.
    func purge(below sequence: UInt64) {
        let deadline = NIODeadline.now() + Self.purgeTimeout
        do throws(TransportError) {
            let jetStream = try store.jetStream(name)
            try? jetStream.purge(subject, in: stream, below: sequence, by: deadline)
        } catch {}
    }

    private func open(_ kept: KeptMessage) -> LogMessage? {
        guard let bytes = seal.open(kept.body), let message = LogMessage(bytes, of: key) else {
            store.reportUnreadable("log", stream)
            return nil
        }
        return message
    }
}
#endif
