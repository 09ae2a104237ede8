// One request of a client and everything that comes back for it. This file holds its life: begin, attempts, end.
// Beside it: `+Answer` (what comes from the instance), `+Failure` (what goes wrong), `+Client` (what becomes of the
// client), `+Lines` (headers both ways).
internal import MCPWire
internal import NIOCore
internal import Synchronization
internal import TransportAPI

/// A running exchange. Lives on its worker's event loop.
final class Exchange: ExchangeReceiver, ClientObserver {
    /// How far the answer is.
    enum Phase {
        case awaitingHead
        /// Bytes are passed on as they come.
        case passing
        /// Events are found and passed on.
        case relaying(EventRelay)
        /// The body is collected, to be looked at whole.
        case holding(AnswerHead, ByteBuffer)
        /// All of it is there, and goes to the client as fast as that takes it.
        case delivering(ByteBuffer)
        /// The instance's stream broke and is asked for again. The client notices nothing.
        case reopening
        case done
    }

    let worker: Worker
    let plan: ExchangePlan
    var request: Request
    /// Nil once the client is gone or was served.
    var sink: (any ResponseSink)?
    var handle: (any ExchangeHandle)?
    var phase = Phase.awaitingHead
    var instance: Instance?
    /// The status that the client was or will be told.
    var status = 0
    /// The final message of a call's stream was passed on.
    var hasResponse = false
    /// The instance gave an event id: its client may resume.
    var hasEventID = false
    var sentBytes = 0
    /// The head went to the client, and with it the id of a new session.
    var sentHead = false
    /// Who serves the client since this exchange has handed it over.
    var successor: (any ClientObserver)?
    /// The client has left while its successor began.
    var leftWhileHandedOver = false
    /// The session that this exchange began.
    var newSession: Session?
    /// Another member, or another event loop, serves the request; what it says goes on as it is.
    var isHosted = false
    /// What it says is an event stream, and stands between two events.
    var isHostedStream = false
    var isBetweenEvents = true
    /// Whether the request may have reached its instance, when it failed before an answer.
    var failedDelivery: TransportError.Delivery?
    /// Place in the worker's list.
    var slot = 0
    /// Tells it from all others of its event loop, those included that have ended.
    var number: UInt64 = 0
    var isDetached = false
    let began = NIODeadline.now()
    var lastWrite: NIODeadline
    var lastRead: NIODeadline
    /// Why the instance is not read on.
    var pauses: Pauses = []
    /// What the event loop's ``HeldBudget`` counts of it.
    var heldBytes = 0
    /// Bytes of it that have come or gone since the pace was looked at last.
    var heldMoved = 0
    /// What the event loop counts of the request's body.
    var countedBody = 0
    /// The transport keeps nothing of the body.
    var isBodySent = false
    /// Held bytes are being handed to the client further up in the stack.
    var isDelivering = false
    /// Since when the client takes nothing of what waits for it.
    var stalledSince: NIODeadline?
    /// What waited for it when that was last looked at.
    var stalledBytes = 0
    /// What was sent although it had stopped reading: what the instance had sent before it paused.
    var sentWhileStalled = 0
    /// The numbered stream that the answer's events go to, where it can be resumed.
    var stream: HostedStream?
    /// The last id that the instance gave an event.
    var upstreamEventID: [UInt8] = []
    /// Times in a row that the instance's stream was asked for again.
    var reconnects = 0
    /// The client holds no id of its stream yet.
    var owesPriming = false
    /// Since when nobody listens.
    var detachedAt: NIODeadline?
    /// The answer to `initialize` until it is known what it says.
    var held: HeldAnswer?
    /// The client is told behind the head that it may have missed changes of lists.
    var announcesLists: Bool
    /// When to ask again for a stream that the instance still holds for a client that has left, or that broke.
    var retryAt: NIODeadline?
    var conflicts = 0
    private var attempts = 0
    private var tried: UInt64 = 0

    init(worker: Worker, plan: ExchangePlan, request: Request, sink: any ResponseSink) {
        self.worker = worker
        self.plan = plan
        self.request = request
        self.sink = sink
        announcesLists = plan.announcesLists
        lastWrite = worker.now
        lastRead = worker.now
    }

    var limits: Limits { worker.gateway.parts.limits }

    var isStream: Bool { plan.verb == .get }

    // MARK: Begin

    func start() {
        worker.add(self)
        worker.retryBudget.noteRequest()
        if let session = plan.session, !plan.isCheck {
            session.touch(worker.nowSeconds)
            if worker.hasDirectory { worker.noteUse(of: session) }
            if isStream { session.streams.add(1, ordering: .relaxed) }
            if plan.isCall { session.calls.add(1, ordering: .relaxed) }
        }
        if isStream {
            worker.metrics.streams += 1
            return startStream()
        }
        guard countBody() else { return refuse(.tooManyBytes, .unavailable) }
        if plan.mode == .initialize, !worker.makeRoom(for: worker.owner(of: request, plan.principal, sink)) {
            return refuse(.tooManySessions, .unavailable)
        }
        if plan.mode == .deletion { return worker.endRecord(of: plan.session) { [self] in attempt() } }
        attempt()
    }

