// What comes back from hosts.
internal import NIOCore
internal import TransportAPI

extension RelayCaller {
    func received(_ frame: RelayFrame, _ fields: ByteBuffer, _ body: ByteBuffer, from sender: MemberID) {
        if frame.type == .states { return receivedStates(fields, body, from: sender) }
        guard let call = calls[frame.exchange] else { return leaveLate(frame, fields, sender) }
        guard call.target.member == sender else { return }
        let distance = frame.distance(from: call.expected)
        if distance > 0 { return fail(call, .interrupted, "a part of the answer was lost on its way") }
        if distance < 0 { return }
        call.expected &+= 1
        call.heard(now: now)
        switch frame.type {
        case .accept: accepted(call, fields)
        case .head: began(call, fields, body)
        case .bytes: receivedBytes(call, fields, body)
        case .abort:
            fail(
                call,
                TransportError(.interrupted, .unknown, "the member that served the request broke off (\(sender))"),
                tellsHost: false)
        case .refusal: refused(call, fields)
        default: break
        }
    }

    private func accepted(_ call: RelayCall, _ fields: ByteBuffer) {
        var fields = fields
        guard !call.isAccepted, let loop = fields.readInteger(as: UInt8.self) else {
            return fail(call, .malformed, "what says that the request has arrived is too short or repeated")
        }
        call.accept(by: loop)
    }

    private func began(_ call: RelayCall, _ fields: ByteBuffer, _ body: ByteBuffer) {
        guard !call.hasBegun, let head = RelayAnswerFields.readHead(fields) else {
            return fail(call, .malformed, "the head of the answer is garbled or repeated")
        }
        call.accept(by: head.loop)
        // What it heard by that may have made the receiver give up.
        guard call.isOpen else { return }
        call.hasBegun = true
        call.length = head.length
        touch(call)
        call.receiver?.answerBegan(
            AnswerHead(
                status: head.status, content: .other, length: head.length, sessionID: nil, lines: head.lines))
        deliver(call, body, isLast: head.isLast)
    }

    private func receivedBytes(_ call: RelayCall, _ fields: ByteBuffer, _ body: ByteBuffer) {
        var fields = fields
        guard call.hasBegun, let isLast = RelayAnswerFields.readFlags(&fields) else {
            return fail(call, .malformed, "a part of the answer is garbled or comes before its head")
        }
        deliver(call, body, isLast: isLast)
    }

    private func deliver(_ call: RelayCall, _ body: ByteBuffer, isLast: Bool) {
        guard call.isOpen else { return }
        if body.readableBytes > 0 {
            call.delivered += body.readableBytes
            if let length = call.length, call.delivered > length {
                return fail(call, .malformed, "the answer is longer than its head said")
            }
            touch(call)
            call.receiver?.answerBytes(body)
        }
        if isLast {
            if let length = call.length, call.delivered != length {
                return fail(
                    call, TransportError(.malformed, .unknown, "the answer is shorter than its head said"),
                    tellsHost: false)
            }
            return end(call)
        }
        grant(call)
        if call.isOpen, call.delivered - call.granted > limits.pausedBytesMax {
            fail(call, .overloaded, "the answer does not wait for its receiver")
        }
    }

    private func refused(_ call: RelayCall, _ fields: ByteBuffer) {
        guard !call.hasBegun else { return fail(call, .malformed, "an answer that had begun was refused") }
        var error = RelayRefusal.read(fields, messageBytesMax: limits.messageBytesMax)
        error.message += " (\(call.target.member))"
        fail(call, error, tellsHost: false)
    }

    /// Nobody waits for this exchange any more, and its host may not know it.
    private func leaveLate(_ frame: RelayFrame, _ fields: ByteBuffer, _ host: MemberID) {
        var fields = fields
        var loop: UInt8?
        switch frame.type {
        case .accept: loop = fields.readInteger()
        case .head: if let head = RelayAnswerFields.readHead(fields), !head.isLast { loop = head.loop }
        default: break
        }
        guard let loop else { return }
        let leave = RelayFrame(kind: .relayRequest, loop: loop, exchange: frame.exchange, sequence: 0, type: .leave)
        post.trySend(leave.header(), to: host)
    }

    private func receivedStates(_ fields: ByteBuffer, _ body: ByteBuffer, from sender: MemberID) {
        var fields = fields
        var body = body
        guard let (loop, asks) = RelayLots.readFields(&fields) else { return }
        let target = RelayTarget(member: sender, loop: loop)
        var probes = RelayLots(.probes)
        while let state = RelayState(readFrom: &body) {
            guard let call = calls[state.exchange] else {
                guard asks else { continue }
                let left = RelayProbe(exchange: state.exchange, sequence: 0, consumed: 0, hasLeft: true)
                probes.add(for: target, through: post) { left.write(to: &$0) }
                continue
            }
            guard call.target.member == sender else { continue }
            if !state.isKnown {
                fail(
                    call,
                    TransportError(.interrupted, .unknown, "the member that was asked does not know it (\(sender))"),
                    tellsHost: false)
            } else if Int32(bitPattern: state.sequence &- call.expected) > 0 {
                fail(call, .interrupted, "a part of the answer was lost on its way")
            } else {
                call.heard(now: now)
                if asks {
                    let probe = call.state
                    call.lastSent = now
                    probes.add(for: call.target, through: post) { probe.write(to: &$0) }
                }
            }
        }
        send(&probes)
    }
}
