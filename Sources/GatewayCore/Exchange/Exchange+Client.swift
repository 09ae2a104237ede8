// What becomes of the client while its answer is under way, and what time does to both.
internal import MCPWire
internal import NIOCore
internal import Synchronization
internal import TransportAPI

extension Exchange {
    func clientLeft() {
        if let successor { return successor.clientLeft() }
        guard sink != nil else { return leftWhileHandedOver = true }
        sink = nil
        if case .delivering = phase { return finish(.clientLeft) }
        // Up to 2025-11-25 a disconnect is not a cancellation: the answer is read to its end. A GET stream has no end.
        // Where the gateway does not number events, an instance that gave an event id keeps them itself, and lets the
        // client resume only when it sees that nobody reads the stream any more.
        let mayRun = !isHosted && (stream != nil || !plan.cancelsWithClient && !isStream && !hasEventID)
        guard mayRun, mayDetach else {
            // Its client may hold an id and come back: it must hear what became of the call.
            if stream != nil, plan.isCall { return breakOff("The client left, and no more answers are read unheard.") }
            handle?.cancel()
            return finish(.clientLeft)
        }
        detach()
    }

    func clientIsWritable(_ isWritable: Bool) {
        if let successor { return successor.clientIsWritable(isWritable) }
        if isWritable {
            stalledSince = nil
            resume(from: .client)
            if case .delivering = phase { deliver() }
        } else if stalledSince == nil {
            stalledSince = worker.now
            stalledBytes = sink?.queuedBytes ?? 0
            sentWhileStalled = 0
            pause(for: .client)
        }
    }

    /// Closes the stream of a client for whom more than the bound comes in spite of the pause.
    func closeIfTooSlow() {
        // A host hands on a large result in one piece, and cannot take it back when the client turns out to be slow.
        let most = limits.clientQueueBytes + (isHosted ? limits.heldResultBytes : 0)
        guard let sink, sentWhileStalled > most, stalledSince != nil else { return }
        closeSlowClient(sink)
    }

    /// True if the client has taken nothing of what waits for it for too long.
    private func hasStalled(_ sink: any ResponseSink, _ now: NIODeadline) -> Bool {
        guard let since = stalledSince else { return false }
        let queued = sink.queuedBytes
        defer { stalledBytes = queued }
        if queued < stalledBytes {
            stalledSince = now
            return false
        }
        return now - since > patience
    }

    /// How long the client may take nothing. Less while others wait for the memory that its answer takes.
    private var patience: TimeAmount {
        let most = worker.gateway.parts.waits.slowClient
        guard case .delivering = phase, worker.heldBudget.waitingCount > 0 else { return most }
        return min(most, max(.milliseconds(500), .nanoseconds(most.nanoseconds / 8)))
    }

    func closeSlowClient(_ sink: any ResponseSink) {
        worker.metrics.slowClients &+= 1
        if let part = sink as? BatchPart { part.abortBatch() } else { sink.abort() }
        clientLeft()
    }

    // MARK: Time

    func tick(now: NIODeadline) {
        if isStream, sink != nil || stream != nil, (plan.session ?? newSession)?.hasEnded == true {
            return endWithSession()
        }
        if isStream, isDetached, let detachedAt, now - detachedAt > worker.gateway.parts.waits.detachedStream {
            handle?.cancel()
            return finish(.clientLeft)
        }
        // A stream or a call that lasts is use as long as it lasts, wherever the session began.
        if worker.hasDirectory, let session = plan.session, !plan.isCheck { worker.noteUse(of: session) }
        let options = plan.upstream.options
        switch phase {
        case .awaitingHead:
            if let at = retryAt {
                guard now >= at else { return }
                retryAt = nil
                return isStream ? startStream() : attempt()
            }
            let isShort = plan.mode == .deletion || plan.isCheck
            let most = isShort ? Self.deletionMilliseconds : options.answerTimeoutMilliseconds
            if now - lastRead > .milliseconds(most) { giveUp("no answer began in time") }
        case .reopening:
            if let at = retryAt, now >= at {
                retryAt = nil
                sendReopening()
            } else if retryAt == nil, now - lastRead > .milliseconds(options.answerTimeoutMilliseconds) {
                giveUp("its stream was not continued in time")
            }
        case .done:
            return
        case .delivering: break
        case .passing, .relaying, .holding:
            if pauses.isEmpty, now - lastRead > .milliseconds(options.idleTimeoutMilliseconds) {
                giveUp("the answer went quiet")
            }
        }
        // A stream whose head, or whose last answer, came when the others had ended already.
        if worker.gateway.isDraining { drain() }
        guard let sink else { return }
        if hasStalled(sink, now) { return closeSlowClient(sink) }
        guard isRelaying || isHostedStream && isBetweenEvents, stalledSince == nil, sentHead else { return }
        if now - lastWrite >= worker.gateway.parts.waits.comment { comment(sink, now) }
    }

    /// A stream does not outlive its session.
    private func endWithSession() {
        handle?.cancel()
        handle = nil
        guard sentHead else { return refuse(.sessionNotFound, .refused) }
        if isRelaying || isHostedStream && isBetweenEvents { sink?.end() } else { sink?.abort() }
        finish(.ok)
    }

    /// The client is in the middle of an event stream.
    var isRelaying: Bool {
        switch phase {
        case .relaying, .reopening: true
        default: false
        }
    }

    private func comment(_ sink: any ResponseSink, _ now: NIODeadline) {
        sink.write(Self.commentLine)
        sink.flush()
        lastWrite = now
    }

    static let commentLine = ByteBuffer(string: ": keep-alive\n\n")

    /// How long the client of a DELETE waits for its instance at most, since the session has ended here already; and
    /// how long a request waits for the instance's verdict on its credentials.
    private static let deletionMilliseconds: Int64 = 5_000

    func giveUp(_ why: String) {
        handle?.cancel()
        handle = nil
        fail(.timedOut, "The instance was given up: \(why).")
    }

    // MARK: Drain

    /// The node is going: a stream that waits for nothing in particular ends now.
    func drain() {
        if isHosted, isStream, sentHead, let sink { return endNow(sink) }
        guard let sink, isRelaying else { return }
        if plan.mode == .legacyStream {
            // The session is this stream: it stays while calls run whose answers come here.
            if let newSession, newSession.calls.load(ordering: .relaxed) == 0 { endNow(sink) }
        } else if isStream {
            // Spread, so that the clients do not all come back in the same moment.
            let milliseconds = 1000 + worker.random.below(4000)
            sink.write(ByteBuffer(string: "retry: \(milliseconds)\n\n"))
            endNow(sink)
        } else if plan.method == .subscriptionsListen, let message = plan.message {
            let id = request.body.withUnsafeReadableBytes { String(decoding: $0[message.id.range], as: UTF8.self) }
            let body = #"{"jsonrpc":"2.0","id":\#(id),"result":{"resultType":"complete","#
                + #""_meta":{"io.modelcontextprotocol/subscriptionId":\#(id)}}}"#
            sink.write(ByteBuffer(bytes: EventWriter.message(Array(body.utf8))))
            endNow(sink)
        }
    }

    private func endNow(_ sink: any ResponseSink) {
        sink.end()
        handle?.cancel()
        finish(.ok)
    }

    /// The drain's time is over.
    func endByDrain() {
        guard sink != nil else { return }
        let reason = "This node shut down before the answer came."
        if isRelaying, plan.mode != .legacyStream { return breakOff(reason) }
        handle?.cancel()
        handle = nil
        fail(.interrupted, reason)
    }
}
