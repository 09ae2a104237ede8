// Puts the events of a stream that nobody listens to into the log, so that they outlive the host. While a client
// listens nothing is written, and no event waits for the log.
internal import Logging
internal import NIOCore
internal import TransportAPI

/// Writes one stream to the log. Belongs to the stream's event loop.
final class StreamRecorder {
    /// Entries of one append.
    private static let batchMax = 64

    private let worker: Worker
    private let log: any StreamLog
    private let key: Key128
    private unowned let stream: HostedStream
    /// Up to which number the log has been given everything.
    private var position: UInt64
    private var isWriting = false
    private var hasEnded = false
    /// Nobody listens: write.
    var isActive = true {
        didSet { if isActive { write() } }
    }

    init(_ stream: HostedStream, _ log: any StreamLog, _ worker: Worker) {
        self.stream = stream
        self.log = log
        self.worker = worker
        key = Self.key(host: worker.gateway.parts.member.incarnation, stream.name)
        position = stream.ring.first &- 1
    }

    /// What the log knows a stream by.
    static func key(host: UInt64, _ name: StreamName) -> Key128 { Key128(high: host, low: name.packed) }

    /// Hands on what is new. An empty entry behind everything says that the stream is complete.
    func write() {
        guard isActive, !isWriting, !hasEnded else { return }
        if position &+ 1 < stream.ring.first { position = stream.ring.first &- 1 }
        var entries: [LogEntry] = []
        for event in (stream.ring.events(after: position) ?? []).prefix(Self.batchMax) {
            entries.append(LogEntry(number: position &+ UInt64(entries.count) &+ 1, event: event))
        }
        let last = position &+ UInt64(entries.count)
        let isComplete = stream.exchange == nil && last &+ 1 == stream.ring.next
        if isComplete { entries.append(LogEntry(number: last &+ 1, event: ByteBuffer())) }
        guard !entries.isEmpty else { return }
        isWriting = true
        // Held until the append is over, since a complete stream may be forgotten meanwhile.
        let stream = stream
        log.append(
            entries, to: key, after: position, lifetime: worker.gateway.parts.waits.detachedStream * 2, on: worker.loop
        ).assumeIsolated().whenComplete { [self] result in
            isWriting = false
            switch result {
            case .success(.appended):
                worker.metrics.logEvents &+= last &- position
                position = last
            case .success(.stale(let top)): position = max(last, top)
            case .failure(let error): return giveUp(stream, error)
            }
            guard isComplete else { return write() }
            hasEnded = true
            worker.metrics.logStreams &+= 1
        }
    }

    /// The log does not take it: the host's own memory is all there is then.
    private func giveUp(_ stream: HostedStream, _ error: any Error) {
        hasEnded = true
        worker.metrics.logFailures &+= 1
        worker.gateway.parts.logger.warning(
            "the log takes no events: this stream can be resumed only while this process lives",
            metadata: ["session": "\(stream.session.fingerprint)", "error": "\(error)"])
    }
}
