// Silence, broken subscriptions, members that leave.
import NIOCore
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Relay: silence")
struct RelayQuietTests {
    /// Exchanges whose answers have begun.
    private func running(_ count: Int, on pair: Pair) -> [(recorder: Recorder, observer: Observer)] {
        let result = (0..<count).map { _ in
            let (recorder, _, answer) = pair.openAndServe()
            let observer = Observer()
            answer?.observer = observer
            answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
            answer?.flush()
            return (recorder, observer)
        }
        pair.net.run()
        pair.net.forgetPublished()
        return result
    }

    private func silence(_ pair: Pair) { pair.net.filter = { _ in false } }

    @Test("A quiet exchange is probed once an interval, all of one host in one envelope, and lives on")
    func probes() {
        let pair = Pair()
        let exchanges = running(500, on: pair)
        pair.net.pass(.seconds(35))
        #expect(pair.net.frames(from: pair.callerID, to: pair.hostID) == [.probes, .probes, .probes])
        #expect(pair.net.frames(from: pair.hostID, to: pair.callerID) == [.states, .states, .states])
        pair.net.pass(.seconds(600))
        #expect(exchanges.allSatisfy { $0.recorder.outcome == "open" && $0.observer.left == 0 })
        #expect(pair.host.hostedCount == 500)
    }

    @Test("Many exchanges are probed in envelopes of a bounded size")
    func manyProbes() {
        let pair = Pair()
        _ = running(4000, on: pair)
        pair.net.pass(.milliseconds(10_500))
        let probes = pair.net.published.filter { pair.net.frame(of: $0)?.type == .probes }
        #expect(probes.count == 3)
        #expect(probes.allSatisfy { $0.envelope.count < 33 * 1024 })
        pair.net.pass(.seconds(100))
        #expect(pair.caller.callCount == 4000 && pair.host.hostedCount == 4000)
    }

    @Test("A stream that only the host speaks on lives on: its caller is heard too")
    func hostSpeaks() throws {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
        for _ in 0..<100 {
            answer?.write(ByteBuffer(string: "e"))
            answer?.flush()
            pair.net.pass(.seconds(1))
        }
        #expect(recorder.outcome == "open" && recorder.body.readableBytes == 100)
    }

    @Test("Many that ended do not hide one that is quiet")
    func manyEnded() {
        let pair = Pair()
        let exchange = running(1, on: pair)[0]
        for _ in 0..<3000 { pair.openAndServe().answer?.refuse(RelayFailureTests.error(.refused)) }
        pair.net.run()
        pair.net.forgetPublished()
        pair.net.pass(.seconds(15))
        #expect(pair.net.frames(from: pair.callerID, to: pair.hostID) == [.probes])
        silence(pair)
        pair.net.pass(.seconds(60))
        #expect(exchange.recorder.outcome == "interrupted unknown")
        #expect(exchange.observer.left == 1)
        #expect(pair.isEmpty)
    }

    @Test("A host that is silent fails the exchange after three unanswered probes")
    func silentHost() {
        let pair = Pair()
        let exchange = running(1, on: pair)[0]
        pair.net.filter = { $0.target == pair.hostID }
        pair.net.pass(.seconds(39))
        #expect(exchange.recorder.outcome == "open")
        #expect(pair.net.frames(from: pair.callerID, to: pair.hostID) == [.probes, .probes, .probes])
        pair.net.pass(.seconds(2))
        #expect(exchange.recorder.outcome == "interrupted unknown")
        #expect(pair.isEmpty, "the leave has reached the host")
    }

    @Test("A host to which there is no way for three probes is given up, like one that is silent")
    func unreachableHost() {
        let pair = Pair()
        let exchange = running(1, on: pair)[0]
        pair.callerBus.failure = RelayFailureTests.error(.unreachable)
        pair.net.pass(.seconds(39))
        #expect(exchange.recorder.outcome == "open")
        pair.net.pass(.seconds(2))
        #expect(exchange.recorder.outcome == "interrupted unknown")
    }

