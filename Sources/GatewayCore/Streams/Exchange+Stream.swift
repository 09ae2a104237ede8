// An exchange whose events are numbered and kept: how its stream begins, how clients come and go, and what is done when
// the instance's side of it breaks (2025-11-25, Streamable HTTP, Resumability and Redelivery).
internal import HTTPWire
internal import MCPWire
internal import NIOCore
internal import Synchronization
internal import TransportAPI
internal import TransportKit

extension Exchange {
    /// A GET begins: at whoever holds the session's stream, or else here.
    func startStream() {
        guard case .pinned(let instance) = plan.target, plan.mode == .pass, !instance.isAttached else {
            return attempt()
        }
        guard worker.hasDirectory, request.forwarded == nil, plan.upstream.options.isResumable,
            let session = plan.session
        else { return holdStream() }
        worker.lookUp(session) { [self] record in
            guard case .awaitingHead = phase, handle == nil, retryAt == nil else { return }
            guard !session.hasEnded else { return refuse(.sessionNotFound, .refused) }
            // The client left while the instance's last holder was waited for.
            guard sink != nil else { return finish(.clientLeft) }
            if let other = worker.heldStream(of: session), other.exchange !== self {
                return handOver { sink in
                    worker.rejoin(other, request, sink, afterLoss: announcesLists)
                }
            }
            guard let record, record.holder != worker.gateway.parts.member.incarnation,
                let holder = worker.members[record.holder], let name = StreamName.unpack(record.heldStream)
            else { return holdStream() }
            leaveStream()
            let host = ExchangePlan.Host(holder.id, loop: name.loop)
            host.ifGone = { exchange in
                exchange.plan.target = .pinned(instance)
                exchange.holdStream()
            }
            plan.target = .host(host)
            attempt()
        }
    }

    /// This event loop asks the instance for the stream, and will hold it.
    private func holdStream() {
        nameStream()
        attempt()
    }

    /// The instance has granted its stream.
    func claimStream() {
        guard worker.hasDirectory, let stream else { return }
        worker.claimStream(stream.session, stream.name)
    }

    /// Gives the stream a name, if it is one that a client may resume.
    func nameStream() {
        guard stream == nil, plan.upstream.options.isResumable, plan.isResumable,
            request.forwarded?.isResumable != false, let session = plan.session else {
            return
        }
        let seal = session.streamSeal {
            EventID.seal(session.id, host: worker.gateway.parts.member.incarnation, worker.sealer)
        }
        let range = plan.message?.id ?? .absent
        stream = worker.streams.insert(isStream ? .session : .call) { name in
            let prefix = request.body.withUnsafeReadableBytes { view in
                let isThere = !range.isAbsent && Int(range.end) <= view.count
                return EventID.linePrefix(
                    seal: seal, name, request: UnsafeRawBufferPointer(rebasing: view[isThere ? range.range : 0..<0]))
            }
            return HostedStream(session: session, name: name, idPrefix: prefix, exchange: self)
        }
        if isStream, let stream { session.heldStream.store(stream.name.packed, ordering: .relaxed) }
    }

    /// Takes the stream from the exchange, which is over. Its events stay for a while.
    func leaveStream() {
        guard let stream else { return }
        self.stream = nil
        stream.exchange = nil
        stream.recorder?.write()
        if isStream {
            _ = stream.session.heldStream.compareExchange(
                expected: stream.name.packed, desired: 0, ordering: .relaxed)
            if worker.hasDirectory { worker.releaseStream(stream.session, stream.name) }
        }
        if stream.ring.count == 0 || stream.session.hasEnded {
            worker.streams.remove(stream)
        } else {
            worker.streams.close(stream, expires: worker.now + worker.gateway.parts.waits.detachedStream)
        }
    }

    // MARK: Clients

    /// The client is gone and may come back: the instance is read on.
    func detach() {
        isDetached = true
        detachedAt = worker.now
        countDetached(1)
        letGoOfBody()
        stalledSince = nil
        resume(from: .client)
        if let stream { worker.record(stream) }
    }

    /// There is room for one more that is read unheard.
    var mayDetach: Bool {
        worker.metrics.detached < limits.detachedExchanges
            && (worker.metrics.detached < limits.detachedExchanges / 2
                || (worker.detached[owner] ?? 0) < max(1, limits.detachedExchanges / limits.ownerShare))
    }