    /// Sends the request to the next instance that it may go to.
    func attempt() {
        let next: Instance?
        switch plan.target {
        case .pinned(let instance): next = instance
        case .any(let need):
            // What it has tried does not count itself.
            release()
            next = plan.upstream.choose(need, excluding: tried, random: &worker.random)
        case .host(let host): return ask(host.member, loop: host.loop)
        }
        guard let next else { return refuseUnplaced() }
        attempts += 1
        if next.index < 64 { tried |= 1 &<< UInt64(next.index) }
        take(next)
        if next.isAttached { return ask(attachmentOf: next) }
        writeRequestLines()
        let outgoing = ExchangeRequest(
            verb: plan.verb, path: plan.path, usesStreamEndpoint: plan.usesStreamEndpoint,
            lines: worker.requestLines, body: plan.verb == .post ? request.body : nil)
        let opened = worker.lanes[plan.upstream.index].open(outgoing, toInstance: next.index, for: self)
        // Nil means that it failed at once: that was dealt with inside the call, perhaps by another attempt.
        guard let opened else { return }
        handle = opened
        if !pauses.isEmpty { opened.pause() }
    }

    private func refuseUnplaced() {
        if case .any(let need) = plan.target, plan.upstream.isFull(need) { return refuse(.fullInstances, .refused) }
        refuse(.noInstance, .unavailable)
    }

    /// True if another attempt may follow a failed one.
    func mayRetry(_ error: TransportError) -> Bool {
        guard sink != nil, case .awaitingHead = phase, attempts < limits.attempts else { return false }
        switch error.delivery {
        case .notDelivered:
            if case .any = plan.target { return true }
            return false
        case .unknown:
            // An instance may have got it: only what is harmless twice, only once more, and within the budget.
            guard error.code == .interrupted, attempts < 2 else { return false }
            guard plan.retryClass == .read || plan.retryClass == .sessionCreation else { return false }
            return worker.retryBudget.take()
        }
    }

    func forgetTried() { tried = 0 }

    private func take(_ next: Instance) {
        release()
        next.active.add(1, ordering: .relaxed)
        if isStream { next.streams.add(1, ordering: .relaxed) }
        instance = next
    }

    private func release() {
        stopCounting()
        instance = nil
    }

    private func stopCounting() {
        instance?.active.subtract(1, ordering: .relaxed)
        if isStream { instance?.streams.subtract(1, ordering: .relaxed) }
    }

    // MARK: End

    /// Ends the exchange on this side: counters, log line, session. The sink has been dealt with before.
    func finish(_ outcome: Outcome) {
        if case .done = phase { return }
        phase = .done
        sink = nil
        handle = nil
        held = nil
        pauses = []
        if heldBytes > 0 { worker.heldBudget.note(self, 0) }
        if countedBody > 0 { uncountBody() }
        leaveStream()
        // A server that has answered its call waits for nothing more. Any other is told when the time is over.
        if plan.isCall, hasResponse, let session = plan.session, worker.questions.count > 0 {
            worker.questions.removeAll(of: number, session.id)
        }
        if let question = plan.answers { settle(question) }
        worker.remove(self)
        if !worker.askers.isEmpty { worker.askers[number] = nil }
        stopCounting()
        if isDetached { countDetached(-1) }
        if isStream { worker.metrics.streams -= 1 }
        if let session = plan.session, !plan.isCheck {
            session.touch(worker.nowSeconds)
            if isStream { session.streams.subtract(1, ordering: .relaxed) }
            // A call of 2024-11-05 that was accepted runs until its answer comes on the stream.
            let runsOn = plan.path != nil && status == 202
            if plan.isCall, !runsOn { session.calls.subtract(1, ordering: .relaxed) }
            // A call that was cancelled is not answered (2024-11-05, Cancellation).
            if plan.method == .cancelled, runsOn { session.noteAnswered() }
        }
        if plan.mode == .legacyStream, let newSession {
            worker.legacyStreams[newSession.id] = nil
            worker.end(newSession)
        }
        if plan.mode == .initialize, !sentHead, let newSession { worker.abandon(newSession) }
        let duration = (NIODeadline.now() - began).nanoseconds
        worker.metrics.record(
            upstream: plan.upstream.index, method: plan.method, outcome: outcome, nanoseconds: duration)
        if worker.accessLog != nil { logAccess(outcome, duration) }
    }

    private func logAccess(_ outcome: Outcome, _ nanoseconds: Int64) {
        let session = (plan.session ?? newSession).map { " session=\($0.fingerprint)" } ?? ""
        let milliseconds = Double(nanoseconds / 1000) / 1000
        worker.accessLog?.add(
            "time=\(Timestamp.now()) level=info msg=access verb=\(plan.verb) method=\(plan.method.name)"
                + " upstream=\(plan.upstream.name) instance=\(instance?.name ?? "-")\(session) status=\(status)"
                + " outcome=\(outcome.label) bytes=\(sentBytes) ms=\(milliseconds) attempts=\(attempts)\n")
    }
}
