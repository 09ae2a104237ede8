// The half of a desk that asks: exchanges that were opened here and are served elsewhere.
internal import NIOCore
internal import TransportAPI

/// Opens exchanges, takes answers in, and finds out when a host is silent.
final class RelayCaller {
    let post: RelayPost
    let limits: RelayLimits
    private(set) var calls: [UInt64: RelayCall] = [:]
    private var numbers: SeededNumbers
    private var alarms = AlarmWheel<UInt64>()
    /// Whose receivers may flush when the bus has nothing more.
    private var touched: [RelayCall] = []
    /// What could not be sent within a call of the receiver, who hears of it later.
    private var broken: [(RelayCall, TransportError)] = []
    private(set) var now = NIODeadline.uptimeNanoseconds(0)
    private var isClosed = false

    init(_ post: RelayPost, _ limits: RelayLimits, seed: UInt64) {
        self.post = post
        self.limits = limits
        // The desks of one member share its name, so they must not share their numbers.
        self.numbers = SeededNumbers(seed: seed &+ (UInt64(post.loop) &+ 1) &* 0xD134_2543_DE82_EF95)
    }

    // MARK: Opening

    func open(
        _ request: RelayRequest, at host: MemberID, for receiver: any ExchangeReceiver
    ) -> (any ExchangeHandle)? {
        var exchange = numbers.next()
        while exchange == 0 || calls[exchange] != nil { exchange = numbers.next() }
        let target = RelayTarget(member: host, loop: request.loop ?? UInt8(truncatingIfNeeded: numbers.next()))
        let call = RelayCall(exchange, at: target, for: receiver, now: now)
        do throws(TransportError) {
            try check(request)
            try send(request, of: call)
        } catch {
            call.receiver = nil
            receiver.exchangeFailed(TransportError(error.code, .notDelivered, error.message))
            return nil
        }
        call.caller = self
        call.owesRequestSent = request.body.readableBytes > ExchangeRequest.countedBodyBytes
        calls[exchange] = call
        setAlarm(call)
        return call
    }

    private func check(_ request: RelayRequest) throws(TransportError) {
        if isClosed { throw TransportError(.closed, .notDelivered, "the relay of this event loop is closed") }
        if calls.count >= limits.callsMax {
            throw TransportError(
                .overloaded, .notDelivered, "\(limits.callsMax) relayed exchanges are open on this event loop")
        }
        if request.context.readableBytes > limits.contextBytesMax || request.head.readableBytes > limits.headBytesMax
            || request.body.readableBytes > limits.bodyBytesMax
        {
            throw TransportError(
                .tooLarge, .notDelivered,
                "context, head and body of a relayed request may have \(limits.contextBytesMax), "
                    + "\(limits.headBytesMax) and \(limits.bodyBytesMax) bytes")
        }
    }

    /// Sends the whole request. A host serves only a whole one, so what fails here was not served.
    private func send(_ request: RelayRequest, of call: RelayCall) throws(TransportError) {
        let extra = RelayOpening.bytesFixed + request.context.readableBytes + request.head.readableBytes
        var header = header(.open, of: call, extra: extra)
        RelayOpening.write(request, callerLoop: post.loop, window: limits.window, to: &header)
        var rest = request.body
        let first = min(rest.readableBytes, max(0, post.bus.envelopeBytesMax - header.readableBytes))
        // A request without its last frame is never served, so that one tells whether it was heard.
        let body = rest.readSlice(length: first)
        try sendCounted(header, body, of: call, receipt: rest.readableBytes == 0 ? call.exchange : 0)
        let partMax = max(1, post.bus.envelopeBytesMax - RelayFrame.bytesFixed)
        while rest.readableBytes > 0 {
            do throws(TransportError) {
                let part = rest.readSlice(length: min(rest.readableBytes, partMax))
                let receipt = rest.readableBytes == 0 ? call.exchange : 0
                try sendCounted(self.header(.part, of: call), part, of: call, receipt: receipt)
            } catch {
                sendLeave(call)
                throw error
            }
        }
    }

    private func header(_ type: RelayFrame.FrameType, of call: RelayCall, extra: Int = 0) -> ByteBuffer {
        RelayFrame(
            kind: .relayRequest, loop: call.target.loop, exchange: call.exchange, sequence: call.sequence, type: type
        ).header(extra: extra)
    }

    private func sendCounted(
        _ header: ByteBuffer, _ body: ByteBuffer?, of call: RelayCall, receipt: UInt64
    ) throws(TransportError) {
        try post.send(header, body ?? ByteBuffer(), to: call.target.member, receipt: receipt)
        call.sequence &+= 1
        call.lastSent = now
    }

    private func sendLeave(_ call: RelayCall) { post.trySend(header(.leave, of: call), to: call.target.member) }

    // MARK: Ending

    func cancel(_ call: RelayCall) {
        guard calls[call.exchange] === call else { return }
        remove(call)
        sendLeave(call)
    }

    private func remove(_ call: RelayCall) {
        calls[call.exchange] = nil
        call.receiver = nil
    }

