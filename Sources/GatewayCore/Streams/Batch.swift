// A 2025-03-26 batch: an array of messages in one POST (Streamable HTTP, Sending Messages). Later servers refuse
// arrays, so the gateway sends each message by itself and answers on one stream.
internal import HTTPWire
internal import MCPWire
internal import NIOCore

extension Worker {
    func startBatch(
        _ request: Request, _ messages: [Message], _ upstream: UpstreamGroup, _ sink: any ResponseSink
    ) throws(Refusal) -> (any ClientObserver)? {
        let revision = request.withValue(.mcpProtocolVersion) { Revision(bytes: $0) }
        guard revision == nil ? !request.has(.mcpProtocolVersion) : revision?.allowsBatch == true,
            messages.allSatisfy({ $0.metaProtocolVersion.isAbsent })
        else { throw .batchNotAllowed }
        if messages.contains(where: { $0.knownMethod == .initialize }) { throw .initializeInBatch }
        var plans: [(Request, ExchangePlan)] = []
        for message in messages {
            guard let part = request.body.getSlice(
                at: request.body.readerIndex + Int(message.range.start), length: message.range.count)
            else { throw .batchNotAllowed }
            let single = request.with(body: part)
            let own = part.withUnsafeReadableBytes { try? MessageScanner.scanMessage($0, limits: ScanLimits()) }
            guard let own else { throw .batchNotAllowed }
            plans.append((single, try planLegacy(single, own, upstream)))
        }
        // A session that has negotiated a later revision does not know arrays, whatever the header says.
        if let known = plans.first?.1.session?.revisionValue, known != Revision.v2025_03_26.rawValue {
            throw .batchNotAllowed
        }
        let batch = Batch(worker: self, request: request, sink: sink)
        batch.start(plans)
        return batch
    }
}

/// A batch under way: collects the answers of its exchanges on the client's stream.
final class Batch: ClientObserver {
    private let worker: Worker
    private let request: Request
    private var sink: (any ResponseSink)?
    private var exchanges: [any ClientObserver] = []
    private var open = 1
    private var hasBegun = false

    init(worker: Worker, request: Request, sink: any ResponseSink) {
        self.worker = worker
        self.request = request
        self.sink = sink
    }

    func start(_ plans: [(Request, ExchangePlan)]) {
        if plans.contains(where: { $0.1.isCall }) { begin() }
        for (request, plan) in plans {
            open += 1
            let part = BatchPart(batch: self, isCall: plan.isCall, clientAddress: sink?.clientAddress ?? "")
            exchanges.append(worker.start((request, plan), part))
        }
        partEnded()
    }

    private func begin() {
        hasBegun = true
        worker.answerLines.clear()
        worker.answerLines.writeStaticString(
            "Content-Type: text/event-stream\r\nCache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n")
        worker.writeCrossOriginLines(request)
        sink?.begin(status: 200, lines: worker.answerLines, length: nil)
        sink?.flush()
    }

    var queuedBytes: Int { sink?.queuedBytes ?? 0 }

    func write(_ bytes: ByteBuffer) { sink?.write(bytes) }

    func flush() { sink?.flush() }

    func partEnded() {
        open -= 1
        guard open == 0, let sink else { return }
        if !hasBegun {
            worker.answerLines.clear()
            worker.writeCrossOriginLines(request)
            sink.begin(status: 202, lines: worker.answerLines, length: 0)
        }
        self.sink = nil
        exchanges.removeAll()
        sink.end()
    }

    func clientLeft() {
        sink = nil
        let parts = exchanges
        exchanges.removeAll()
        for part in parts { part.clientLeft() }
    }

    func clientIsWritable(_ isWritable: Bool) {
        for part in exchanges { part.clientIsWritable(isWritable) }
    }
}

/// The sink of one message of a batch: turns whatever comes into events on the batch's stream.
final class BatchPart: ResponseSink {
    let clientAddress: String
    private let batch: Batch
    private let isCall: Bool
    private var isStream = false
    private var body: [UInt8] = []
    private var hasEnded = false

    init(batch: Batch, isCall: Bool, clientAddress: String) {
        self.batch = batch
        self.isCall = isCall
        self.clientAddress = clientAddress
    }

    var queuedBytes: Int { batch.queuedBytes }

    func begin(status: Int, lines: ByteBuffer, length: Int?) { isStream = length == nil && Self.isEventStream(lines) }

    func write(_ bytes: ByteBuffer) {
        guard isCall else { return }
        if isStream { batch.write(bytes) } else { body.append(contentsOf: bytes.readableBytesView) }
    }

    func flush() { batch.flush() }

    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        if isCall, !isStream, !body.isEmpty {
            batch.write(ByteBuffer(bytes: EventWriter.message(body)))
            batch.flush()
        }
        batch.partEnded()
    }

    /// A cut of one part must not cut the others: the client sees a missing answer for this id only.
    func abort() { end() }

    private static func isEventStream(_ lines: ByteBuffer) -> Bool {
        lines.withUnsafeReadableBytes { view in
            String(decoding: view, as: UTF8.self).utf8.count > 0
                && String(decoding: view, as: UTF8.self).lowercased().contains("text/event-stream")
        }
    }
}
