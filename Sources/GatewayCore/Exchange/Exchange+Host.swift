// An exchange that another member, or another event loop of this node, serves: an instance behind an attachment, a
// stream that is held elsewhere. This side passes on what comes, and knows no more of it.
internal import NIOCore
internal import TransportAPI
internal import TransportKit

extension Exchange {
    /// Has an attached instance's host serve the request.
    func ask(attachmentOf instance: Instance) {
        guard let member = instance.member else {
            // It may come back within the time that its restart takes. Later its clients do better to begin anew.
            let most = UInt32(clamping: worker.gateway.parts.waits.attachmentAway.nanoseconds / 1_000_000_000)
            let isGone = instance.away(worker.nowSeconds) >= most && !worker.gateway.isDeaf
            if isGone, plan.session != nil, plan.mode != .deletion, sink != nil {
                return refuse(.sessionNotFound, .unavailable)
            }
            return exchangeFailed(
                TransportError(
                    .unreachable, .notDelivered,
                    "The instance \(instance.name) is not attached now; is its attachment running?"))
        }
        ask(member, loop: nil)
    }

    /// Has a member serve the request.
    func ask(_ member: MemberID, loop: UInt8?) {
        guard let desk = worker.desk else {
            return exchangeFailed(TransportError(.unreachable, .notDelivered, "This node has no bus."))
        }
        isHosted = true
        writeRequestLines(isRelayed: true)
        let relayed = worker.relayRequest(
            request, plan.upstream, plan.principal, lines: worker.requestLines, loop: loop,
            isResumable: plan.isResumable,
            source: plan.mode == .initialize || plan.mode == .legacyStream ? worker.source(of: request, sink) : 0)
        guard let opened = desk.open(relayed, at: member, for: self) else { return }
        handle = opened
        if !pauses.isEmpty { opened.pause() }
    }

    /// The host has answered.
    func hostAnswered(_ head: AnswerHead) {
        status = head.status
        if let session = plan.session, endsSession(head.status, session) { worker.end(session) }
        phase = .passing
        if beginsSession { instance?.noteBegun() }
        isHostedStream = head.length == nil && head.lines.readableBytesView.firstRange(of: Self.eventStream) != nil
        begin(head, length: head.length)
    }

    /// Its host says that the session is over, to whoever may hear it.
    private func endsSession(_ status: Int, _ session: Session) -> Bool {
        switch plan.verb {
        case .delete: (200..<300).contains(status)
        case .post: status == 404 && worker.speaksForOwner(request, session)
        case .get: false
        }
    }

    /// Gives the client to somebody else. `make` serves it from now on, and says who hears of it: that one is told what
    /// was heard of the client before it began, or while it did.
    func handOver(_ make: (any ResponseSink) throws(Refusal) -> (any ClientObserver)?) {
        guard let client = sink else { return finish(.clientLeft) }
        sink = nil
        finish(.ok)
        do throws(Refusal) {
            successor = try make(client)
            if leftWhileHandedOver { successor?.clientLeft() } else if stalledSince != nil {
                successor?.clientIsWritable(false)
            }
        } catch {
            if let unread = error.unread {
                successor = worker.hold(request, .streamable(plan.upstream), client, until: unread)
            } else {
                worker.write(error.answer(), request, to: client)
            }
        }
    }

    private static let eventStream = Array("text/event-stream".utf8)
    private static let askAgainAfter = TimeAmount.milliseconds(250)

    /// The holder of a stream could not be asked: what is to be done without it. False: nothing else can.
    func doWithoutHost(_ error: TransportError) -> Bool {
        guard isHosted, case .awaitingHead = phase, case .host(let host) = plan.target, sink != nil,
            let instead = host.ifGone
        else { return false }
        // It may be slow, or the way to it broken, and its stream alive: only when it counts as gone, says itself that
        // it cannot, or stays out of reach although others hear it, is its stream given up. To ask twice for a stream
        // harms nobody.
        let isFinal = error.code == .closed || error.code == .malformed || error.code == .tooLarge
        let failingSince = host.failingSince ?? worker.now
        host.failingSince = failingSince
        if !isFinal, worker.member(host.member.incarnation) != nil,
            worker.now - failingSince < worker.gateway.hostPatience
        {
            retryAt = worker.now + Self.askAgainAfter
            return true
        }
        isHosted = false
        host.ifGone = nil
        instead(self)
        return true
    }
}
