// The half of a desk that serves: exchanges that others have opened here.
internal import NIOCore
internal import TransportAPI

/// Takes requests in, hands whole ones to the service, and knows which ended.
final class RelayHost {
    weak var service: (any RelayService)?
    let post: RelayPost
    let limits: RelayLimits
    /// Payload of one frame of an answer.
    let partBytesMax: Int
    private var hosted: [RelayKey: RelayAnswer] = [:]
    private var ended: RecentKeys<RelayKey>
    private var alarms = AlarmWheel<RelayKey>()
    private var gatheredBytes = 0
    /// What came since the last tick and was not answered at once. Those that are over are thrown out at the tick, and
    /// before, when they are more than the others: at most twice ``RelayLimits/hostedMax``, and 1,024.
    private(set) var unaccepted: [RelayAnswer] = []
    /// Whose observers have still to hear that the caller has left.
    private var owed: [RelayAnswer] = []
    private var now = NIODeadline.uptimeNanoseconds(0)
    private var isClosed = false

    var count: Int { hosted.count }

    init(_ post: RelayPost, _ limits: RelayLimits) {
        self.post = post
        self.limits = limits
        self.ended = RecentKeys(lifetime: limits.endedFor, max: limits.endedMax)
        let headBytesMax = RelayFrame.bytesFixed + RelayAnswerFields.headFixed + limits.linesBytesMax
        self.partBytesMax = max(1, min(limits.partBytesMax, post.bus.envelopeBytesMax - headBytesMax))
    }

    func received(_ frame: RelayFrame, _ fields: ByteBuffer, _ body: ByteBuffer, from sender: MemberID) {
        if frame.type == .probes { return receivedProbes(fields, body, from: sender) }
        let key = RelayKey(caller: sender, exchange: frame.exchange)
        guard let answer = hosted[key] else {
            if frame.type == .open { opened(key, frame, fields, body) }
            // Left before the bus brought the request: it is not to be served any more.
            if frame.type == .leave { ended.insert(key, now: now) }
            return
        }
        answer.lastHeard = now
        if frame.type == .leave { return answer.leave() }
        switch answer.order(of: frame) {
        case .repeated: return
        case .gap: return answer.breakOff()
        case .next: break
        }
        switch frame.type {
        case .part: receivedPart(answer, body)
        case .credit:
            var fields = fields
            if let consumed = fields.readInteger(as: UInt64.self) { answer.acknowledge(consumed) }
        default: break
        }
    }

    // MARK: The request

    private func opened(_ key: RelayKey, _ frame: RelayFrame, _ fields: ByteBuffer, _ body: ByteBuffer) {
        var fields = fields
        guard frame.sequence == 0, !ended.contains(key), let opening = RelayOpening(readFrom: &fields) else { return }
        let request = RelayRequest(context: opening.context, head: opening.head, body: body, loop: post.loop)
        let answer = RelayAnswer(
            key, opening: opening,
            gathering: RelayAnswer.Gathering(
                request: request, bodyCount: opening.bodyCount, deadline: now + limits.bodyTimeout),
            host: self, now: now)
        gatheredBytes += body.readableBytes
        if let error = reason(against: opening, firstPart: body) { return answer.refuse(error) }
        hosted[key] = answer
        setAlarm(answer)
        serveIfWhole(answer)
        if answer.isUnaccepted { acceptLater(answer) }
    }

    /// An answer that begins before the next tick tells its caller as well that the request has arrived, so that a
    /// quick exchange is two messages.
    private func acceptLater(_ answer: RelayAnswer) {
        if unaccepted.count >= 2 * hosted.count + 1024 { unaccepted.removeAll { !$0.isUnaccepted } }
        unaccepted.append(answer)
    }

    private func acceptAll() {
        for answer in unaccepted where answer.isUnaccepted { answer.sendAccept() }
        unaccepted.removeAll { !$0.isUnaccepted }
    }

    /// Why a request cannot be taken.
    private func reason(against opening: RelayOpening, firstPart: ByteBuffer) -> TransportError? {
        func error(_ code: TransportError.Code, _ message: String) -> TransportError {
            TransportError(code, .notDelivered, message)
        }
        if isClosed { return error(.closed, "the member that was asked is closing") }
        if service == nil { return error(.unreachable, "the member that was asked serves no requests") }
        if hosted.count >= limits.hostedMax {
            return error(.overloaded, "the member that was asked serves \(limits.hostedMax) requests already")
        }
        if opening.context.readableBytes > limits.contextBytesMax || opening.head.readableBytes > limits.headBytesMax
            || opening.bodyCount > limits.bodyBytesMax
        {
            return error(.tooLarge, "the request is larger than the member that was asked takes")
        }
        if firstPart.readableBytes > opening.bodyCount {
            return error(.malformed, "the body is longer than was announced")
        }
        if gatheredBytes > limits.gatheredBytesMax {
            return error(.overloaded, "the member that was asked waits for the rest of too many requests")
        }
        return nil
    }

