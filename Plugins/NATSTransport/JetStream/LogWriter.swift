// One append to one log. Its last message decides: until that is stored readers see the log as it was, and every
// message expects the one before it, so that nobody else's can come between.
#if NATS
internal import NIOCore
internal import TransportAPI

/// Appends to one log. Lives for one call on a call thread.
struct LogWriter {
    /// How often an append begins again because the end of the log was not what it expected.
    private static let attemptsMax = 4

    private let place: LogPlace
    private let entries: [LogEntry]
    private let after: UInt64
    private let lifetime: TimeAmount
    private let limits: LogLimits
    private let writeID = UInt64.random(in: .min ... .max)

    init(_ place: LogPlace, _ entries: [LogEntry], after: UInt64, lifetime: TimeAmount, limits: LogLimits) {
        self.place = place
        self.entries = entries
        self.after = after
        self.lifetime = lifetime
        self.limits = limits
    }

    /// Whatever ends it but success leaves nothing remembered of the log.
    func append(_ heads: inout LogHeads, _ turn: inout JetStreamStore.Threads.Turn) throws(TransportError) -> LogAppend
    {
        var known = heads.take(place.key, now: .now())
        for _ in 0..<Self.attemptsMax {
            let isFresh = known == nil
            let head = if let known { known } else { try look() }
            known = nil
            // A connection that broke may have carried the last message twice.
            if head.isEnd(of: writeID, entries) { return .appended }
            let base: LogIndex
            if entries.isEmpty {
                if head.index.isEmpty { return .appended }
                base = head.index
            } else {
                switch LogPlan.verdict(entries, after: after, behind: head.index) {
                case .stale(let top):
                    if isFresh { return .stale(top: top) }
                    continue
                case .goOn: base = head.index
                case .beginAnew: base = LogIndex(floor: after)
                }
            }
            guard let end = try write(head, base) else { continue }
            if let begin = end.index.begin, head.sequence > 0, begin != head.index.begin {
                let place = place
                turn.afterwards = { _ in place.purge(below: begin) }
            }
            heads.put(end, of: place.key)
            return .appended
        }
        throw TransportError(
            .overloaded, .notDelivered, "\(place.name): another writer appended to the same log all the time")
    }

    // MARK: Parts

    private func look() throws(TransportError) -> LogHead {
        let nothing = LogIndex(floor: 0)
        switch try place.last() {
        case .none: return LogHead(sequence: 0, writeID: nil, index: nothing, aliveUntil: .now())
        case .void(let sequence):
            return LogHead(sequence: sequence, writeID: nil, index: nothing, aliveUntil: .now())
        case .found(let found):
            return LogHead(
                sequence: found.sequence, writeID: found.message.writeID, index: found.index,
                aliveUntil: .now())
        }
    }

    /// - Parameters:
    ///   - head: how the log ends. Messages that do not decide carry its index on.
    ///   - base: what the new entries go behind.
    /// - Returns: how the log ends afterwards, or nil when it did not end with `head`.
    private func write(_ head: LogHead, _ base: LogIndex) throws(TransportError) -> LogHead? {
        var lots: [LogIndex.Lot] = []
        var sequence = head.sequence
        let size = try place.pieceBytesMax()
        var pieces: [(lot: Int, bytes: ByteBuffer)] = []
        for (lot, bytes) in LogPlan.lots(entries, limits: limits) {
            for piece in LogPlan.pieces(bytes, of: size) { pieces.append((lots.count, piece)) }
            lots.append(lot)
        }
        for piece in pieces.dropLast() {
            guard case .stored(let stored) = try place.write(message(head.index, piece.bytes), after: sequence) else {
                return nil
            }
            lots[piece.lot].pieces.append(stored)
            sequence = stored
        }
        var index = base
        if let piece = pieces.last {
            lots[piece.lot].pieces.append(LogIndex.own)
            index.add(lots, head: head.sequence, limits: limits)
        }
        let sent = NIODeadline.now()
        let last = try place.write(message(index, pieces.last?.bytes ?? ByteBuffer()), after: sequence)
        guard case .stored(let own) = last else { return nil }
        index.resolve(own: own)
        return LogHead(sequence: own, writeID: writeID, index: index, aliveUntil: sent + lifetime)
    }

    private func message(_ index: LogIndex, _ piece: ByteBuffer) -> LogMessage {
        LogMessage(key: place.key, lifetime: lifetime, writeID: writeID, index: index, piece: piece)
    }
}
#endif
