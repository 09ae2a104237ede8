// What one message of a log holds, before it is sealed: the index of the log as it is with this message, and a piece of
// a lot. The last message of an append is the one whose index contains the append. Pure.
internal import NIOCore
internal import TransportAPI

struct LogMessage: Equatable {
    /// What a message takes besides index and piece.
    static let overhead = 1 + 16 + 8 + 8 + 4
    private static let version: UInt8 = 1

    var key: Key128
    /// Nanoseconds from the time of the message; not negative.
    var lifetime: Int64
    /// Random for each append, so that a writer knows its own.
    var writeID: UInt64
    var piece: ByteBuffer
    /// As bytes, for who reads a piece does not look at it.
    private var indexBytes: ByteBuffer

    init(key: Key128, lifetime: TimeAmount, writeID: UInt64, index: LogIndex, piece: ByteBuffer) {
        self.key = key
        self.lifetime = max(0, lifetime.nanoseconds)
        self.writeID = writeID
        self.piece = piece
        indexBytes = ByteBuffer()
        index.write(into: &indexBytes)
    }

    /// Nil when it is not one.
    /// - Parameter sequence: of this message.
    func index(at sequence: UInt64) -> LogIndex? {
        var bytes = indexBytes
        let index = LogIndex(&bytes, own: sequence)
        return bytes.readableBytes == 0 ? index : nil
    }

    var bytes: ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(Self.overhead + piece.readableBytes + indexBytes.readableBytes)
        buffer.writeInteger(Self.version)
        buffer.writeInteger(key.high)
        buffer.writeInteger(key.low)
        buffer.writeInteger(lifetime)
        buffer.writeInteger(writeID)
        buffer.writeInteger(UInt32(clamping: piece.readableBytes))
        buffer.writeImmutableBuffer(piece)
        buffer.writeImmutableBuffer(indexBytes)
        return buffer
    }

    /// Nil when the bytes are not those of a message, or are those of another log.
    init?(_ bytes: ByteBuffer, of key: Key128) {
        var bytes = bytes
        guard bytes.readInteger(as: UInt8.self) == Self.version, bytes.readInteger(as: UInt64.self) == key.high,
            bytes.readInteger(as: UInt64.self) == key.low, let lifetime = bytes.readInteger(as: Int64.self),
            lifetime >= 0, let writeID = bytes.readInteger(as: UInt64.self),
            let count = bytes.readInteger(as: UInt32.self), let piece = bytes.readSlice(length: Int(count))
        else { return nil }
        self.key = key
        self.lifetime = lifetime
        self.writeID = writeID
        self.piece = piece
        indexBytes = bytes.slice()
    }
}

/// The entries of one lot as bytes.
enum LotBytes {
    /// What an entry takes besides its event.
    static let entryOverhead = 8 + 4

    static func write(_ entries: some Sequence<LogEntry>) -> ByteBuffer {
        var buffer = ByteBuffer()
        for entry in entries {
            buffer.writeInteger(entry.number)
            buffer.writeInteger(UInt32(clamping: entry.event.readableBytes))
            buffer.writeImmutableBuffer(entry.event)
        }
        return buffer
    }

    /// Nil when the bytes are not the entries that the index says.
    static func read(_ bytes: ByteBuffer, as lot: LogIndex.Lot) -> [LogEntry]? {
        var bytes = bytes
        var entries: [LogEntry] = []
        while let number = bytes.readInteger(as: UInt64.self) {
            guard let count = bytes.readInteger(as: UInt32.self), let event = bytes.readSlice(length: Int(count)),
                number > entries.last?.number ?? 0 || entries.isEmpty
            else { return nil }
            entries.append(LogEntry(number: number, event: event))
        }
        guard bytes.readableBytes == 0, entries.count == lot.entries, entries.first?.number == lot.first,
            entries.last?.number == lot.top
        else { return nil }
        return entries
    }
}
