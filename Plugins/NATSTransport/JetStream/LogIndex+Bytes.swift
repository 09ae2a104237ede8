// How an index is written into a message: differences to the row before, so that a row takes about ten bytes. Pure.
internal import NIOCore

extension LogIndex {
    /// Rows of an index that is read. More are refused.
    private static let rowsMax = 65_536
    private static let piecesMax = 65_536

    func write(into buffer: inout ByteBuffer) {
        buffer.writeVarint(floor)
        buffer.writeVarint(UInt64(clamping: chapters.count))
        buffer.writeVarint(UInt64(clamping: lots.count))
        var number = floor
        var sequence: UInt64 = 0
        for chapter in chapters {
            Self.writeNumbers(chapter.first, chapter.top, chapter.entries, chapter.bytes, &number, &buffer)
            buffer.writeVarint(chapter.begin &- sequence)
            buffer.writeVarint(chapter.list &- chapter.begin)
            sequence = chapter.list
        }
        for lot in lots {
            Self.writeNumbers(lot.first, lot.top, lot.entries, lot.bytes, &number, &buffer)
            buffer.writeVarint(UInt64(clamping: lot.pieces.count))
            for piece in lot.pieces {
                // No two messages have one sequence: no difference stands for the carrier.
                buffer.writeVarint(piece == Self.own ? 0 : piece &- sequence)
                if piece != Self.own { sequence = piece }
            }
        }
    }

    /// Nil when the bytes are not those of an index. Rows grow; numbers and sequences that do not are refused.
    /// - Parameter own: the sequence of the message that carries it.
    init?(_ buffer: inout ByteBuffer, own: UInt64) {
        guard let floor = buffer.readVarint(), let chapterCount = buffer.readVarintCount(),
            let lotCount = buffer.readVarintCount(), chapterCount <= Self.rowsMax, lotCount <= Self.rowsMax
        else { return nil }
        self.init(floor: floor)
        var number = floor
        var sequence: UInt64 = 0
        for _ in 0..<chapterCount {
            guard let row = Self.readNumbers(&number, &buffer), let begin = Self.next(&sequence, &buffer),
                let list = Self.next(&sequence, &buffer)
            else { return nil }
            chapters.append(
                Chapter(
                    first: row.first, top: row.top, entries: row.entries, bytes: row.bytes, begin: begin, list: list))
        }
        for _ in 0..<lotCount {
            guard let row = Self.readNumbers(&number, &buffer), let count = buffer.readVarintCount(),
                (1...Self.piecesMax).contains(count)
            else { return nil }
            var pieces: [UInt64] = []
            for _ in 0..<count {
                guard let step = buffer.readVarint() else { return nil }
                let (piece, isOver) = step == 0 ? (own, false) : sequence.addingReportingOverflow(step)
                guard !isOver, piece > sequence else { return nil }
                pieces.append(piece)
                sequence = piece
            }
            lots.append(
                Lot(first: row.first, top: row.top, entries: row.entries, bytes: row.bytes, pieces: pieces))
        }
    }

    private static func writeNumbers(
        _ first: UInt64, _ top: UInt64, _ entries: Int, _ bytes: Int, _ number: inout UInt64, _ buffer: inout ByteBuffer
    ) {
        buffer.writeVarint(first &- number)
        buffer.writeVarint(top &- first)
        buffer.writeVarint(UInt64(clamping: entries))
        buffer.writeVarint(UInt64(clamping: bytes))
        number = top
    }

    private static func readNumbers(_ number: inout UInt64, _ buffer: inout ByteBuffer) -> (
        first: UInt64, top: UInt64, entries: Int, bytes: Int
    )? {
        guard let step = buffer.readVarint(), step > 0, let span = buffer.readVarint(),
            let entries = buffer.readVarintCount(), entries > 0, let bytes = buffer.readVarintCount()
        else { return nil }
        let (first, isOver) = number.addingReportingOverflow(step)
        let (top, isOverToo) = first.addingReportingOverflow(span)
        guard !isOver, !isOverToo else { return nil }
        number = top
        return (first, top, entries, bytes)
    }

    /// A sequence is above the one before, except that a chapter of one message lists itself.
    private static func next(_ sequence: inout UInt64, _ buffer: inout ByteBuffer) -> UInt64? {
        guard let step = buffer.readVarint() else { return nil }
        let (next, isOver) = sequence.addingReportingOverflow(step)
        guard !isOver, next > 0 else { return nil }
        sequence = next
        return next
    }
}
