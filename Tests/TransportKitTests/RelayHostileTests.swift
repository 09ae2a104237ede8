// Frames that no honest member sends.
import NIOCore
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Relay: hostile frames")
struct RelayHostileTests {
    private static let stranger = MemberID(name: "stranger", incarnation: 66)!

    /// A pair with one exchange that must not be harmed.
    private func running() -> (pair: Pair, recorder: Recorder, answer: RelayAnswer?, observer: Observer) {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        let observer = Observer()
        answer?.observer = observer
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        answer?.write(ByteBuffer(string: "first "))
        answer?.flush()
        pair.net.run()
        return (pair, recorder, answer, observer)
    }

    private func finish(_ answer: RelayAnswer?, _ pair: Pair) {
        answer?.write(ByteBuffer(string: "last"))
        answer?.end()
        pair.net.run()
    }

    private func envelope(
        _ kind: EnvelopeKind, _ type: UInt8, _ exchange: UInt64, _ sequence: UInt32, _ fields: [UInt8] = [],
        body: [UInt8] = []
    ) -> Envelope {
        var header = ByteBuffer()
        header.writeMultipleIntegers(kind.rawValue, 0 as UInt8, exchange, sequence, type)
        header.writeBytes(fields)
        return Envelope(header: header, body: ByteBuffer(bytes: body))
    }

    @Test("Frames of another member do not touch an exchange, whatever they say")
    func foreignFrames() throws {
        let (pair, recorder, answer, observer) = running()
        let exchange = try #require(pair.net.frame(of: pair.net.published[0])).exchange
        for type in UInt8(0)...30 {
            for sequence in UInt32(0)...4 {
                for fields in [[], [0], [1, 0, 200] + [UInt8](repeating: 0, count: 40)] {
                    pair.host.received(envelope(.relayRequest, type, exchange, sequence, fields), from: Self.stranger)
                    pair.caller.received(envelope(.relayAnswer, type, exchange, sequence, fields), from: Self.stranger)
                }
            }
        }
        for delivery in pair.net.published {
            pair.host.received(delivery.envelope, from: Self.stranger)
            pair.caller.received(delivery.envelope, from: Self.stranger)
        }
        var unknown = ByteBuffer()
        RelayState(exchange: exchange, sequence: 0, isKnown: false).write(to: &unknown)
        var gone = ByteBuffer()
        RelayProbe(exchange: exchange, sequence: 0, consumed: 0, hasLeft: true).write(to: &gone)
        pair.caller.received(
            envelope(.relayAnswer, 21, 0, 0, [0, 1], body: Array(unknown.readableBytesView)), from: Self.stranger)
        pair.host.received(
            envelope(.relayRequest, 5, 0, 0, [0, 1], body: Array(gone.readableBytesView)), from: Self.stranger)
        pair.net.run()
        finish(answer, pair)
        #expect(recorder.text == "first last" && recorder.outcome == "ended")
        #expect(observer.left == 0)
    }

    @Test("The same number from another member is another exchange")
    func sameNumber() throws {
        let (pair, recorder, answer, _) = running()
        pair.host.received(pair.net.published[0].envelope, from: Self.stranger)
        #expect(pair.service.asked.count == 2)
        #expect(pair.service.asked[1].caller == Self.stranger)
        pair.host.memberLeft(Self.stranger)
        finish(answer, pair)
        #expect(recorder.outcome == "ended")
        #expect(pair.isEmpty)
    }

    @Test("Every frame cut off anywhere is ignored, or fails its own exchange only")
    func truncated() {
        let (pair, _, _, _) = running()
        var envelopes = pair.net.published.map { ($0.envelope, $0.target == pair.hostID) }
        pair.caller.interrupted()
        pair.host.interrupted()
        pair.net.run()
        pair.service.asked[0].answer.abort()
        pair.net.run()
        _ = pair.openAndServe()
        pair.net.pass(.milliseconds(250))
        pair.service.asked[1].answer.refuse(RelayFailureTests.error(.refused))
        pair.net.run()
        envelopes += pair.net.published.dropFirst(envelopes.count).map { ($0.envelope, $0.target == pair.hostID) }
        for (envelope, isForHost) in envelopes {
            for count in 0..<envelope.header.readableBytes {
                let (pair, recorder, answer, observer) = running()
                var cut = envelope
                cut.header = envelope.header.getSlice(at: envelope.header.readerIndex, length: count)!
                if isForHost {
                    pair.host.received(cut, from: Self.stranger)
                    pair.host.received(cut, from: pair.callerID)
                } else {
                    pair.caller.received(cut, from: Self.stranger)
                    pair.caller.received(cut, from: pair.hostID)
                }
                finish(answer, pair)
                #expect(recorder.isOver && observer.left <= 1)
            }
        }
    }

