// One page of one log: the end of the log says where everything stands, and messages are fetched by their sequence,
// which costs the server the same wherever they are.
#if NATS
internal import NIOCore
internal import TransportAPI

/// Reads from one log. Lives for one call on a call thread.
struct LogReader {
    /// Bytes of a page after which it ends, shorter than asked for.
    private static let pageBytesMax = 8 * 1024 * 1024
    /// A page also ends when this part of the call's time is left.
    private static let reserve = TimeAmount.milliseconds(500)
    /// What was cut off while it was read is looked up again so often.
    private static let attemptsMax = 3

    private let place: LogPlace
    private let position: UInt64
    private let limit: Int

    init(_ place: LogPlace, after position: UInt64, limit: Int) {
        self.place = place
        self.position = position
        // An empty page means the end, so a limit of none is taken for one.
        self.limit = max(1, limit)
    }

    func read() throws(TransportError) -> LogRead {
        var missed: UInt64?
        for _ in 0..<Self.attemptsMax {
            guard case .found(let head) = try place.last(), !head.index.isEmpty else {
                return .lost(first: nil)
            }
            let index = head.index
            guard position >= index.floor else { return .lost(first: index.first) }
            if let page = try page(head) { return .page(page) }
            // Missing at the server though the index has it: the whole stream was over its bytes, or was purged.
            if missed == head.sequence { return .lost(first: try firstLeft(head)) }
            missed = head.sequence
        }
        throw TransportError(
            .overloaded, .notDelivered, "\(place.name): the log was cut off faster than it could be read")
    }

    // MARK: Parts

    /// Nil when a message is not there.
    private func page(_ head: LogPlace.Found) throws(TransportError) -> [LogEntry]? {
        var entries: [LogEntry] = []
        var bytes = 0
        let index = head.index
        for chapter in index.chapters where chapter.top > position {
            guard let list = try place.message(chapter.list)?.index(at: chapter.list) else { return nil }
            let isWhole = try take(list.lots.filter { $0.first >= chapter.first }, head, &entries, &bytes)
            guard isWhole else { return nil }
            // The last lot of a chapter has its last entry, or the chapter is not what the index says.
            guard isFull(entries, bytes) || entries.last?.number == chapter.top else { return nil }
            if isFull(entries, bytes) { return entries }
        }
        return try take(index.lots, head, &entries, &bytes) ? entries : nil
    }

    /// Puts the entries of these lots behind what is there until it is enough.
    /// - Returns: false when a message is not there.
    private func take(
        _ lots: [LogIndex.Lot], _ head: LogPlace.Found, _ entries: inout [LogEntry], _ bytes: inout Int
    ) throws(TransportError) -> Bool {
        for lot in lots where lot.top > position {
            if isFull(entries, bytes) { return true }
            guard let all = try fetch(lot, head) else { return false }
            for entry in all where entry.number > position && entries.count < limit {
                entries.append(entry)
                bytes += entry.event.readableBytes
            }
        }
        return true
    }

    private func isFull(_ entries: [LogEntry], _ bytes: Int) -> Bool {
        guard !entries.isEmpty else { return false }
        return entries.count >= limit || bytes >= Self.pageBytesMax || NIODeadline.now() + Self.reserve > place.deadline
    }

    private func fetch(_ lot: LogIndex.Lot, _ head: LogPlace.Found) throws(TransportError) -> [LogEntry]? {
        var bytes = ByteBuffer()
        for sequence in lot.pieces {
            if sequence == head.sequence {
                bytes.writeImmutableBuffer(head.message.piece)
            } else {
                guard let message = try place.message(sequence) else { return nil }
                if lot.pieces.count == 1 {
                    bytes = message.piece
                } else {
                    bytes.writeImmutableBuffer(message.piece)
                }
            }
        }
        return LotBytes.read(bytes, as: lot)
    }

    /// The oldest number after which nothing is missing at the server. What it removes by itself, it removes in order.
    private func firstLeft(_ head: LogPlace.Found) throws(TransportError) -> UInt64? {
        var lots: [LogIndex.Lot] = []
        for chapter in head.index.chapters {
            guard let list = try place.message(chapter.list)?.index(at: chapter.list) else { continue }
            lots += list.lots
            break
        }
        lots += head.index.lots
        for lot in lots where lot.top > position {
            if try fetch(lot, head) != nil { return lot.first }
        }
        return nil
    }
}
#endif
