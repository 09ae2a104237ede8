// What goes wrong between the gateway and an instance, and what the client is told: once, and whether it may have run.
internal import Logging
internal import MCPWire
internal import NIOCore
internal import TransportAPI

extension Exchange {
    func exchangeFailed(_ error: TransportError) {
        handle = nil
        if doWithoutHost(error) { return }
        noteHealth(error)
        if isBroken(by: error), reopen() { return }
        if mayRetry(error) {
            worker.metrics.retries[plan.upstream.index] &+= 1
            if error.delivery == .unknown { forgetTried() }
            return attempt()
        }
        logFailure(error)
        fail(error.code, error.code.reason, delivery: error.delivery)
    }

    /// What the client is not told: where the instance is, and what the system said.
    private func logFailure(_ error: TransportError) {
        worker.gateway.parts.logger.warning(
            "an instance did not answer a request",
            metadata: [
                "upstream": "\(plan.upstream.name)", "instance": "\(instance?.name ?? "-")",
                "method": "\(plan.method.name)", "error": "\(error.message)",
            ])
    }

    /// A numbered stream of the instance broke, or could not be taken up again.
    private func isBroken(by error: TransportError) -> Bool {
        switch phase {
        case .relaying: true
        // Refused: the process is gone, and what it kept.
        case .reopening: error.code != .refused
        default: false
        }
    }

    private func noteHealth(_ error: TransportError) {
        // Only before the answer: a stream that breaks says little about whether new work would be served.
        guard case .awaitingHead = phase, let instance, !instance.isAttached, error.code != .overloaded,
            error.code != .cancelled
        else { return }
        let isRefusal = error.code == .refused
        guard instance.noteFailure(plan.upstream.options.health, isRefusal: isRefusal) else { return }
        worker.gateway.parts.logger.warning(
            "instance ejected: it failed too often in a row or refused a connection",
            metadata: [
                "upstream": "\(plan.upstream.name)", "instance": "\(instance.name)", "error": "\(error.message)",
            ])
    }

    /// Tells the client that its request failed.
    /// - Parameter reason: for the client: nothing of the instance's address in it.
    func fail(_ code: TransportError.Code, _ reason: String, delivery: TransportError.Delivery = .unknown) {
        if plan.mode == .deletion, code != .refused { deleteAgain() }
        switch phase {
        case .done: return
        case .awaitingHead, .holding: failBeforeAnswer(code, reason, delivery)
        case .relaying, .reopening: breakOff(reason)
        case .delivering:
            sink?.abort()
            finish(.unavailable)
        case .passing:
            if plan.mode == .deletion { return answerDeletion() }
            sink?.abort()
            finish(isDetached ? .clientLeft : .outcomeUnknown)
        }
    }

    /// The session has ended here, and its instance may not have heard of it.
    private func deleteAgain() {
        guard let session = plan.session else { return }
        if session.instance.isAttached { return worker.endAttached(session) }
        worker.endUpstreamLater(
            plan.upstream, session.instance, session.upstreamSessionID, credentials: session.acceptedLines)
    }

    private func failBeforeAnswer(
        _ code: TransportError.Code, _ reason: String, _ delivery: TransportError.Delivery
    ) {
        failedDelivery = delivery
        guard sink != nil else { return finish(.clientLeft) }
        if plan.mode == .deletion { return answerDeletion() }
        // A modern client takes any error to this probe for "an old server": better a cut than a wrong verdict.
        if plan.method == .discover, delivery == .notDelivered || code == .interrupted {
            sink?.abort()
            return finish(.unavailable)
        }
        guard delivery == .unknown else { return failUnsent(code, reason) }
        if acceptsUnheard(reason) { return }
        let status = code == .timedOut ? 504 : 502
        if plan.retryClass == .sideEffect {
            refuse(.outcomeUnknown(status, reason), .outcomeUnknown)
        } else {
            refuse(
                Refusal(status, .internalError, "The instance gave no answer: \(reason)", dataJSON: Self.noAnswer),
                .unavailable)
        }
    }

