// Puts the events of a stream that nobody listens to into the log, so that they outlive the host. While a client
// listens nothing is written, and no event waits for the log.
internal import Logging
internal import NIOCore
internal import SealedBox
internal import TransportAPI

/// Writes one stream to the log. Belongs to the stream's event loop.
final class StreamRecorder {
    /// Entries of one append, and bytes behind which it takes no more.
    private static let batchMax = 256
    private static let batchBytesMax = 1024 * 1024
    /// After a failure that may pass, the same is appended again.
    private static let retryAfter = TimeAmount.seconds(1)
    /// So many failures in a row, and no drain waits for the log.
    private static let failuresMax = 2

    private let worker: Worker
    private let log: any StreamLog
    private let key: Key128
    private unowned let stream: HostedStream
    /// What the log has not acknowledged yet, an append that is under way included. The ring may forget it meanwhile.
    private var pending = CircularBuffer<LogEntry>()
    private var pendingBytes = 0
    /// Up to which number events were taken from the ring.
    private var position: UInt64
    /// Up to which number the log has them.
    private var logged: UInt64
    private var isWriting = false
    private var hasEnded = false
    private var hasWarned = false
    /// Appends in a row that were not acknowledged.
    private var failures = 0
    /// Nobody listens: write.
    var isActive = true {
        didSet { if isActive { write() } else if !isWriting { drop() } }
    }

    init(_ stream: HostedStream, _ log: any StreamLog, _ worker: Worker) {
        self.stream = stream
        self.log = log
        self.worker = worker
        key = Self.key(of: stream.session.id, host: worker.gateway.parts.member.incarnation, stream.name)
        position = stream.ring.first &- 1
        logged = position
    }

    deinit { worker.unloggedBytes -= pendingBytes }

    /// What the log knows a stream by. The session is a part of it, because a client can write any name of a stream
    /// into an event id of its own, and must find nothing there that is another session's.
    static func key(of session: SessionID, host: UInt64, _ name: StreamName) -> Key128 {
        let words = [session.high, session.low, host, name.packed, UInt64(name.kind.rawValue)].map(\.bigEndian)
        let digest = words.withUnsafeBytes { Digest.sha256($0) }
        func word(_ start: Int) -> UInt64 { digest.dropFirst(start).prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
        return Key128(high: word(0), low: word(8))
    }

    /// What the log does not have yet is on its way.
    var isTaking: Bool { isActive && !hasEnded }

    /// That event is among it.
    func isBringing(_ number: UInt64) -> Bool {
        guard isTaking, let first = pending.first else { return false }
        return first.number <= number
    }

    /// The stream is over, and the log, which takes events, does not have all of it yet.
    var isFinishing: Bool { isActive && !hasEnded && failures < Self.failuresMax && stream.exchange == nil }

    /// Hands on what is new. An empty entry behind everything says that the stream is complete.
    func write() {
        guard isActive, !hasEnded else { return }
        gather()
        while !isWriting, let first = pending.first, isTooLarge(first) { removeFirst() }
        guard !isWriting, let first = pending.first else { return complete() }
        append(batch(), after: first.number &- 1)
    }

    /// Takes what is new from the ring. Where the ring has forgotten some of it, or there is no room, the log begins
    /// anew behind the hole.
    private func gather() {
        let limits = worker.gateway.parts.limits
        if position &+ 1 < stream.ring.first { position = stream.ring.first &- 1 }
        for event in stream.ring.events(after: position) ?? [] {
            guard pending.isEmpty || worker.unloggedBytes < limits.unloggedBytes else { return }
            position &+= 1
            pending.append(LogEntry(number: position, event: event))
            pendingBytes += event.readableBytes
            worker.unloggedBytes += event.readableBytes
        }
    }

    /// The oldest entries, without a hole. What is too large for the log becomes one.
    private func batch() -> [LogEntry] {
        var entries: [LogEntry] = []
        var bytes = 0
        for entry in pending.prefix(Self.batchMax) {
            if let last = entries.last, entry.number != last.number &+ 1 || bytes >= Self.batchBytesMax { break }
            if isTooLarge(entry) { break }
            entries.append(entry)
            bytes += entry.event.readableBytes
        }
        return entries
    }

    private func append(_ entries: [LogEntry], after: UInt64, isComplete: Bool = false) {
        isWriting = true
        // Held until the append is over, since a complete stream may be forgotten meanwhile.
        let stream = stream
        log.append(
            entries, to: key, after: after, lifetime: worker.gateway.parts.waits.detachedStream * 2, on: worker.loop
        ).assumeIsolated().whenComplete { [self] result in
            isWriting = false
            if case .success = result { failures = 0 }
            switch result {
            case .success(.appended):
                worker.metrics.logEvents &+= settle(upTo: entries.last?.number ?? after)
            case .success(.stale(let top)) where top > after:
                // An append had happened that was not acknowledged. It may have had less than this one.
                worker.metrics.logEvents &+= settle(upTo: top)
            case .success(.stale):
                settle(upTo: entries.last?.number ?? after)
            case .failure(let error): return failed(stream, error)
            }
            if isComplete {
                hasEnded = true
                worker.metrics.logStreams &+= 1
            } else if isActive {
                write()
            } else {
                drop()
            }
        }
    }

    /// Says that the stream is over, once the log has everything.
    private func complete() {
        guard !isWriting, stream.exchange == nil, position &+ 1 == stream.ring.next else { return }
        // Behind a hole the mark would be all that the log has.
        guard logged == position else { return hasEnded = true }
        append([LogEntry(number: position &+ 1, event: ByteBuffer())], after: position, isComplete: true)
    }

    private func isTooLarge(_ entry: LogEntry) -> Bool { entry.event.readableBytes > log.eventBytesMax }

    /// - Returns: how many events are no longer pending.
    @discardableResult
    private func settle(upTo number: UInt64) -> UInt64 {
        logged = max(logged, number)
        let before = pending.count
        while let first = pending.first, first.number <= number { removeFirst() }
        return UInt64(before - pending.count)
    }

    private func removeFirst() {
        guard let first = pending.popFirst() else { return }
        pendingBytes -= first.event.readableBytes
        worker.unloggedBytes -= first.event.readableBytes
    }

    /// Somebody listens again: what has not left is not needed, and is in the ring if it ever is.
    private func drop() {
        if let first = pending.first { position = first.number &- 1 }
        while !pending.isEmpty { removeFirst() }
    }

    /// What a busy or absent broker has not taken it may take later, and says then if it had taken it already.
    /// Otherwise the host's own memory is all there is.
    private func failed(_ stream: HostedStream, _ error: any Error) {
        worker.metrics.logFailures &+= 1
        failures += 1
        let mayPass = [.timedOut, .interrupted, .unreachable, .overloaded].contains((error as? TransportError)?.code)
        if mayPass {
            isWriting = true
            worker.loop.assumeIsolated().scheduleTask(in: Self.retryAfter) { [weak self, weak stream] in
                guard let self, stream != nil else { return }
                isWriting = false
                if isActive { write() } else { drop() }
            }
        } else {
            hasEnded = true
            while !pending.isEmpty { removeFirst() }
        }
        guard !hasWarned else { return }
        hasWarned = true
        worker.gateway.parts.logger.warning(
            "the log takes no events: this stream can be resumed only while this process lives",
            metadata: [
                "session": "\(stream.session.fingerprint)", "error": "\(error)", "again": "\(mayPass)",
            ])
    }
}