    func end(_ call: RelayCall) {
        guard let receiver = call.receiver else { return }
        remove(call)
        receiver.answerEnded()
    }

    /// - Parameter tellsHost: it may not know yet.
    func fail(_ call: RelayCall, _ error: TransportError, tellsHost: Bool = true) {
        guard let receiver = call.receiver else { return }
        remove(call)
        if tellsHost { sendLeave(call) }
        receiver.exchangeFailed(error)
    }

    func fail(_ call: RelayCall, _ code: TransportError.Code, _ message: String) {
        fail(call, TransportError(code, .unknown, "\(message) (\(call.target.member))"))
    }

    private func inOrder(where isMeant: (RelayCall) -> Bool) -> [RelayCall] {
        calls.values.filter(isMeant).sorted { $0.exchange < $1.exchange }
    }

    /// The end of a request was heard by nobody: it was not served.
    func unheard(_ exchange: UInt64, by member: MemberID) {
        guard let call = calls[exchange], call.target.member == member, !call.isAccepted else { return }
        fail(
            call,
            TransportError(.unreachable, .notDelivered, "nobody hears the inbox of \(member); nothing was run"),
            tellsHost: false)
    }

    func memberLeft(_ member: MemberID) {
        for call in inOrder(where: { $0.target.member == member }) {
            fail(
                call,
                TransportError(.interrupted, .unknown, "the member that served the request has left (\(member))"),
                tellsHost: false)
        }
    }

    func close() {
        isClosed = true
        for call in inOrder(where: { _ in true }) { fail(call, .closed, "the relay of this event loop was closed") }
        touched.removeAll()
        broken.removeAll()
    }

    // MARK: Back-pressure

    /// Acknowledges what the receiver has consumed, from half a window on.
    func grant(_ call: RelayCall) {
        let waiting = call.delivered - call.granted
        guard call.isOpen, !call.isPaused, waiting >= limits.window / 2 else { return }
        var header = header(.credit, of: call, extra: 8)
        header.writeInteger(UInt64(clamping: call.delivered))
        do throws(TransportError) {
            try post.send(header, to: call.target.member)
            call.granted = call.delivered
            call.lastSent = now
        } catch {
            // Otherwise the next frame or probe says the same.
            if !error.mayPass { broken.append((call, error)) }
        }
    }

    func touch(_ call: RelayCall) {
        guard !call.isTouched else { return }
        call.isTouched = true
        touched.append(call)
    }

    func receivedAll() {
        failBroken()
        let calls = touched
        touched.removeAll(keepingCapacity: calls.count <= 256)
        for call in calls {
            call.isTouched = false
            call.receiver?.answerPaused()
        }
    }

    private func failBroken() {
        if broken.isEmpty { return }
        let broken = broken.sorted { $0.0.exchange < $1.0.exchange }
        self.broken.removeAll()
        for (call, error) in broken {
            fail(call, error.code == .closed ? .closed : .interrupted, error.message)
        }
    }

    // MARK: Time

    func setAlarm(_ call: RelayCall) {
        let deadline = call.deadline(limits)
        call.alarm = deadline
        alarms.set(call.exchange, at: deadline)
    }

    func tick(now: NIODeadline) {
        self.now = now
        failBroken()
        var probes = RelayLots(.probes)
        for alarm in alarms.due(now) {
            guard let call = calls[alarm.key], call.alarm == alarm.deadline else { continue }
            lookAt(call, &probes)
        }
        send(&probes)
        if alarms.count > 2 * calls.count + 1024 {
            alarms.keep { calls[$0.key]?.alarm == $0.deadline }
        }
    }

    private func lookAt(_ call: RelayCall, _ probes: inout RelayLots) {
        guard call.deadline(limits) <= now else { return setAlarm(call) }
        guard call.isAccepted else {
            return fail(call, .timedOut, "the member that was asked did not say in time that it has got the request")
        }
        guard call.unanswered < limits.probes, !isSilent(call) else { return giveUp(call) }
        let probe = call.probe(now: now)
        probes.add(for: call.target, through: post) { probe.write(to: &$0) }
        setAlarm(call)
    }

    /// However often it was verified: verifying begins the count of unanswered probes anew.
    private func isSilent(_ call: RelayCall) -> Bool {
        call.unanswered > 0 && now - call.lastHeard >= limits.silence
    }

    private func giveUp(_ call: RelayCall) {
        fail(call, .interrupted, "the member that serves the request does not answer any more")
    }

    /// Asks every host at once where each exchange stands.
    func verify() {
        var probes = RelayLots(.probes)
        for call in inOrder(where: { _ in true }) {
            if isSilent(call) {
                giveUp(call)
                continue
            }
            let probe = call.probe(now: now, isVerifying: true)
            probes.add(for: call.target, through: post) { probe.write(to: &$0) }
            setAlarm(call)
        }
        send(&probes)
    }

    func send(_ probes: inout RelayLots) {
        probes.sendAll(through: post)
        for (target, error) in probes.refused {
            broken += calls.values.filter { $0.target == target }.map { ($0, error) }
        }
        failBroken()
    }
}