    func countDetached(_ change: Int) {
        worker.metrics.detached += change
        let left = (worker.detached[owner] ?? 0) + change
        worker.detached[owner] = left > 0 ? left : nil
    }

    /// Whom it counts for.
    private var owner: Owner { (plan.session ?? newSession)?.owner ?? Owner(plan.principal) }

    /// Another client listens now: the one that came back. Who listened before has lost its place.
    /// - Returns: where that one listens, to be told with ``dismiss(_:)`` once the new one has what it needs.
    func attach(_ newSink: any ResponseSink) -> (any ResponseSink)? {
        let old = sink
        if isDetached {
            isDetached = false
            countDetached(-1)
            stream?.recorder?.isActive = false
        }
        stalledSince = nil
        sink = newSink
        lastWrite = worker.now
        resume(from: .client)
        return old
    }

    /// Ends the answer to a client that another has replaced. The last thing to be done: the next request of its
    /// connection may be for this very stream.
    func dismiss(_ old: any ResponseSink) {
        if sentHead { old.end() } else { worker.write(Refusal.streamReplaced.answer(), request, to: old) }
    }

    // MARK: The instance's side breaks

    /// True if the broken stream of the instance was taken up again, or will be.
    func reopen() -> Bool {
        guard stream != nil, isStream || (!upstreamEventID.isEmpty && !hasResponse), plan.session?.hasEnded == false,
            !worker.gateway.isDraining, reconnects < limits.streamReconnects
        else { return false }
        handle?.cancel()
        handle = nil
        phase = .reopening
        if heldBytes > 0 { worker.heldBudget.note(self, 0) }
        let wait = min(Self.reopenMilliseconds << Int64(reconnects), Self.reopenMillisecondsMax)
        reconnects += 1
        retryAt = worker.now + .milliseconds(wait)
        return true
    }

    private static let reopenMilliseconds: Int64 = 250
    private static let reopenMillisecondsMax: Int64 = 4_000

    /// Asks the instance for the rest of the stream, or for a new one where it gave no ids.
    func sendReopening() {
        guard let instance, let session = plan.session else { return }
        lastRead = worker.now
        // With the credentials that the instance has accepted last: those of this request may be too old by now.
        writeRequestLines(credentials: session.acceptedLines)
        var lines = worker.requestLines
        if !request.has(.mcpProtocolVersion) {
            lines.writeHeader("MCP-Protocol-Version", Array(session.revision.text.utf8))
        }
        if !upstreamEventID.isEmpty { lines.writeHeader("Last-Event-ID", upstreamEventID) }
        let request = ExchangeRequest(verb: .get, lines: lines, body: nil)
        if let opened = worker.lanes[plan.upstream.index].open(request, toInstance: instance.index, for: self) {
            handle = opened
            if !pauses.isEmpty { opened.pause() }
        }
    }

    /// The instance has answered the request for the rest.
    func reopened(_ head: AnswerHead) {
        if head.status == 200, head.content == .eventStream {
            phase = .relaying(EventRelay(eventBytesMax: limits.eventBytes))
            // Without ids nobody knows what was missed.
            if isStream, upstreamEventID.isEmpty { announceLists() }
            return
        }
        if head.status == 409, isStream, isDetached, worker.hasDirectory { return giveWay() }
        continueReopening(head.status)
    }

    private func continueReopening(_ status: Int) {
        if status == 409 || status >= 500, reopen() { return }
        phase = .relaying(EventRelay(eventBytesMax: limits.eventBytes))
        breakOff("The instance does not continue its stream (status \(status)).")
    }

    /// Somebody else has the instance's stream. Where that is another node, this one keeps nothing for a client that
    /// comes back here: it would hear what is long over.
    private func giveWay() {
        handle?.cancel()
        handle = nil
        guard let session = plan.session else { return }
        worker.lookUp(session) { [self] record in
            guard case .reopening = phase, handle == nil, retryAt == nil else { return }
            let holder = record?.holder ?? 0
            guard isDetached, holder != worker.gateway.parts.member.incarnation, worker.members[holder] != nil
            else { return continueReopening(409) }
            finish(.clientLeft)
        }
    }

    /// Tells the client to read again what may have changed unseen, behind the head if that is not there yet.
    func announceLists() {
        guard sentHead else { return announcesLists = true }
        guard let session = plan.session else { return }
        for (kind, method) in ListKinds.notifications where session.listKinds.contains(kind) {
            say(#"{"jsonrpc":"2.0","method":"\#(method)"}"#)
        }
    }
}
