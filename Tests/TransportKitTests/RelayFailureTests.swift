// Exchanges that fail, and what their failure says.
import NIOCore
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Relay: failures")
struct RelayFailureTests {
    static func error(
        _ code: TransportError.Code, _ delivery: TransportError.Delivery = .notDelivered
    ) -> TransportError {
        TransportError(code, delivery, "because")
    }

    @Test("A request that cannot be published fails within open, and was not delivered", arguments: [
        TransportError.Code.unreachable, .overloaded, .tooLarge, .closed,
    ])
    func unpublished(_ code: TransportError.Code) {
        let pair = Pair()
        pair.callerBus.failure = Self.error(code)
        let recorder = Recorder()
        #expect(pair.open(for: recorder) == nil)
        #expect(recorder.outcome == "\(code.rawValue) notDelivered")
        #expect(pair.isEmpty)
    }

    @Test("A request of which a part cannot be published was not delivered, and is never served")
    func partUnpublished() {
        let pair = Pair()
        pair.callerBus.failures = [nil, Self.error(.overloaded)]
        let recorder = Recorder()
        #expect(pair.open(String(repeating: "x", count: 600_000), for: recorder) == nil)
        #expect(recorder.outcome == "overloaded notDelivered")
        #expect(pair.net.frames(from: pair.callerID, to: pair.hostID) == [.open, .leave])
        pair.net.pass(.seconds(30))
        #expect(pair.service.asked.isEmpty)
        #expect(pair.isEmpty)
    }

    @Test("A request whose end nobody has heard was not delivered", arguments: [0, 600_000])
    func unheard(_ size: Int) throws {
        let pair = Pair()
        pair.net.filter = { _ in false }
        let recorder = Recorder()
        let handle = pair.open(String(repeating: "x", count: size), for: recorder)
        let receipts = pair.net.published.map(\.envelope.receipt).filter { $0 != 0 }
        let receipt = try #require(receipts.last)
        #expect(receipts.count == 1 && pair.net.published.last?.envelope.receipt == receipt)
        pair.caller.unheard(receipt &+ 1, by: pair.hostID)
        pair.caller.unheard(receipt, by: pair.callerID)
        #expect(recorder.outcome == "open")
        pair.caller.unheard(receipt, by: pair.hostID)
        #expect(recorder.outcome == "unreachable notDelivered")
        #expect(pair.isEmpty)
        withExtendedLifetime(handle) {}
    }

    @Test("What is too large is not sent")
    func tooLarge() {
        let pair = Pair()
        let limits = RelayLimits()
        for part in [\RelayRequest.context, \.head, \.body] {
            var request = RelayRequest.sample()
            request[keyPath: part] = ByteBuffer(repeating: 1, count: limits.bodyBytesMax + 1)
            let recorder = Recorder()
            #expect(pair.caller.open(request, at: pair.hostID, for: recorder) == nil)
            #expect(recorder.outcome == "tooLarge notDelivered")
        }
        #expect(pair.net.published.isEmpty)
    }

    @Test("A desk opens and serves no more than it may")
    func bounds() {
        var few = RelayLimits()
        few.callsMax = 3
        few.hostedMax = 2
        let pair = Pair(limits: few)
        let recorders = (0..<4).map { _ in Recorder() }
        for recorder in recorders { pair.open(for: recorder) }
        #expect(recorders.map(\.outcome) == ["open", "open", "open", "overloaded notDelivered"])
        pair.net.run()
        #expect(recorders.map(\.outcome) == ["open", "open", "overloaded notDelivered", "overloaded notDelivered"])
        #expect(pair.caller.callCount == 2 && pair.host.hostedCount == 2)
    }

    @Test("Without a service a request is refused")
    func noService() {
        let pair = Pair()
        pair.host.service = nil
        #expect(pair.openAndServe().recorder.outcome == "unreachable notDelivered")
        #expect(pair.isEmpty)
    }

    @Test("A refusal says what the host says", arguments: [
        error(.overloaded), error(.timedOut, .unknown), error(.refused), error(.closed, .unknown), error(.overflowed),
    ])
    func refusal(_ error: TransportError) {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        let observer = Observer()
        answer?.observer = observer
        answer?.refuse(error)
        #expect(answer?.isOpen == false && answer?.observer == nil)
        pair.net.run()
        #expect(recorder.outcome == "\(error.code.rawValue) \(error.delivery.rawValue)")
        #expect(recorder.errors.first?.message.hasPrefix("because") == true)
        #expect(observer.left == 0)
        #expect(pair.isEmpty)
    }

