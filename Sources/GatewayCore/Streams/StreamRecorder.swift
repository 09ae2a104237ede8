// Puts the events of a stream that nobody listens to into the log, so that they outlive the host. While a client
// listens nothing is written, and no event waits for the log.
internal import Logging
internal import NIOCore
internal import TransportAPI

/// Writes one stream to the log. Belongs to the stream's event loop.
final class StreamRecorder {
    /// Entries of one append, and bytes behind which it takes no more.
    private static let batchMax = 256
    private static let batchBytesMax = 1024 * 1024
    /// After a failure that may pass, the same is appended again.
    private static let retryAfter = TimeAmount.seconds(1)

    private let worker: Worker
    private let log: any StreamLog
    private let key: Key128
    private unowned let stream: HostedStream
    /// What the log has not acknowledged yet, an append that is under way included. The ring may forget it meanwhile.
    private var pending = CircularBuffer<LogEntry>()
    private var pendingBytes = 0
    /// Up to which number events were taken from the ring.
    private var position: UInt64
    private var isWriting = false
    private var hasEnded = false
    private var hasWarned = false
    /// Nobody listens: write.
    var isActive = true {
        didSet { if isActive { write() } else if !isWriting { drop() } }
    }

    init(_ stream: HostedStream, _ log: any StreamLog, _ worker: Worker) {
        self.stream = stream
        self.log = log
        self.worker = worker
        key = Self.key(host: worker.gateway.parts.member.incarnation, stream.name)
        position = stream.ring.first &- 1
    }

    deinit { worker.unloggedBytes -= pendingBytes }

    /// What the log knows a stream by.
    static func key(host: UInt64, _ name: StreamName) -> Key128 { Key128(high: host, low: name.packed) }

    /// Hands on what is new. An empty entry behind everything says that the stream is complete.
    func write() {
        guard isActive, !hasEnded else { return }
        gather()
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

    /// The oldest entries, without a hole.
    private func batch() -> [LogEntry] {
        var entries: [LogEntry] = []
        var bytes = 0
        for entry in pending.prefix(Self.batchMax) {
            if let last = entries.last, entry.number != last.number &+ 1 || bytes >= Self.batchBytesMax { break }
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
            switch result {
            case .success(.appended):
                worker.metrics.logEvents &+= UInt64(isComplete ? 0 : entries.count)
                settle(upTo: entries.last?.number ?? after)
            case .success(.stale(let top)):
                settle(upTo: max(top, entries.last?.number ?? after))
                position = max(position, top)
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
        append([LogEntry(number: position &+ 1, event: ByteBuffer())], after: position, isComplete: true)
    }

    private func settle(upTo number: UInt64) {
        while let first = pending.first, first.number <= number { removeFirst() }
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