    @Test("An open frame with absurd sizes is ignored or refused, and holds nothing")
    func absurdSizes() {
        let pair = Pair()
        func open(_ exchange: UInt64, context: UInt16, head: UInt32, body: UInt32, actual: Int) {
            var fields = ByteBuffer()
            fields.writeMultipleIntegers(0 as UInt8, UInt32.max, context, head, body)
            pair.host.received(
                envelope(
                    .relayRequest, 1, exchange, 0, Array(fields.readableBytesView),
                    body: [UInt8](repeating: 0, count: actual)), from: pair.callerID)
        }
        open(1, context: .max, head: .max, body: .max, actual: 0)
        open(2, context: 0, head: 0, body: .max, actual: 0)
        open(3, context: 0, head: 0, body: 5, actual: 6)
        open(4, context: 1, head: 0, body: 0, actual: 0)
        #expect(pair.host.hostedCount == 0)
        #expect(pair.service.asked.isEmpty)
        #expect(pair.net.frames(from: pair.hostID, to: pair.callerID) == [.refusal, .refusal])
    }

    @Test("Unfinished bodies are bounded together")
    func gathering() {
        var limits = RelayLimits()
        limits.gatheredBytesMax = 1_000_000
        let pair = Pair(limits: limits)
        pair.net.filter = { [unowned net = pair.net] in net.frame(of: $0)?.type != .part }
        let recorders = (0..<6).map { _ in Recorder() }
        for recorder in recorders { pair.open(String(repeating: "x", count: 300_000), for: recorder) }
        pair.net.run()
        #expect(pair.host.hostedCount == 3)
        #expect(recorders.count { $0.outcome == "overloaded notDelivered" } == 3)
        pair.net.pass(.seconds(11))
        #expect(recorders.count { $0.outcome == "interrupted notDelivered" } == 3)
        pair.net.filter = { _ in true }
        let recorder = Recorder()
        pair.open(String(repeating: "x", count: 900_000), for: recorder)
        pair.net.run()
        #expect(pair.service.asked.count == 1, "what was dropped makes room again")
    }

    @Test("A body longer than announced is refused, also when it was whole before")
    func longBody() throws {
        let pair = Pair()
        let recorder = pair.openAndServe().recorder
        let exchange = try #require(pair.net.frame(of: pair.net.published[0])).exchange
        pair.host.received(envelope(.relayRequest, 2, exchange, 1, body: [1, 2, 3]), from: pair.callerID)
        pair.net.run()
        #expect(recorder.outcome == "interrupted unknown")
        #expect(pair.service.asked.count == 1)
        #expect(pair.isEmpty)
    }