    @Test("An exchange outlives that there is no way to its host for a moment", arguments: [false, true])
    func unreachableForAMoment(_ isVerifying: Bool) {
        let pair = Pair()
        let exchange = running(1, on: pair)[0]
        pair.callerBus.failure = RelayFailureTests.error(.unreachable)
        if isVerifying { pair.caller.interrupted() } else { pair.net.pass(.milliseconds(10_500)) }
        pair.callerBus.failure = nil
        pair.net.pass(.milliseconds(9_750))
        #expect(pair.net.frames(from: pair.callerID, to: pair.hostID) == [.probes])
        pair.net.pass(.seconds(100))
        #expect(exchange.recorder.outcome == "open" && exchange.observer.left == 0)
    }

    @Test("What was lost while there was no way to the host is found out by the probe that follows")
    func lostWhileUnreachable() {
        let pair = Pair()
        let exchange = running(1, on: pair)[0]
        pair.callerBus.failure = RelayFailureTests.error(.unreachable)
        silence(pair)
        pair.service.asked[0].answer.end()
        pair.caller.interrupted()
        pair.net.run()
        pair.net.filter = { _ in true }
        pair.callerBus.failure = nil
        #expect(exchange.recorder.outcome == "open")
        pair.net.pass(.milliseconds(2_250))
        #expect(exchange.recorder.outcome == "interrupted unknown")
        #expect(pair.isEmpty)
    }

    @Test("A probe that can never be sent fails the exchange at once")
    func refusedProbe() {
        let pair = Pair()
        let exchange = running(1, on: pair)[0]
        pair.callerBus.failure = RelayFailureTests.error(.closed)
        pair.net.pass(.milliseconds(10_500))
        #expect(exchange.recorder.outcome == "closed unknown")
    }

