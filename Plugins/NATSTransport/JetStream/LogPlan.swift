// What an append is to do, decided from the end of the log as it stands: refuse, or write these lots behind that. Pure.
internal import NIOCore
internal import TransportAPI

/// The part of an append that needs no server.
enum LogPlan {
    enum Verdict: Equatable {
        case stale(top: UInt64)
        /// Behind what is there.
        case goOn
        /// There is nothing before, or a hole: nobody may read across it.
        case beginAnew
    }

    /// - Parameter entries: not empty.
    static func verdict(_ entries: [LogEntry], after: UInt64, behind index: LogIndex) -> Verdict {
        let top = index.top
        var last = after
        for entry in entries {
            guard entry.number > last else { return .stale(top: top ?? 0) }
            last = entry.number
        }
        guard let top else { return .beginAnew }
        if after < top { return .stale(top: top) }
        return after == top ? .goOn : .beginAnew
    }

    /// Entries that are written together, each group with its bytes.
    static func lots(_ entries: [LogEntry], limits: LogLimits) -> [(lot: LogIndex.Lot, bytes: ByteBuffer)] {
        var lots: [(lot: LogIndex.Lot, bytes: ByteBuffer)] = []
        var start = entries.startIndex
        while start < entries.endIndex {
            var end = start
            var bytes = 0
            repeat {
                bytes += entries[end].event.readableBytes
                end += 1
            } while end < entries.endIndex && end - start < limits.lotEntries
                && bytes + entries[end].event.readableBytes <= limits.lotBytes
            let part = entries[start..<end]
            let lot = LogIndex.Lot(
                first: entries[start].number, top: entries[end - 1].number, entries: part.count, bytes: bytes,
                pieces: [])
            lots.append((lot, LotBytes.write(part)))
            start = end
        }
        return lots
    }

    /// Cuts the bytes of a lot into pieces that fit in a message; at least one.
    static func pieces(_ bytes: ByteBuffer, of size: Int) -> [ByteBuffer] {
        var bytes = bytes
        var pieces: [ByteBuffer] = []
        while bytes.readableBytes > size, let piece = bytes.readSlice(length: size) { pieces.append(piece) }
        pieces.append(bytes.slice())
        return pieces
    }
}