    /// A notification, or an answer to an instance's question, inside a live session: nobody waits for more than the
    /// receipt, and Python clients stop writing for good after an error status. So it is receipted, and logged.
    private func acceptsUnheard(_ reason: String) -> Bool {
        guard plan.session != nil, plan.message != nil, !plan.isCall, let sink else { return false }
        worker.gateway.parts.logger.warning(
            "a client's notification or answer may not have arrived",
            metadata: [
                "upstream": "\(plan.upstream.name)", "instance": "\(instance?.name ?? "-")",
                "method": "\(plan.method.name)", "error": "\(reason)",
            ])
        status = 202
        sink.begin(status: 202, lines: answerLines { _ in }, length: 0)
        sink.end()
        finish(.outcomeUnknown)
        return true
    }

    private static let noAnswer = #"{"reason":"no_answer"}"#

    private func failUnsent(_ code: TransportError.Code, _ reason: String) {
        // A refused connection means that the process is gone, and with it the session that lived in its memory.
        if code == .refused, let session = plan.session {
            worker.end(session)
            return refuse(.sessionNotFound, .unavailable)
        }
        refuse(
            Refusal(
                503, .internalError, "The instance could not be reached; nothing was run. Try again. \(reason)",
                dataJSON: #"{"reason":"not_delivered"}"#, lines: "Retry-After: 1\r\n"), .unavailable)
    }

    /// Answers by itself. Only while nothing was sent.
    func refuse(_ refusal: Refusal, _ outcome: Outcome) {
        guard let sink else { return finish(.clientLeft) }
        if refusal.mayBeServedElsewhere, let relay = sink as? RelaySink {
            relay.refuse(refusal.message)
            return finish(outcome)
        }
        var refusal = refusal
        // A client takes every error status but 404 for the end of its session (Python 1.x tears its transport down),
        // so a call that fails inside a live session is told with 200 and a JSON-RPC error.
        if plan.isCall, let session = plan.session, !session.hasEnded, plan.path == nil, refusal.status != 404 {
            refusal.status = 200
        }
        status = refusal.status
        worker.write(refusal.answer(id: nil, of: self), request, to: sink)
        finish(outcome)
    }

    /// Ends a stream that has begun: a call gets its explicit error as the last event.
    func breakOff(_ reason: String) {
        handle?.cancel()
        handle = nil
        guard sink != nil || stream != nil else { return finish(.clientLeft) }
        held = nil
        // A 2024-11-05 stream, and the answer to initialize, come before their head is out.
        guard sentHead || sink == nil else { return refuse(Refusal(502, .internalError, reason), .unavailable) }
        if plan.isCall, !hasResponse {
            let refusal = plan.retryClass == .sideEffect
                ? Refusal.outcomeUnknown(502, reason)
                : Refusal(502, .internalError, reason, dataJSON: Self.noAnswer)
            say(refusal.answer(id: nil, of: self).body)
            sink?.end()
            return finish(plan.retryClass == .sideEffect ? .outcomeUnknown : .unavailable)
        }
        // A GET stream, or one whose response is out: a cut tells the client to come back.
        sink?.abort()
        finish(hasResponse ? .ok : .unavailable)
    }
}

extension TransportError.Code {
    /// What a client is told of the failure.
    fileprivate var reason: String {
        switch self {
        case .refused: "It refused the connection."
        case .unreachable: "There is no way to it."
        case .timedOut: "It did not answer in time."
        case .interrupted: "Its connection broke."
        case .malformed: "It answered with what is no HTTP."
        case .overloaded: "As many requests are under way to it as max_connections or this node's memory allows."
        case .tooLarge: "The request is larger than the way to it carries."
        case .cancelled, .overflowed, .closed: "This side has closed the way to it."
        }
    }
}

extension Refusal {
    /// It may have run, and nobody knows. Said once, never retried.
    static func outcomeUnknown(_ status: Int, _ reason: String) -> Refusal {
        Refusal(
            status, .internalError,
            "The call's outcome is unknown: it may have run, and its answer is lost. It was not repeated. \(reason)",
            dataJSON: #"{"reason":"outcome_unknown"}"#)
    }

    /// The answer to the request of an exchange, with its id.
    func answer(id: UnsafeRawBufferPointer?, of exchange: Exchange) -> Answer {
        guard let message = exchange.plan.message, message.kind == .request, !message.id.isAbsent else {
            return answer(id: id)
        }
        return exchange.request.body.withUnsafeReadableBytes { view in
            guard Int(message.id.end) <= view.count else { return answer(id: id) }
            return answer(id: UnsafeRawBufferPointer(rebasing: view[message.id.range]))
        }
    }
}