    private func receivedPart(_ answer: RelayAnswer, _ part: ByteBuffer) {
        guard answer.gathered != nil else { return answer.breakOff() }
        gatheredBytes += part.readableBytes
        guard answer.add(part) else {
            return answer.refuse(TransportError(.malformed, .notDelivered, "the body is longer than was announced"))
        }
        guard gatheredBytes <= limits.gatheredBytesMax else {
            return answer.refuse(
                TransportError(
                    .overloaded, .notDelivered, "the member that was asked waits for the rest of too many requests"))
        }
        serveIfWhole(answer)
    }

    private func serveIfWhole(_ answer: RelayAnswer) {
        guard let request = answer.takeWhole() else { return }
        gatheredBytes -= request.body.readableBytes
        guard let service else {
            return answer.refuse(
                TransportError(.unreachable, .notDelivered, "the member that was asked serves no requests"))
        }
        service.serve(request, from: answer.key.caller, to: answer)
    }

    // MARK: The end

    /// An answer is over. It is never served again.
    func remove(_ answer: RelayAnswer) {
        ended.insert(answer.key, now: now)
        hosted[answer.key] = nil
    }

    /// A request that did not become whole is dropped.
    func forget(_ gathering: RelayAnswer.Gathering) { gatheredBytes -= gathering.request.body.readableBytes }

    /// Tells the observer at the next occasion that its caller has left.
    func owe(_ answer: RelayAnswer) { owed.append(answer) }

    /// Pays what is owed.
    func receivedAll() {
        while let answer = owed.popLast() { answer.leave() }
    }

    private var inOrder: [RelayAnswer] { hosted.values.sorted { $0.key.exchange < $1.key.exchange } }

    func memberLeft(_ member: MemberID) {
        for answer in inOrder where answer.key.caller == member { answer.leave() }
    }

    func close() {
        isClosed = true
        for answer in inOrder { answer.end(for: TransportError(.closed, .notDelivered, "the member is closing")) }
        unaccepted.removeAll()
        receivedAll()
    }

    // MARK: Time

    private func setAlarm(_ answer: RelayAnswer) { alarms.set(answer.key, at: deadline(of: answer)) }

    private func deadline(of answer: RelayAnswer) -> NIODeadline {
        let silent = answer.lastHeard + limits.silence
        return answer.gathered.map { min($0.deadline, silent) } ?? silent
    }

    func tick(now: NIODeadline) {
        self.now = now
        acceptAll()
        receivedAll()
        ended.tick(now: now)
        for alarm in alarms.due(now) {
            guard let answer = hosted[alarm.key] else { continue }
            if deadline(of: answer) > now {
                setAlarm(answer)
            } else if answer.gathered != nil {
                answer.refuse(
                    TransportError(.interrupted, .notDelivered, "the rest of the request did not arrive in time"))
            } else {
                answer.leave()
            }
        }
        if alarms.count > 2 * hosted.count + 1024 { alarms.keep { hosted[$0.key] != nil } }
    }

    // MARK: Probes

    private func receivedProbes(_ fields: ByteBuffer, _ body: ByteBuffer, from sender: MemberID) {
        var fields = fields
        var body = body
        guard let (loop, _) = RelayLots.readFields(&fields) else { return }
        let target = RelayTarget(member: sender, loop: loop)
        var states = RelayLots(.states)
        while let probe = RelayProbe(readFrom: &body) {
            let answer = hosted[RelayKey(caller: sender, exchange: probe.exchange)]
            if probe.hasLeft {
                answer?.leave()
                continue
            }
            answer?.heard(probe, now: now)
            let isKnown = answer?.isOpen == true
            states.add(for: target, through: post) {
                RelayState(exchange: probe.exchange, sequence: answer?.sequence ?? 0, isKnown: isKnown).write(to: &$0)
            }
        }
        states.sendAll(through: post)
    }

    /// Says where each exchange stands, and asks its caller to do the same.
    func verify() {
        var states = RelayLots(.states, asks: true)
        for answer in inOrder {
            states.add(for: answer.target, through: post) {
                RelayState(exchange: answer.key.exchange, sequence: answer.sequence, isKnown: true).write(to: &$0)
            }
        }
        states.sendAll(through: post)
    }
}
