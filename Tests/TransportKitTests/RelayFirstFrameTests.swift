// First frames of an answer that are lost, late, repeated or cannot be sent.
import NIOCore
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Relay: first frames")
struct RelayFirstFrameTests {
    private static let tick = TimeAmount.milliseconds(250)

    private func toHost(_ pair: Pair) -> [RelayFrame.FrameType] {
        pair.net.frames(from: pair.callerID, to: pair.hostID)
    }

    private func toCaller(_ pair: Pair) -> [RelayFrame.FrameType] {
        pair.net.frames(from: pair.hostID, to: pair.callerID)
    }

    private func answer(_ answer: RelayAnswer?, _ text: String = "answer") {
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        answer?.write(ByteBuffer(string: text))
        answer?.end()
    }

    /// Opens, and answers with a stream that stays open.
    private func stream(_ pair: Pair) -> (recorder: Recorder, handle: (any ExchangeHandle)?, answer: RelayAnswer?) {
        let opened = pair.openAndServe()
        opened.answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        opened.answer?.flush()
        return opened
    }

    private func deliver(_ type: RelayFrame.FrameType, _ pair: Pair) {
        for delivery in pair.net.published where pair.net.frame(of: delivery)?.type == type {
            pair.caller.received(delivery.envelope, from: delivery.sender)
        }
    }

    @Test("A head that comes again is heard once, before and after the end", arguments: [true, false])
    func repeatedHead(_ isSlow: Bool) {
        let pair = Pair()
        let opened = pair.openAndServe()
        if isSlow { pair.net.pass(Self.tick) }
        var began = 0
        opened.recorder.hook = { if $0 == "began" { began += 1 } }
        opened.answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        opened.answer?.write(ByteBuffer(string: "one "))
        opened.answer?.flush()
        pair.net.run()
        deliver(.head, pair)
        opened.answer?.write(ByteBuffer(string: "two"))
        opened.answer?.end()
        pair.net.run()
        deliver(.head, pair)
        pair.net.run()
        #expect(began == 1 && opened.recorder.text == "one two" && opened.recorder.outcome == "ended")
        #expect(pair.service.asked.count == 1 && pair.isEmpty)
    }

    @Test("The head of a stream that comes when nobody waits any more is answered by leaving")
    func lateHead() {
        let pair = Pair()
        let (_, handle, answer) = pair.openAndServe()
        let observer = Observer()
        answer?.observer = observer
        pair.net.filter = { $0.target == pair.callerID }
        handle?.cancel()
        pair.net.run()
        pair.net.filter = { _ in true }
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        answer?.flush()
        pair.net.run()
        #expect(toHost(pair) == [.open, .leave, .leave] && observer.left == 1)
        #expect(pair.isEmpty)
    }

    @Test("A whole answer that comes when nobody waits any more is ignored")
    func lateAnswer() {
        let pair = Pair()
        let (_, handle, slow) = pair.openAndServe()
        pair.net.filter = { $0.target == pair.callerID }
        handle?.cancel()
        answer(slow)
        pair.net.run()
        #expect(toHost(pair) == [.open, .leave] && toCaller(pair) == [.head])
        #expect(pair.isEmpty)
    }

    @Test("A first frame that is lost: unknown, soon, and the host lets go", arguments: [true, false])
    func lostHead(_ isWhole: Bool) {
        let pair = Pair()
        let opened = pair.openAndServe()
        let observer = Observer()
        opened.answer?.observer = observer
        pair.net.filter = { _ in false }
        opened.answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        isWhole ? opened.answer?.end() : opened.answer?.flush()
        pair.net.run()
        pair.net.filter = { _ in true }
        pair.net.pass(.milliseconds(1_750))
        #expect(opened.recorder.outcome == "open")
        pair.net.pass(.milliseconds(500))
        #expect(opened.recorder.outcome == "timedOut unknown")
        #expect(toCaller(pair) == [.head], "what has begun is not accepted any more")
        #expect(observer.left == (isWhole ? 0 : 1))
        #expect(pair.isEmpty)
    }

    @Test("A stream whose head is lost fails at its next bytes")
    func gapAtHead() {
        let pair = Pair()
        pair.net.filter = { [unowned net = pair.net] in net.frame(of: $0)?.type != .head }
        let (recorder, _, answer) = stream(pair)
        answer?.write(ByteBuffer(string: "bytes"))
        answer?.flush()
        pair.net.run()
        #expect(recorder.outcome == "interrupted unknown" && recorder.head == nil)
        #expect(pair.isEmpty)
    }

    @Test("A request that was answered was heard, whatever the bus says afterwards")
    func unheardAfterHead() {
        let pair = Pair()
        let (recorder, _, _) = stream(pair)
        pair.net.run()
        pair.caller.unheard(pair.net.published.first?.envelope.receipt ?? 0, by: pair.hostID)
        #expect(recorder.outcome == "open" && pair.caller.callCount == 1)
    }

    @Test(
        "With a full queue, or no way to the caller, the accept goes out at the next tick, once",
        arguments: [TransportError.Code.overloaded, .unreachable])
    func acceptLater(_ code: TransportError.Code) {
        let pair = Pair()
        let (recorder, _, slow) = pair.openAndServe()
        pair.hostBus.failure = RelayFailureTests.error(code)
        pair.net.pass(.milliseconds(500))
        #expect(toCaller(pair).isEmpty && slow?.isOpen == true)
        pair.hostBus.failure = nil
        pair.net.pass(.seconds(3))
        #expect(toCaller(pair) == [.accept] && recorder.outcome == "open")
        answer(slow)
        pair.net.run()
        #expect(recorder.outcome == "ended")
    }

    @Test("An accept that can never be sent ends the exchange, and the observer hears it")
    func closedAccept() {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        let observer = Observer()
        answer?.observer = observer
        pair.hostBus.failure = RelayFailureTests.error(.closed)
        pair.net.pass(Self.tick)
        #expect(observer.left == 1 && pair.host.hostedCount == 0)
        pair.net.pass(.seconds(2))
        #expect(recorder.outcome == "timedOut unknown")
    }

    @Test("What waits for the tick is bounded, however many come and go before it")
    func bound() {
        let net = Net()
        let (caller, own) = (Pair().callerID, Pair().hostID)
        let host = RelayHost(RelayPost(bus: NetBus(net, own), loop: 0), RelayLimits())
        let service = Desk()
        host.service = service
        var most = 0
        for exchange in UInt64(1)...4_000 {
            var header = ByteBuffer()
            RelayOpening.write(.sample(), callerLoop: 0, window: 4096, to: &header)
            let frame = RelayFrame(kind: .relayRequest, loop: 0, exchange: exchange, sequence: 0, type: .open)
            host.received(frame, header, ByteBuffer(string: "body"), from: caller)
            if exchange % 40 != 0 { answer(service.asked.last?.answer) }
            most = max(most, host.unaccepted.count)
        }
        #expect(host.count == 100)
        #expect(most > 1024 && most <= 1024 + 2 * 100)
        host.tick(now: net.now)
        #expect(host.unaccepted.isEmpty)
        #expect(net.frames(from: own, to: caller).count { $0 == .accept } == 100)
    }
}
