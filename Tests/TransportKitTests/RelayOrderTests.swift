// Frames that come twice, late or not at all.
import NIOCore
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Relay: order")
struct RelayOrderTests {
    private func deliverAgain(_ pair: Pair, _ type: RelayFrame.FrameType) {
        for delivery in pair.net.published where pair.net.frame(of: delivery)?.type == type {
            let desk = delivery.target == pair.hostID ? pair.host : pair.caller
            desk.received(delivery.envelope, from: delivery.sender)
        }
    }

    /// Loses the frames of this type from now on, or only the next `count`.
    private func lose(_ pair: Pair, _ type: RelayFrame.FrameType, count: Int = .max) {
        let left = Box(count)
        pair.net.filter = { [unowned net = pair.net] in
            guard net.frame(of: $0)?.type == type, left.value > 0 else { return true }
            left.value -= 1
            return false
        }
    }

    @Test("A request that comes twice is served once: while it runs, after its end, after a refusal")
    func repeatedOpen() {
        for end in 0..<3 {
            let pair = Pair()
            let (recorder, _, answer) = pair.openAndServe()
            deliverAgain(pair, .open)
            if end == 1 { answer?.refuse(RelayFailureTests.error(.refused)) }
            if end == 2 {
                answer?.begin(status: 200, lines: ByteBuffer(), length: 0)
                answer?.end()
            }
            pair.net.run()
            deliverAgain(pair, .open)
            pair.net.pass(.seconds(59))
            deliverAgain(pair, .open)
            #expect(pair.service.asked.count == 1)
            #expect(recorder.outcome == ["open", "refused notDelivered", "ended"][end])
            #expect(pair.host.hostedCount == (end == 0 ? 1 : 0))
        }
    }

    @Test("A request that was refused for want of room is not served when it comes again")
    func repeatedAfterOverload() {
        var one = RelayLimits()
        one.hostedMax = 1
        let pair = Pair(limits: one)
        let (first, handle, _) = pair.openAndServe("first")
        let second = pair.openAndServe("second").recorder
        #expect(second.outcome == "overloaded notDelivered")
        handle?.cancel()
        pair.net.run()
        deliverAgain(pair, .open)
        #expect(pair.service.asked.count == 1)
        #expect(first.outcome == "open")
    }

    @Test("A request whose leave came first is not served")
    func leaveFirst() {
        let pair = Pair()
        lose(pair, .open)
        let recorder = Recorder()
        pair.open(for: recorder)?.cancel()
        pair.net.run()
        deliverAgain(pair, .open)
        pair.net.run()
        #expect(pair.service.asked.isEmpty)
        #expect(pair.isEmpty)
    }

    @Test("Frames of an answer that come twice are heard once")
    func repeatedAnswer() {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        pair.net.pass(.milliseconds(250))
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        answer?.flush()
        answer?.write(ByteBuffer(string: "one "))
        answer?.flush()
        pair.net.run()
        for type in [RelayFrame.FrameType.accept, .head, .bytes] { deliverAgain(pair, type) }
        answer?.write(ByteBuffer(string: "two"))
        answer?.end()
        pair.net.run()
        for type in [RelayFrame.FrameType.accept, .head, .bytes] { deliverAgain(pair, type) }
        pair.net.run()
        #expect(recorder.text == "one two")
        #expect(recorder.outcome == "ended")
        #expect(pair.isEmpty)
    }

    @Test("A gap in the answer fails the exchange, and the host hears that its caller left")
    func gapInAnswer() {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        let observer = Observer()
        answer?.observer = observer
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        answer?.flush()
        pair.net.run()
        lose(pair, .bytes, count: 1)
        for text in ["lost", "came"] {
            answer?.write(ByteBuffer(string: text))
            answer?.flush()
        }
        pair.net.run()
        #expect(recorder.outcome == "interrupted unknown")
        #expect(recorder.text.isEmpty)
        #expect(observer.left == 1)
        #expect(pair.isEmpty)
    }

    @Test("A gap in the request: it was not served, and the caller hears so at once")
    func gapInRequest() {
        let pair = Pair()
        lose(pair, .part, count: 1)
        let recorder = pair.openAndServe(String(repeating: "x", count: 1_000_000)).recorder
        #expect(recorder.outcome == "interrupted notDelivered")
        #expect(pair.service.asked.isEmpty)
        #expect(pair.isEmpty)
    }

    @Test("A request that stays without its rest is refused after the body time")
    func lostRest() {
        let pair = Pair()
        lose(pair, .part)
        let recorder = pair.openAndServe(String(repeating: "x", count: 1_000_000)).recorder
        pair.net.pass(.milliseconds(9_500))
        #expect(recorder.outcome == "open" && pair.host.hostedCount == 1)
        pair.net.pass(.seconds(1))
        #expect(recorder.outcome == "interrupted notDelivered")
        #expect(pair.service.asked.isEmpty)
        pair.net.filter = { _ in true }
        deliverAgain(pair, .part)
        #expect(pair.service.asked.isEmpty)
        #expect(pair.isEmpty)
    }

    @Test("No accept in time: the outcome is unknown, and a late accept is answered by leaving")
    func lateAccept() {
        let pair = Pair()
        lose(pair, .accept)
        let (recorder, _, answer) = pair.openAndServe()
        let observer = Observer()
        answer?.observer = observer
        pair.net.pass(.milliseconds(1_750))
        #expect(recorder.outcome == "open")
        // The leave at the time-out is lost too.
        pair.net.filter = { _ in false }
        pair.net.pass(.milliseconds(500))
        #expect(recorder.outcome == "timedOut unknown")
        #expect(pair.host.hostedCount == 1)
        pair.net.filter = { _ in true }
        deliverAgain(pair, .accept)
        pair.net.run()
        #expect(observer.left == 1)
        #expect(pair.isEmpty)
    }

    @Test("A lost end is found out by a probe", arguments: [true, false])
    func lostEnd(_ hasBegun: Bool) {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        if hasBegun { answer?.flush() }
        pair.net.pass(.milliseconds(250))
        pair.net.filter = { _ in false }
        answer?.end()
        pair.net.run()
        pair.net.filter = { _ in true }
        pair.net.pass(.milliseconds(9_500))
        #expect(recorder.outcome == "open")
        pair.net.pass(.seconds(1))
        #expect(recorder.outcome == "interrupted unknown")
        #expect(pair.isEmpty)
    }

    @Test("Lost bytes of a running answer are found out by a probe")
    func lostBytes() {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        answer?.flush()
        pair.net.run()
        lose(pair, .bytes)
        answer?.write(ByteBuffer(string: "lost"))
        answer?.flush()
        pair.net.pass(.seconds(11))
        #expect(recorder.outcome == "interrupted unknown")
        #expect(pair.isEmpty)
    }

    @Test("Ended exchanges are forgotten, so that the memory is bounded")
    func forgetting() {
        var keys = RecentKeys<Int>(lifetime: .seconds(60), max: 100)
        let start = NIODeadline.uptimeNanoseconds(0)
        for key in 0..<1000 {
            keys.insert(key, now: start)
            #expect(keys.contains(key) && keys.contains(max(0, key - 49)))
            #expect(keys.count <= 100)
        }
        #expect(!keys.contains(0))
        for second in Int64(1)...60 { keys.tick(now: start + .seconds(second)) }
        #expect(keys.contains(999))
        for second in Int64(61)...120 { keys.tick(now: start + .seconds(second)) }
        #expect(keys.count == 0)
    }
}
