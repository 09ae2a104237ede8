// Reads a stream from the log for a client that has come back when the stream's host was gone, or had forgotten what it
// needs: page by page to its end, then on from the host's memory, or the plain word for what nobody knows.
internal import MCPWire
internal import NIOCore
internal import TransportAPI

/// One client that reads from the log. Belongs to its event loop, and lives until the client is served or gone.
final class LogReplay: ClientObserver {
    /// Entries of one page; the log ends a page of large ones sooner. A log that keeps many entries as one message
    /// reads that message for each page that it is a part of.
    private static let pageMax = 1_000
    /// A living stream's events are on their way into the log: when to look again, and how often at most.
    private static let againAfter = TimeAmount.milliseconds(100)
    private static let againMax = 100

    private let worker: Worker
    private let log: any StreamLog
    private let id: EventID
    private let request: Request
    private let session: Session
    private var sink: (any ResponseSink)?
    private var position: UInt64
    private var isWritable = true
    private var isReading = false
    /// The answer to the call was among what the client has got.
    private var isAnswered = false
    private var turnsLeft = againMax
    private var successor: (any ClientObserver)?
    private var hasLeft = false
    /// When to look whether a client that takes nothing has taken anything since.
    private var stallAlarm: Scheduled<Void>?

    init(
        worker: Worker, log: any StreamLog, id: EventID, request: Request, session: Session, sink: any ResponseSink
    ) {
        self.worker = worker
        self.log = log
        self.id = id
        self.request = request
        self.session = session
        self.sink = sink
        position = id.number
    }

    /// The client gets its head and a comment at once: finding out may take as long as the log's timeout.
    func start() {
        guard let sink else { return }
        worker.beginEvents(request, sink)
        sink.write(Exchange.commentLine)
        sink.flush()
        // Whoever hands its client over tells first what it has heard of it.
        worker.loop.assumeIsolated().execute { self.read() }
    }

    private func read() {
        guard !isReading, isWritable, sink != nil else { return }
        isReading = true
        let key = StreamRecorder.key(of: id.session, host: id.host, id.stream)
        log.read(key, after: position, limit: Self.pageMax, on: worker.loop).assumeIsolated().whenComplete { result in
            self.isReading = false
            self.got(result)
        }
    }

    private func got(_ result: Result<LogRead, any Error>) {
        guard let sink else { return }
        switch result {
        case .success(.page(let entries)) where !entries.isEmpty:
            turnsLeft = Self.againMax
            pass(entries, sink)
        // Only the mark of the end is missing.
        case .success where isAnswered: complete(sink)
        case .success(.page): goOnBehindTheLog(sink)
        case .success(.lost):
            // It may be on its way.
            if living?.recorder?.isBringing(position &+ 1) == true { return readLater(sink) }
            endUnknown(sink)
        case .failure:
            // What the log cannot say now it may say later: a cut makes the client come back.
            worker.metrics.logFailures &+= 1
            self.sink = nil
            sink.abort()
        }
    }

    private func pass(_ entries: [LogEntry], _ sink: any ResponseSink) {
        let isLive = living?.exchange != nil
        for entry in entries {
            position = entry.number
            if entry.event.readableBytes == 0 { return complete(sink) }
            let kind = Self.kind(of: entry.event)
            if id.isCall, kind == .result || kind == .error { isAnswered = true }
            // A question whose asker is gone is not asked again.
            if kind != .request || isLive { sink.write(entry.event) }
        }
        sink.flush()
        read()
    }

    /// The stream, if it is this event loop that holds it.
    private var living: HostedStream? {
        guard id.host == worker.gateway.parts.member.incarnation, let stream = worker.streams.find(id.stream),
            stream.session.id == session.id
        else { return nil }
        return stream
    }

