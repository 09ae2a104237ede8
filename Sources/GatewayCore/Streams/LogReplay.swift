// Reads a stream from the log for a client that has come back after the stream's host was gone: page by page to its
// end, then the plain word for what nobody knows.
internal import MCPWire
internal import NIOCore
internal import TransportAPI

/// One client that reads from the log. Belongs to its event loop, and lives until the client is served or gone.
final class LogReplay: ClientObserver {
    /// Entries of one page.
    private static let pageMax = 64

    private let worker: Worker
    private let log: any StreamLog
    private let id: EventID
    private let request: Request
    private let session: Session
    private var sink: (any ResponseSink)?
    private var position: UInt64
    private var isWritable = true
    private var isReading = false
    private var successor: (any ClientObserver)?

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
        read()
    }

    private func read() {
        guard !isReading, isWritable, sink != nil else { return }
        isReading = true
        let key = StreamRecorder.key(host: id.host, id.stream)
        log.read(key, after: position, limit: Self.pageMax, on: worker.loop).assumeIsolated().whenComplete { result in
            self.isReading = false
            self.got(result)
        }
    }

    private func got(_ result: Result<LogRead, any Error>) {
        guard let sink else { return }
        switch result {
        case .success(.page(let entries)) where !entries.isEmpty:
            for entry in entries {
                position = entry.number
                if entry.event.readableBytes == 0 { return complete(sink) }
                if !Self.isQuestion(entry.event) { sink.write(entry.event) }
            }
            sink.flush()
            read()
        case .success: endUnknown(sink)
        case .failure:
            // What the log cannot say now it may say later: a cut makes the client come back.
            worker.metrics.logFailures &+= 1
            self.sink = nil
            sink.abort()
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
            successor = try worker.continueStream(request, session, continued)
        } catch {
            sink.end()
        }
    }

    /// A question whose asker is gone is not asked again.
    private static func isQuestion(_ event: ByteBuffer) -> Bool {
        event.withUnsafeReadableBytes { view in
            var scanner = EventScanner(maximumEventBytes: view.count &+ 1)
            guard let found = try? scanner.next(in: view, from: 0) else { return false }
            return EventRelay.withMessage(found, view) { _, message in message.kind == .request } ?? false
        }
    }

    // MARK: The client

    func clientLeft() {
        if let successor { return successor.clientLeft() }
        sink = nil
    }

    func clientIsWritable(_ isWritable: Bool) {
        if let successor { return successor.clientIsWritable(isWritable) }
        self.isWritable = isWritable
        if isWritable { read() }
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
