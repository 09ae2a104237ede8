// What an exchange keeps of its client's request: the whole body only as long as it may have to be sent again or its
// instance has not taken it, since a call may run for minutes and its client leave behind it.
internal import MCPWire
internal import NIOCore
internal import TransportAPI

extension Exchange {
    /// Counts a large body. False if there is no room for it.
    func countBody() -> Bool {
        guard request.body.readableBytes > ExchangeRequest.countedBodyBytes else { return true }
        let bytes = request.body.storageCapacity
        guard worker.requestBytes == 0 || worker.requestBytes + bytes <= limits.requestBytes else {
            worker.metrics.bodiesRefused &+= 1
            return false
        }
        worker.requestBytes += bytes
        countedBody = bytes
        return true
    }

    func requestSent() {
        isBodySent = true
        letGoOfBody()
    }

    /// Forgets a large body that will not be sent again.
    /// - Parameter hasHead: the instance has answered, so it has the request.
    func letGoOfBody(hasHead: Bool = false) {
        guard countedBody > 0, isBodySent || hasHead else { return }
        guard hasHead && plan.mode != .initialize || !mayNeedBody else { return }
        uncountBody()
        request = request.trimmed(keeping: plan.message?.id ?? .absent)
        plan.message = plan.message.map { message in
            var left = Message()
            left.kind = message.kind
            left.knownMethod = message.knownMethod
            if !message.id.isAbsent { left.id = ByteRange(start: 0, end: UInt32(clamping: request.body.readableBytes)) }
            return left
        }
    }

    func uncountBody() {
        worker.requestBytes -= countedBody
        countedBody = 0
    }

    /// It may be sent once more, or its parameters go on record with the session.
    private var mayNeedBody: Bool {
        if plan.mode == .initialize { return true }
        guard case .awaitingHead = phase, sink != nil else { return false }
        switch plan.retryClass {
        case .read, .sessionCreation: return true
        default:
            // A member that has the request may still refuse it before it was run.
            if case .any = plan.target { return isHosted || !isBodySent }
            return false
        }
    }
}

extension Request {
    /// The same without the body, but for one range of it.
    func trimmed(keeping range: ByteRange) -> Request {
        let kept = body.withUnsafeReadableBytes { view in
            Int(range.range.upperBound) <= view.count ? ByteBuffer(bytes: view[range.range]) : ByteBuffer()
        }
        let trimmed = Request(head: head, block: block.withoutSlack(), body: kept)
        trimmed.copyState(of: self)
        return trimmed
    }
}