    @Test("The text of a refusal is one short line, whatever the host wrote")
    func refusalText() {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        answer?.refuse(TransportError(.refused, .notDelivered, "a\r\nb\u{1B}" + String(repeating: "é", count: 5000)))
        pair.net.run()
        let text = recorder.errors.first?.message ?? ""
        #expect(text.hasPrefix("a  b é"))
        #expect(text.utf8.count < 600)
        #expect(pair.isEmpty)
    }

    @Test("Once begun, a refusal is a cut: it may have been done")
    func lateRefusal() {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        answer?.refuse(Self.error(.overloaded))
        pair.net.run()
        #expect(recorder.outcome == "interrupted unknown")
        #expect(pair.isEmpty)
    }

    @Test("A cut gives what was flushed before, and a failure", arguments: [true, false])
    func abort(_ hasBegun: Bool) {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        if hasBegun {
            answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
            answer?.write(ByteBuffer(string: "flushed"))
            answer?.flush()
            answer?.write(ByteBuffer(string: "not flushed"))
            answer?.abort()
        } else {
            answer?.end()
        }
        pair.net.run()
        #expect(recorder.text == (hasBegun ? "flushed" : ""))
        #expect(recorder.outcome == "interrupted unknown")
        #expect(pair.isEmpty)
    }

    @Test("An answer that cannot be published is over, and its observer hears it afterwards", arguments: [true, false])
    func answerUnpublished(_ isAccepted: Bool) {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        if isAccepted { pair.net.pass(.milliseconds(250)) }
        let observer = Observer()
        answer?.observer = observer
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        pair.hostBus.failures = [Self.error(.overloaded)]
        answer?.flush()
        #expect(answer?.isOpen == false)
        #expect(observer.left == 0, "not within the service's own call")
        pair.host.receivedAll()
        #expect(observer.left == 1 && answer?.observer == nil)
        #expect(recorder.outcome == "open")
        pair.net.pass(.seconds(isAccepted ? 15 : 3))
        #expect(recorder.outcome == (isAccepted ? "interrupted" : "timedOut") + " unknown", "a probe, or the time")
        #expect(pair.isEmpty)
    }

    @Test("Header lines beyond the bound break the answer off")
    func hugeLines() {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        let observer = Observer()
        answer?.observer = observer
        answer?.begin(status: 200, lines: ByteBuffer(repeating: 0x61, count: 70_000), length: nil)
        answer?.flush()
        pair.net.run()
        #expect(recorder.outcome == "interrupted unknown" && observer.left == 1)
        #expect(pair.isEmpty)
    }

    @Test("An observer that comes too late still hears that the caller has left")
    func lateObserver() {
        let pair = Pair()
        let (_, handle, answer) = pair.openAndServe()
        handle?.cancel()
        pair.net.run()
        #expect(answer?.isOpen == false)
        let observer = Observer()
        answer?.observer = observer
        #expect(observer.left == 0)
        pair.net.pass(.milliseconds(250))
        #expect(observer.left == 1)
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        answer?.write(ByteBuffer(string: "x"))
        answer?.end()
        #expect(answer?.queuedBytes == 0)
    }

    @Test("An observer that is set after the end is not kept and hears nothing")
    func observerAfterEnd() {
        let pair = Pair()
        let (_, _, answer) = pair.openAndServe()
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        pair.hostBus.failures = [Self.error(.unreachable)]
        answer?.flush()
        answer?.end()
        let observer = Observer()
        answer?.observer = observer
        pair.net.pass(.seconds(1))
        #expect(answer?.observer == nil && observer.left == 0)
    }

    @Test("After cancel the receiver hears nothing, and the host's observer hears that its caller left")
    func cancel() {
        let pair = Pair()
        let (recorder, handle, answer) = pair.openAndServe()
        let observer = Observer()
        answer?.observer = observer
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        answer?.flush()
        handle?.cancel()
        handle?.cancel()
        handle?.pause()
        handle?.resume()
        pair.net.pass(.seconds(1))
        #expect(recorder.outcome == "open" && recorder.head == nil)
        #expect(observer.left == 1)
        #expect(pair.isEmpty)
    }

    @Test("A receiver may cancel in the midst of an answer", arguments: ["began", "bytes", "paused"])
    func cancelWithin(_ event: String) {
        let pair = Pair()
        let (recorder, handle, answer) = pair.openAndServe()
        var heard: [String] = []
        recorder.hook = {
            heard.append($0)
            if $0 == event { handle?.cancel() }
        }
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        answer?.write(ByteBuffer(string: "bytes"))
        answer?.flush()
        pair.net.run()
        answer?.end()
        pair.net.pass(.seconds(20))
        #expect(heard.last == event)
        #expect(pair.isEmpty)
    }
}
