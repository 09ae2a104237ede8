// Who hears answers and serves requests in tests, and writes down what it was told.
import NIOCore
import TransportAPI

@testable import TransportKit

/// The receiver of one exchange.
final class Recorder: ExchangeReceiver {
    var head: AnswerHead?
    var body = ByteBuffer()
    var pauses = 0
    /// How often it was told that nothing of its request's body is held.
    var sent = 0
    var ended = 0
    var errors: [TransportError] = []
    /// Called with the name of each thing that is heard.
    var hook: (String) -> Void = { _ in }

    var isOver: Bool { ended + errors.count > 0 }
    var text: String { String(buffer: body) }
    /// How it ended, in short.
    var outcome: String {
        if ended + errors.count > 1 { return "more than once" }
        if ended == 1 { return "ended" }
        return errors.first.map { "\($0.code.rawValue) \($0.delivery.rawValue)" } ?? "open"
    }

    func isPrefix(of sent: ByteBuffer) -> Bool { sent.getSlice(at: 0, length: body.readableBytes) == body }

    func requestSent() {
        sent += 1
        hook("sent")
    }

    func answerBegan(_ head: AnswerHead) {
        self.head = head
        hook("began")
    }

    func answerBytes(_ bytes: ByteBuffer) {
        body.writeImmutableBuffer(bytes)
        hook("bytes")
    }

    func answerPaused() {
        pauses += 1
        hook("paused")
    }

    func answerEnded() {
        ended += 1
        hook("ended")
    }

    func exchangeFailed(_ error: TransportError) {
        errors.append(error)
        hook("failed")
    }
}

/// A service that keeps what it is asked, for the test to answer.
final class Desk: RelayService {
    struct Asked {
        var request: RelayRequest
        var caller: MemberID
        var answer: RelayAnswer
    }

    var asked: [Asked] = []
    /// Called for each request.
    var hook: (Asked) -> Void = { _ in }

    func serve(_ request: RelayRequest, from caller: MemberID, to answer: RelayAnswer) {
        asked.append(Asked(request: request, caller: caller, answer: answer))
        hook(Asked(request: request, caller: caller, answer: answer))
    }
}

/// The observer of one answer.
final class Observer: RelayObserver {
    var left = 0
    var writable: [Bool] = []
    var hook: () -> Void = {}

    func callerLeft() {
        left += 1
        hook()
    }

    func callerIsWritable(_ isWritable: Bool) {
        writable.append(isWritable)
        hook()
    }
}

/// Two members with a desk each.
final class Pair {
    let net: Net
    let callerID = MemberID(name: "caller", incarnation: 1)!
    let hostID = MemberID(name: "host", incarnation: 2)!
    let callerBus: NetBus
    let hostBus: NetBus
    let caller: RelayDesk
    let host: RelayDesk
    let service = Desk()

    init(seed: UInt64 = 1, limits: RelayLimits = RelayLimits(), hostLimits: RelayLimits? = nil) {
        net = Net(seed: seed)
        callerBus = NetBus(net, callerID)
        hostBus = NetBus(net, hostID)
        caller = RelayDesk(bus: callerBus, own: callerID, loop: 0, seed: seed, limits: limits)
        host = RelayDesk(bus: hostBus, own: hostID, loop: 0, seed: seed, limits: hostLimits ?? limits)
        host.service = service
        net.add(caller, of: callerID)
        net.add(host, of: hostID)
        net.pass(.milliseconds(250))
    }

    @discardableResult
    func open(_ body: String = "body", for recorder: Recorder) -> (any ExchangeHandle)? {
        caller.open(.sample(body), at: hostID, for: recorder)
    }

    /// Opens, and lets the service have it.
    func openAndServe(
        _ body: String = "body"
    ) -> (recorder: Recorder, handle: (any ExchangeHandle)?, answer: RelayAnswer?) {
        let recorder = Recorder()
        let handle = open(body, for: recorder)
        net.run()
        return (recorder, handle, service.asked.last?.answer)
    }

    var isEmpty: Bool { caller.callCount + host.hostedCount + host.callCount + caller.hostedCount == 0 }
}

extension RelayRequest {
    static func sample(_ body: String = "body", loop: UInt8? = nil) -> RelayRequest {
        RelayRequest(
            context: ByteBuffer(string: "context"), head: ByteBuffer(string: "GET /mcp HTTP/1.1\r\n\r\n"),
            body: ByteBuffer(string: body), loop: loop)
    }
}
