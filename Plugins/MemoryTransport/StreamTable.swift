// The streams of the log, as a value: time comes in, nothing waits. Guarded by the backend's mutex, so that each
// function is one step.
internal import NIOCore
internal import TransportAPI

struct StreamTable {
    /// One run of entries without a hole.
    private struct Stream {
        /// The number right before the first entry: who stands there has lost nothing.
        var floor: UInt64
        /// Never empty while the stream is in the table.
        var entries = CircularBuffer<LogEntry>()
        var bytes = 0
        var expiry: NIODeadline

        var top: UInt64 { entries.last?.number ?? floor }
    }

    private let limits: MemoryLimits
    private var streams: [Key128: Stream] = [:]
    private var bytes = 0
    private var sweep = ExpirySweep()

    init(limits: MemoryLimits) { self.limits = limits }

    /// Streams in the table, expired ones that were not swept yet included.
    var count: Int { streams.count }

    /// Entries that do not begin above `after`, or do not grow among themselves, are stale like those below the top.
    mutating func append(
        _ entries: [LogEntry], to key: Key128, after: UInt64, lifetime: TimeAmount, now: NIODeadline
    ) throws(TransportError) -> LogAppend {
        try checkSizes(entries)
        dropExpired(key, now)
        let top = streams[key]?.top
        guard let first = entries.first else {
            streams[key]?.expiry = now + lifetime
            return .appended
        }
        var last = after
        for entry in entries {
            guard entry.number > last else { return .stale(top: top ?? 0) }
            last = entry.number
        }
        if let top, first.number <= top || after < top { return .stale(top: top) }
        // Behind a hole the stream begins anew: nobody may read across it.
        let continues = top == after
        try makeRoom(streams: top == nil ? 1 : 0, bytes: entries.reduce(0) { $0 + $1.event.readableBytes }, now)
        if !continues { remove(key) }
        store(entries, in: key, floor: after, expiry: now + lifetime)
        return .appended
    }

    mutating func read(_ key: Key128, after position: UInt64, limit: Int, now: NIODeadline) -> LogRead {
        dropExpired(key, now)
        guard let stream = streams[key] else { return .lost(first: nil) }
        guard position >= stream.floor else { return .lost(first: stream.entries.first?.number) }
        let start = Self.index(after: position, in: stream.entries)
        // An empty page means the end, so a limit of none is taken for one.
        return .page(Array(stream.entries.dropFirst(start).prefix(max(1, limit))))
    }

    mutating func remove(_ key: Key128) {
        guard let stream = streams.removeValue(forKey: key) else { return }
        bytes -= stream.bytes
    }

    mutating func forget() {
        streams = [:]
        bytes = 0
    }

    // MARK: Parts

    private mutating func store(_ entries: [LogEntry], in key: Key128, floor: UInt64, expiry: NIODeadline) {
        // Taken out while it changes, so that it is not copied.
        var stream = streams.removeValue(forKey: key) ?? Stream(floor: floor, expiry: expiry)
        let before = stream.bytes
        stream.expiry = expiry
        for entry in entries {
            // Copied: a slice would keep the whole buffer alive that it came in.
            let copy = ByteBuffer(bytes: entry.event.readableBytesView)
            stream.entries.append(LogEntry(number: entry.number, event: copy))
            stream.bytes += copy.readableBytes
        }
        while stream.entries.count > limits.streamEntries || stream.bytes > limits.streamBytes,
            stream.entries.count > 1, let oldest = stream.entries.popFirst()
        {
            stream.floor = oldest.number
            stream.bytes -= oldest.event.readableBytes
        }
        bytes += stream.bytes - before
        streams[key] = stream
    }

    private mutating func dropExpired(_ key: Key128, _ now: NIODeadline) {
        if let stream = streams[key], stream.expiry <= now { remove(key) }
    }

    /// How many entries do not stand behind `position`.
    private static func index(after position: UInt64, in entries: CircularBuffer<LogEntry>) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[offset: middle].number <= position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func checkSizes(_ entries: [LogEntry]) throws(TransportError) {
        guard let large = entries.first(where: { $0.event.readableBytes > limits.eventBytes }) else { return }
        throw TransportError(
            .tooLarge, .notDelivered,
            "event \(large.number) of \(large.event.readableBytes) bytes was not appended: the limit is "
                + "\(limits.eventBytes)")
    }

    private mutating func makeRoom(streams more: Int, bytes added: Int, _ now: NIODeadline) throws(TransportError) {
        if sweep.isDue(count: streams.count, isFull: isFull(more, added), now: now) {
            for (key, stream) in streams where stream.expiry <= now { remove(key) }
            sweep.hasSwept(count: streams.count)
        }
        guard isFull(more, added) else { return }
        throw TransportError(
            .overloaded, .notDelivered,
            "nothing was appended: the log holds \(streams.count) streams of \(bytes) bytes, and \(limits.streams) "
                + "streams of \(limits.logBytes) bytes is the limit")
    }

    private func isFull(_ more: Int, _ added: Int) -> Bool {
        streams.count + more > limits.streams || bytes + added > limits.logBytes
    }
}

extension CircularBuffer {
    /// The element so many places behind the first one, which the caller knows to exist.
    fileprivate subscript(offset offset: Int) -> Element { self[index(startIndex, offsetBy: offset)] }
}
