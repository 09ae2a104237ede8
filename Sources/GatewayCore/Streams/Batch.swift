// A 2025-03-26 batch: an array of messages in one POST (Streamable HTTP, Sending Messages). Later servers refuse
// arrays, so the gateway sends each message by itself and answers on one stream.
internal import HTTPWire
internal import MCPWire
internal import NIOCore
internal import Synchronization

extension Worker {
    func startBatch(
        _ request: Request, _ messages: [Message], _ upstream: UpstreamGroup, _ sink: any ResponseSink
    ) throws(Refusal) -> (any ClientObserver)? {
        let revision = request.withValue(.mcpProtocolVersion) { Revision(bytes: $0) }
        guard revision == nil ? !request.has(.mcpProtocolVersion) : revision?.allowsBatch == true,
            messages.allSatisfy({ $0.metaProtocolVersion.isAbsent })
        else { throw .batchNotAllowed }
        if messages.contains(where: { $0.knownMethod == .initialize }) { throw .initializeInBatch }
        try checkSession(ofBatch: request, messages, upstream)
        var plans: [(Request, ExchangePlan)] = []
        for message in messages {
            guard let part = request.body.getSlice(
                at: request.body.readerIndex + Int(message.range.start), length: message.range.count)
            else { throw .batchNotAllowed }
            // A buffer of its own, so that a part that runs for long does not keep the whole batch.
            let single = request.with(body: ByteBuffer(bytes: part.readableBytesView))
            let own = part.withUnsafeReadableBytes { try? MessageScanner.scanMessage($0, limits: scanLimits) }
            guard let own else { throw .batchNotAllowed }
            guard let routed = try planPart(single, own, upstream) else { continue }
            routed.1.isResumable = false
            routed.1.isPart = true
            plans.append(routed)
        }
        let batch = Batch(worker: self, request: request.with(body: ByteBuffer()), sink: sink)
        batch.start(plans)
        return batch
    }
}

extension Worker {
    /// What refuses a batch as a whole, before any of it is taken: an answer is accepted only once.
    private func checkSession(
        ofBatch request: Request, _ messages: [Message], _ upstream: UpstreamGroup
    ) throws(Refusal) {
        guard request.has(.mcpSessionID) else { return }
        let session = try session(of: request, upstream, principal(of: request), isFinal: true)
        // A session that has negotiated a later revision does not know arrays, whatever the header says.
        if let known = session.revisionValue, known != Revision.v2025_03_26.rawValue { throw .batchNotAllowed }
        if messages.contains(where: { $0.kind == .result || $0.kind == .error }) {
            try checkCredentials(of: request, session)
        }
        // From here on answers are accepted, which cannot be done twice.
        request.isSettled = true
        let calls = messages.count { $0.kind == .request }
        if session.calls.load(ordering: .relaxed) + calls > gateway.parts.limits.callsPerSession {
            throw .tooManyCalls
        }
    }

    /// Nil for an answer that goes nowhere: the rest of the batch must not suffer from it.
    private func planPart(
        _ request: Request, _ message: Message, _ upstream: UpstreamGroup
    ) throws(Refusal) -> (Request, ExchangePlan)? {
        do throws(Refusal) {
            return try planLegacy(request, message, upstream)
        } catch {
            let isAnswer = message.kind == .result || message.kind == .error
            if isAnswer, error.status != 404 { return nil }
            throw error
        }
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
    private var isWritable = true

    init(worker: Worker, request: Request, sink: any ResponseSink) {
        self.worker = worker
        self.request = request
        self.sink = sink
    }

    func start(_ plans: [(Request, ExchangePlan)]) {
        if plans.contains(where: { $0.1.isCall }) { begin() }
        for (request, plan) in plans {
            open += 1
            let part = BatchPart(
                batch: self, id: plan.isCall ? Self.id(of: request, plan) : nil,
                clientAddress: sink?.clientAddress ?? "", bytesMax: worker.gateway.parts.limits.heldResultBytes)
            exchanges.append(worker.start((request, plan), part))
        }
        partEnded()
    }

    /// The raw id token of a call.
    private static func id(of request: Request, _ plan: ExchangePlan) -> [UInt8] {
        guard let id = plan.message?.id, !id.isAbsent else { return [] }
        return request.body.withUnsafeReadableBytes { Int(id.end) <= $0.count ? Array($0[id.range]) : [] }
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

    /// Cuts the client off. The calls go on without it.
    func abort() {
        guard let sink else { return }
        self.sink = nil
        sink.abort()
        clientLeft()
    }

    func clientLeft() {
        sink = nil
        let parts = exchanges
        exchanges.removeAll()
        for part in parts { part.clientLeft() }
    }

    func clientIsWritable(_ isWritable: Bool) {
        self.isWritable = isWritable
        // What one part writes may stop the client again: then that was told to all.
        for part in exchanges where self.isWritable == isWritable { part.clientIsWritable(isWritable) }
    }
}

/// The sink of one message of a batch: turns whatever comes into events on the batch's stream, so that each call gets
/// one answer.
final class BatchPart: ResponseSink {
    let clientAddress: String
    private let batch: Batch
    /// The raw id of a call; nil for what gets no answer.
    private let id: [UInt8]?
    private let bytesMax: Int
    private var isStream = false
    /// What came is a JSON answer that is whole so far.
    private var isJSON = false
    private var body: [UInt8] = []
    private var hasEnded = false

    /// - Parameter bytesMax: bytes of a JSON answer. Beyond: an error takes its place.
    init(batch: Batch, id: [UInt8]?, clientAddress: String, bytesMax: Int) {
        self.batch = batch
        self.id = id
        self.clientAddress = clientAddress
        self.bytesMax = bytesMax
    }

    var queuedBytes: Int { batch.queuedBytes }

    func begin(status: Int, lines: ByteBuffer, length: Int?) {
        let text = String(buffer: lines).lowercased()
        isStream = length == nil && text.contains("text/event-stream")
        isJSON = !isStream && text.contains("application/json")
    }

    func write(_ bytes: ByteBuffer) {
        guard id != nil else { return }
        if isStream { return batch.write(bytes) }
        isJSON = isJSON && body.count + bytes.readableBytes <= bytesMax
        if isJSON { body.append(contentsOf: bytes.readableBytesView) } else { body = [] }
    }

    func flush() { batch.flush() }

    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        if let id, !isStream {
            if !isJSON || body.isEmpty {
                let refusal = Refusal.outcomeUnknown(502, "The instance's answer is no whole JSON-RPC message.")
                body = id.withUnsafeBytes { refusal.answer(id: $0).body }
            }
            batch.write(ByteBuffer(bytes: EventWriter.message(body)))
            batch.flush()
        }
        batch.partEnded()
    }

    /// A cut of one part must not cut the others: its call gets an error instead.
    func abort() {
        isJSON = false
        end()
    }

    /// The client itself is to be cut off.
    func abortBatch() { batch.abort() }
}