    /// The log has no more. If the host is this very event loop, which had forgotten only what the log had, it goes on
    /// from memory, or waits until the log has what was forgotten since.
    private func goOnBehindTheLog(_ sink: any ResponseSink) {
        guard let stream = living, stream.exchange != nil || id.isCall else { return endUnknown(sink) }
        if stream.ring.events(after: position) != nil {
            worker.metrics.resumes &+= 1
            self.sink = nil
            handOver(worker.join(stream, after: position, request, ContinuedSink(sink)))
        } else if stream.recorder?.isTaking == true {
            readLater(sink)
        } else {
            endUnknown(sink)
        }
    }

    private func readLater(_ sink: any ResponseSink) {
        guard turnsLeft > 0 else { return endUnknown(sink) }
        turnsLeft -= 1
        isReading = true
        worker.loop.assumeIsolated().scheduleTask(in: Self.againAfter) { [self] in
            isReading = false
            read()
        }
    }

    /// Everything was there, the end included.
    private func complete(_ sink: any ResponseSink) {
        worker.metrics.resumes &+= 1
        guard id.isCall else { return goOn(sink) }
        self.sink = nil
        sink.end()
    }

    /// Its host was gone before the stream was complete.
    private func endUnknown(_ sink: any ResponseSink) {
        worker.metrics.resumesLost &+= 1
        guard id.isCall else { return goOn(sink) }
        self.sink = nil
        sink.write(Worker.outcomeUnknown(id))
        sink.end()
    }

    /// The session's own stream continues from another holder.
    private func goOn(_ sink: any ResponseSink) {
        self.sink = nil
        let continued = ContinuedSink(sink)
        do throws(Refusal) {
            handOver(try worker.continueStream(request, session, continued))
        } catch {
            sink.end()
        }
    }

    /// What was heard of the client while the successor began, it has to be told.
    private func handOver(_ successor: (any ClientObserver)?) {
        stallAlarm?.cancel()
        self.successor = successor
        if hasLeft { successor?.clientLeft() } else if !isWritable { successor?.clientIsWritable(false) }
    }

    /// Nil for what holds no message that can be read: it is no question and no answer, and passes as it is.
    private static func kind(of event: ByteBuffer) -> Message.Kind? {
        event.withUnsafeReadableBytes { view in
            var scanner = EventScanner(maximumEventBytes: view.count &+ 1)
            guard let found = try? scanner.next(in: view, from: 0) else { return nil }
            // Too deep to be read it is a question or an answer all the same.
            return EventRelay.withMessage(found, view) { _, message in message.kind }
                ?? EventRelay.withData(found, view) { MessageOutline($0)?.kind }
        }
    }

    // MARK: The client

    func clientLeft() {
        hasLeft = true
        stallAlarm?.cancel()
        if let successor { return successor.clientLeft() }
        sink = nil
    }

    func clientIsWritable(_ isWritable: Bool) {
        if let successor { return successor.clientIsWritable(isWritable) }
        self.isWritable = isWritable
        stallAlarm?.cancel()
        if isWritable { read() } else { watch() }
    }

    /// Who takes nothing for too long is cut off, as on any stream.
    private func watch() {
        guard let queued = sink?.queuedBytes else { return }
        stallAlarm = worker.loop.assumeIsolated().scheduleTask(in: worker.gateway.parts.waits.slowClient) { [self] in
            guard let sink else { return }
            if sink.queuedBytes < queued { return watch() }
            worker.metrics.slowClients &+= 1
            self.sink = nil
            sink.abort()
        }
    }
}

/// A client whose answer has begun already: whoever takes over begins it for nothing.
final class ContinuedSink: ResponseSink {
    private let sink: any ResponseSink
    /// What was to be said with another status is not said in the middle of a stream.
    private var isRefused = false

    init(_ sink: any ResponseSink) { self.sink = sink }

    var clientAddress: String { sink.clientAddress }
    var queuedBytes: Int { sink.queuedBytes }

    func begin(status: Int, lines: ByteBuffer, length: Int?) { isRefused = status != 200 }

    func write(_ bytes: ByteBuffer) { if !isRefused { sink.write(bytes) } }

    func flush() { sink.flush() }

    func end() { sink.end() }

    func abort() { sink.abort() }
}