    /// Type and fields: bytes before a head, a status of 99, a cut head, an accept without a loop, no head, a negative
    /// length, flags that nobody knows, a head without a loop.
    private static let garbled: [(UInt8, [UInt8])] = [
        (18, [0]), (17, [0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0]), (17, [0]), (16, []), (17, []),
        (17, [0, 0, 200, 0x80, 0, 0, 0, 0, 0, 0, 0, 0]), (17, [2, 0, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (17, [0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 0]),
    ]

    @Test("A garbled answer fails its exchange as malformed, first or behind an accept", arguments: garbled)
    func garbledAnswer(_ type: UInt8, _ fields: [UInt8]) throws {
        for isAccepted in [false, true] {
            let pair = Pair()
            let (recorder, _, answer) = pair.openAndServe()
            if isAccepted { pair.net.pass(.milliseconds(250)) }
            let exchange = try #require(pair.net.frame(of: pair.net.published[0])).exchange
            pair.caller.received(envelope(.relayAnswer, type, exchange, isAccepted ? 1 : 0, fields), from: pair.hostID)
            #expect(recorder.outcome == "malformed unknown" && recorder.head == nil)
            pair.net.run()
            #expect(answer?.isOpen == false)
            #expect(pair.isEmpty)
        }
    }

    @Test("To accept what was accepted is malformed, by an accept or by a head", arguments: [true, false])
    func acceptedTwice(_ hasBegun: Bool) throws {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        if hasBegun {
            answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
            answer?.flush()
        }
        pair.net.pass(.milliseconds(250))
        let exchange = try #require(pair.net.frame(of: pair.net.published[0])).exchange
        pair.caller.received(envelope(.relayAnswer, 16, exchange, 1, [0]), from: pair.hostID)
        #expect(recorder.outcome == "malformed unknown")
        pair.net.run()
        #expect(pair.isEmpty)
    }

    @Test("An answer that does not keep to its length fails", arguments: [3, 5])
    func wrongLength(_ count: Int) {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        answer?.begin(status: 200, lines: ByteBuffer(), length: 4)
        answer?.write(ByteBuffer(repeating: 1, count: count))
        answer?.end()
        pair.net.run()
        #expect(recorder.outcome == "malformed unknown")
        #expect(pair.isEmpty)
    }

    @Test("Acknowledging more than was written, or less than before, does not count")
    func absurdCredit() throws {
        let (pair, recorder, answer, _) = running()
        let exchange = try #require(pair.net.frame(of: pair.net.published[0])).exchange
        for fields in [[UInt8](repeating: 255, count: 8), [UInt8](repeating: 0, count: 8)] {
            pair.host.received(envelope(.relayRequest, 3, exchange, 1, fields), from: pair.callerID)
            #expect(answer?.queuedBytes == 0)
        }
        finish(answer, pair)
        #expect(recorder.outcome == "ended")
    }

    @Test("Frames changed at random, and plain noise, do no harm to anybody else", arguments: UInt64(0)..<4)
    func noise(_ share: UInt64) {
        for seed in share * 250..<(share + 1) * 250 {
            var numbers = SeededNumbers(seed: seed)
            let pair = Pair(seed: seed)
            var stock: [Envelope] = []
            for round in 0..<6 {
                let (_, _, answer) = pair.openAndServe()
                if round % 2 == 0 {
                    answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
                    answer?.write(ByteBuffer(string: "bytes"))
                    answer?.flush()
                }
            }
            pair.caller.interrupted()
            pair.host.interrupted()
            pair.net.pass(.milliseconds(250))
            stock = pair.net.published.map(\.envelope)
            for _ in 0..<40 {
                var header = stock.randomElement(using: &numbers)?.header ?? ByteBuffer()
                for _ in 0..<Int.random(in: 0...4, using: &numbers) where header.readableBytes > 0 {
                    header.setInteger(
                        UInt8.random(in: 0...255, using: &numbers),
                        at: Int.random(in: header.readerIndex..<header.writerIndex, using: &numbers))
                }
                let body = ByteBuffer(
                    bytes: (0..<Int.random(in: 0...60, using: &numbers)).map { _ in
                        UInt8.random(in: 0...3, using: &numbers)
                    })
                let changed = Envelope(header: header, body: body)
                let senders = [Self.stranger, pair.callerID, pair.hostID]
                (Bool.random(using: &numbers) ? pair.caller : pair.host).received(
                    changed, from: senders.randomElement(using: &numbers) ?? Self.stranger)
            }
            pair.net.pass(.seconds(1))
            for asked in pair.service.asked { asked.answer.abort() }
            pair.host.memberLeft(Self.stranger)
            pair.caller.memberLeft(Self.stranger)
            pair.net.pass(.seconds(50), step: .seconds(1))
            let left = [pair.caller.callCount, pair.caller.hostedCount, pair.host.callCount, pair.host.hostedCount]
            #expect(left == [0, 0, 0, 0], "seed \(seed)")
            if left != [0, 0, 0, 0] { return }
        }
    }
}