    @Test("A silent host is given up however often its exchanges are verified", arguments: [500, 5_000] as [Int64])
    func verifiedForEver(_ milliseconds: Int64) {
        let pair = Pair()
        let exchange = running(1, on: pair)[0]
        pair.net.filter = { $0.target == pair.hostID }
        var passed: Int64 = 0
        while passed < 39_000 {
            pair.net.pass(.milliseconds(milliseconds))
            pair.caller.interrupted()
            passed += milliseconds
            if passed < 39_000 { #expect(exchange.recorder.outcome == "open") }
        }
        pair.net.pass(.seconds(2))
        pair.caller.interrupted()
        #expect(exchange.recorder.outcome == "interrupted unknown")
    }

    @Test("A full sending queue is no verdict on a quiet exchange")
    func overloadedProbe() {
        let pair = Pair()
        let exchange = running(1, on: pair)[0]
        pair.callerBus.failure = RelayFailureTests.error(.overloaded)
        pair.net.pass(.seconds(25))
        pair.callerBus.failure = nil
        pair.net.pass(.seconds(60))
        #expect(exchange.recorder.outcome == "open")
    }

    @Test("A caller that is silent is let go after four intervals")
    func silentCaller() {
        let pair = Pair()
        let exchange = running(1, on: pair)[0]
        silence(pair)
        pair.net.pass(.seconds(39))
        #expect(exchange.observer.left == 0)
        pair.net.pass(.seconds(2))
        #expect(exchange.observer.left == 1)
        #expect(pair.isEmpty)
    }

    @Test("A process that was stopped gives nobody up before it has read its inbox")
    func stopped() {
        let pair = Pair()
        let exchange = running(1, on: pair)[0]
        pair.net.pass(.seconds(600), step: .seconds(600))
        #expect(exchange.recorder.outcome == "open" && exchange.observer.left == 0)
        let recorder = Recorder()
        pair.open(for: recorder)
        pair.net.pass(.seconds(1))
        #expect(recorder.outcome == "open")
    }

    @Test("After a broken subscription lost frames are found out at once")
    func interruptedCaller() {
        let pair = Pair()
        let exchanges = running(2, on: pair)
        silence(pair)
        pair.service.asked[0].answer.write(ByteBuffer(string: "lost"))
        pair.service.asked[0].answer.flush()
        pair.net.run()
        pair.net.filter = { _ in true }
        pair.caller.interrupted()
        pair.net.run()
        #expect(exchanges.map(\.recorder.outcome) == ["interrupted unknown", "open"])
        #expect(exchanges.map(\.observer.left) == [1, 0])
    }

    @Test("When the first verifying probe is lost, the next one follows soon")
    func interruptedTwice() {
        let pair = Pair()
        let exchange = running(1, on: pair)[0]
        silence(pair)
        pair.service.asked[0].answer.end()
        pair.caller.interrupted()
        pair.net.run()
        pair.net.filter = { _ in true }
        #expect(exchange.recorder.outcome == "open")
        pair.net.pass(.milliseconds(2_250))
        #expect(exchange.recorder.outcome == "interrupted unknown")
    }

    @Test("A host whose subscription broke learns who has left and what was consumed meanwhile")
    func interruptedHost() {
        let pair = Pair()
        let (left, handle, _) = pair.openAndServe()
        let exchanges = running(1, on: pair)
        let answer = pair.service.asked[1].answer
        pair.net.filter = { $0.target == pair.callerID }
        handle?.cancel()
        answer.write(ByteBuffer(repeating: 1, count: 300_000))
        answer.flush()
        pair.net.run()
        pair.net.filter = { _ in true }
        #expect(pair.host.hostedCount == 2)
        #expect(exchanges[0].observer.writable == [false])
        pair.host.interrupted()
        pair.net.run()
        #expect(pair.host.hostedCount == 1)
        #expect(exchanges[0].observer.writable == [false, true])
        #expect(exchanges[0].recorder.outcome == "open")
        #expect(left.outcome == "open")
    }

    @Test("A member that leaves takes its exchanges along, on both sides")
    func memberLeft() throws {
        let pair = Pair()
        let exchanges = running(3, on: pair)
        let other = try #require(MemberID(name: "other", incarnation: 9))
        pair.caller.memberLeft(other)
        pair.host.memberLeft(other)
        #expect(pair.caller.callCount == 3 && pair.host.hostedCount == 3)
        pair.caller.memberLeft(pair.hostID)
        pair.host.memberLeft(pair.callerID)
        #expect(exchanges.map(\.recorder.outcome) == .init(repeating: "interrupted unknown", count: 3))
        #expect(exchanges.map(\.observer.left) == [1, 1, 1])
        #expect(pair.isEmpty)
    }

    @Test("Closing a desk ends what it asked for and what it serves, and refuses what comes")
    func close() {
        let pair = Pair()
        let exchange = running(1, on: pair)[0]
        pair.host.close()
        #expect(exchange.observer.left == 1)
        pair.net.run()
        #expect(exchange.recorder.outcome == "interrupted unknown")
        #expect(pair.openAndServe().recorder.outcome == "closed notDelivered")

        let other = Pair()
        let open = running(1, on: other)[0]
        other.caller.close()
        #expect(open.recorder.outcome == "closed unknown")
        let late = Recorder()
        #expect(other.open(for: late) == nil && late.outcome == "closed notDelivered")
        other.net.run()
        #expect(open.observer.left == 1)
        #expect(pair.isEmpty && other.isEmpty)
    }

    @Test("Closing a desk that waits for the rest of a request: it was not served")
    func closeWhileGathering() {
        let pair = Pair()
        pair.net.filter = { [unowned net = pair.net] in net.frame(of: $0)?.type != .part }
        let recorder = pair.openAndServe(String(repeating: "x", count: 600_000)).recorder
        pair.host.close()
        pair.net.run()
        #expect(recorder.outcome == "closed notDelivered")
        #expect(pair.isEmpty)
    }
}
