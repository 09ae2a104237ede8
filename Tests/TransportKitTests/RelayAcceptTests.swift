// How a caller learns that its request has arrived: from the answer, if that is quick, else from an accept.
import NIOCore
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Relay: accept")
struct RelayAcceptTests {
    private static let tick = TimeAmount.milliseconds(250)
    private static let large = String(repeating: "x", count: 600_000)

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

    // MARK: The request's body

    @Test("Who sent a large body is told once that nothing of it is held: when its host is heard first")
    func sentByAccept() {
        let pair = Pair()
        let (recorder, _, slow) = pair.openAndServe(Self.large)
        #expect(pair.service.asked.count == 1)
        #expect(recorder.sent == 0, "the bus may hold it still, as far as the caller knows")
        pair.net.pass(Self.tick)
        #expect(recorder.sent == 1)
        answer(slow)
        pair.net.pass(.seconds(30))
        #expect(recorder.sent == 1 && recorder.outcome == "ended")
    }

    @Test("A quick answer says the same, and its receiver hears that first")
    func sentByHead() {
        let pair = Pair()
        pair.service.hook = { answer($0.answer) }
        let recorder = Recorder()
        var heard: [String] = []
        recorder.hook = { heard.append($0) }
        pair.open(Self.large, for: recorder)
        #expect(heard.isEmpty)
        pair.net.run()
        #expect(heard == ["sent", "began", "bytes", "ended"])
    }

    @Test("Small bodies are not worth a word", arguments: [0, 16_384, 16_385])
    func smallBody(_ count: Int) {
        let pair = Pair()
        let (recorder, _, slow) = pair.openAndServe(String(repeating: "x", count: count))
        pair.net.pass(Self.tick)
        answer(slow)
        pair.net.run()
        #expect(recorder.sent == (count > 16 * 1024 ? 1 : 0) && recorder.outcome == "ended")
    }

    @Test("Of a request that fails before its host was heard nothing is said", arguments: [true, false])
    func neverSent(_ isRefused: Bool) {
        let pair = Pair()
        if isRefused { pair.host.service = nil } else { pair.net.filter = { _ in false } }
        let recorder = pair.openAndServe(Self.large).recorder
        pair.net.pass(.seconds(5))
        #expect(recorder.sent == 0 && recorder.errors.count == 1)
    }

    @Test("A receiver may cancel when it hears of it", arguments: [true, false])
    func cancelAtSent(_ isAtOnce: Bool) {
        let pair = Pair()
        if isAtOnce { pair.service.hook = { answer($0.answer) } }
        let recorder = Recorder()
        var heard: [String] = []
        var handle: (any ExchangeHandle)?
        recorder.hook = {
            heard.append($0)
            handle?.cancel()
        }
        handle = pair.open(Self.large, for: recorder)
        pair.net.pass(.seconds(20))
        #expect(heard == ["sent"])
        #expect(pair.isEmpty)
    }

    // MARK: Frames

    @Test("A quick answer costs two messages", arguments: [true, false])
    func quick(_ isAtOnce: Bool) {
        let pair = Pair()
        if isAtOnce { pair.service.hook = { answer($0.answer) } }
        let recorder = pair.openAndServe().recorder
        if !isAtOnce {
            answer(pair.service.asked.first?.answer)
            pair.net.run()
        }
        #expect(recorder.outcome == "ended" && recorder.text == "answer")
        pair.net.pass(.seconds(3))
        #expect(toHost(pair) == [.open] && toCaller(pair) == [.head])
        #expect(pair.isEmpty)
    }

    @Test("A slow answer is preceded by one accept, at the next tick")
    func slow() {
        let pair = Pair()
        let (recorder, _, slow) = pair.openAndServe()
        #expect(toCaller(pair).isEmpty)
        pair.net.pass(Self.tick)
        #expect(toCaller(pair) == [.accept])
        pair.net.pass(.seconds(5))
        #expect(toCaller(pair) == [.accept] && recorder.outcome == "open")
        answer(slow)
        pair.net.run()
        #expect(toHost(pair) == [.open] && toCaller(pair) == [.accept, .head])
        #expect(recorder.outcome == "ended" && recorder.text == "answer")
        #expect(pair.isEmpty)
    }

    @Test("The head of a stream accepts, and the stream lives on")
    func streamed() {
        let pair = Pair()
        let (recorder, _, _) = stream(pair)
        pair.net.pass(.seconds(9))
        #expect(toCaller(pair) == [.head])
        pair.net.pass(.seconds(300))
        #expect(recorder.outcome == "open" && pair.host.hostedCount == 1)
    }

    @Test("An exchange that ends without an answer needs no accept", arguments: [true, false])
    func withoutAnswer(_ isRefused: Bool) {
        let ends: [(RelayAnswer?) -> Void] = [{ $0?.abort() }, { $0?.refuse(RelayFailureTests.error(.refused)) }]
        let end = ends[isRefused ? 1 : 0]
        let (type, outcome) = isRefused
            ? (RelayFrame.FrameType.refusal, "refused notDelivered") : (.abort, "interrupted unknown")
        for isSlow in [false, true] {
            let pair = Pair()
            let (recorder, _, answer) = pair.openAndServe()
            if isSlow { pair.net.pass(Self.tick) }
            end(answer)
            pair.net.pass(.seconds(1))
            #expect(toCaller(pair) == (isSlow ? [.accept, type] : [type]))
            #expect(toHost(pair) == [.open] && recorder.outcome == outcome)
            #expect(pair.isEmpty)
        }
    }

    @Test("A request that the host cannot take is refused, and not accepted")
    func refusedAtOnce() {
        let pair = Pair()
        pair.host.service = nil
        #expect(pair.openAndServe().recorder.outcome == "unreachable notDelivered")
        pair.net.pass(.seconds(1))
        #expect(toCaller(pair) == [.refusal])
    }

    @Test("A caller that leaves before the tick is not told anything any more")
    func leftBefore() {
        let pair = Pair()
        let (recorder, handle, answer) = pair.openAndServe()
        let observer = Observer()
        answer?.observer = observer
        handle?.cancel()
        pair.net.pass(.seconds(1))
        #expect(toHost(pair) == [.open, .leave] && toCaller(pair).isEmpty)
        #expect(observer.left == 1 && recorder.outcome == "open")
        #expect(pair.isEmpty)
    }

    @Test("A large request goes out at once and is accepted as a small one is", arguments: [true, false])
    func large(_ isQuick: Bool) {
        let pair = Pair()
        let recorder = Recorder()
        pair.open(Self.large, for: recorder)
        #expect(toHost(pair) == [.open, .part, .part], "nothing waits for an accept")
        pair.net.run()
        #expect(pair.service.asked.first?.request.body.readableBytes == Self.large.utf8.count)
        if !isQuick { pair.net.pass(Self.tick) }
        answer(pair.service.asked.first?.answer)
        pair.net.run()
        #expect(toCaller(pair) == (isQuick ? [.head] : [.accept, .head]))
        #expect(recorder.outcome == "ended")
    }

    @Test("A request whose rest is on its way is accepted at the tick")
    func halfArrived() {
        let pair = Pair()
        pair.net.filter = { [unowned net = pair.net] in net.frame(of: $0)?.type != .part }
        let recorder = pair.openAndServe(Self.large).recorder
        pair.net.pass(.seconds(5))
        #expect(toCaller(pair) == [.accept] && recorder.outcome == "open")
        #expect(pair.service.asked.isEmpty)
    }

    // MARK: Event loops

    @Test(
        "Part, credit and leave reach the loop that serves, quick or slow, wished for or not",
        arguments: [0, 1, 2, nil])
    func loops(_ wish: UInt8?) throws {
        let net = Net()
        let callerID = try #require(MemberID(name: "caller", incarnation: 1))
        let hostID = try #require(MemberID(name: "host", incarnation: 2))
        let caller = RelayDesk(bus: NetBus(net, callerID), own: callerID, loop: 0, seed: 3)
        net.add(caller, of: callerID)
        let services = (0..<3).map { _ in Desk() }
        let desks = services.indices.map {
            RelayDesk(bus: NetBus(net, hostID), own: hostID, loop: UInt8($0), seed: 3)
        }
        for (desk, service) in zip(desks, services) {
            desk.service = service
            net.add(desk, of: hostID)
        }
        for round in 0..<20 {
            net.forgetPublished()
            let recorder = Recorder()
            let handle = caller.open(.sample(Self.large, loop: wish), at: hostID, for: recorder)
            net.run()
            let loop = try #require(services.firstIndex { !$0.asked.isEmpty })
            let asked = services[loop].asked.removeLast()
            #expect(wish == nil || wish.map(Int.init) == loop)
            let observer = Observer()
            asked.answer.observer = observer
            if round % 2 == 0 { net.pass(Self.tick) }
            // Leaves before anything was said, by a wish; or behind a credit.
            if round % 4 < 2 {
                asked.answer.begin(status: 200, lines: ByteBuffer(), length: nil)
                asked.answer.write(ByteBuffer(repeating: 1, count: 200_000))
                asked.answer.flush()
                net.run()
                #expect(asked.answer.queuedBytes < 128 * 1024, "the credit has arrived")
            }
            handle?.cancel()
            net.run()
            #expect(observer.left == 1)
            let frames = net.published.filter { $0.target == hostID }.compactMap { net.frame(of: $0) }
            #expect(frames.count == (round % 4 < 2 ? 5 : 4))
            #expect(frames.allSatisfy { Int($0.loop) % 3 == loop })
            if round % 4 != 3 { #expect(frames.last.map { Int($0.loop) } == loop, "named by accept or head") }
            #expect(desks.allSatisfy { $0.hostedCount == 0 } && services.allSatisfy(\.asked.isEmpty))
        }
    }
}
