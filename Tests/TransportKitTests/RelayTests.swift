// The ordinary way of a relayed exchange.
import NIOCore
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Relay: the ordinary way")
struct RelayTests {
    @Test("A request arrives whole and its answer comes back")
    func roundTrip() throws {
        let pair = Pair()
        let recorder = Recorder()
        #expect(pair.open("question", for: recorder) != nil)
        #expect(recorder.outcome == "open")
        pair.net.run()
        let asked = try #require(pair.service.asked.first)
        #expect(asked.caller == pair.callerID)
        #expect(String(buffer: asked.request.context) == "context")
        #expect(String(buffer: asked.request.head) == "GET /mcp HTTP/1.1\r\n\r\n")
        #expect(String(buffer: asked.request.body) == "question")
        asked.answer.begin(status: 201, lines: ByteBuffer(string: "a: b\r\n"), length: 6)
        asked.answer.write(ByteBuffer(string: "ans"))
        asked.answer.write(ByteBuffer(string: "wer"))
        pair.net.run()
        #expect(recorder.head == nil, "nothing is published before flush")
        asked.answer.end()
        pair.net.run()
        #expect(recorder.head?.status == 201)
        #expect(recorder.head?.length == 6)
        #expect(recorder.head.map { String(buffer: $0.lines) } == "a: b\r\n")
        #expect(recorder.text == "answer")
        #expect(recorder.outcome == "ended")
        #expect(pair.isEmpty)
        #expect(pair.net.frames(from: pair.hostID, to: pair.callerID) == [.head], "one frame says it all")
    }

    @Test("A stream comes in its parts, with a pause after each batch")
    func stream() throws {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        let stream = try #require(answer)
        stream.begin(status: 200, lines: ByteBuffer(), length: nil)
        stream.flush()
        pair.net.run()
        #expect(recorder.head?.length == nil && recorder.head?.status == 200)
        for index in 1...3 {
            stream.write(ByteBuffer(string: "event \(index)\n"))
            stream.flush()
            pair.net.run()
            #expect(recorder.pauses == index + 1)
        }
        #expect(recorder.text == "event 1\nevent 2\nevent 3\n")
        stream.end()
        pair.net.run()
        #expect(recorder.outcome == "ended")
        #expect(pair.isEmpty)
    }

    @Test("A body that fits no envelope travels in parts", arguments: [0, 1, 262_000, 262_144, 1_000_000])
    func largeBody(_ count: Int) throws {
        let pair = Pair()
        let recorder = Recorder()
        var request = RelayRequest.sample()
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        request.body = ByteBuffer(bytes: body)
        pair.caller.open(request, at: pair.hostID, for: recorder)?.pause()
        pair.net.run()
        #expect(try #require(pair.service.asked.first).request.body == ByteBuffer(bytes: body))
        #expect(pair.service.asked.count == 1)
    }

    @Test("What is written in one piece comes in parts that fit")
    func largeAnswer() throws {
        let pair = Pair()
        let (recorder, _, answer) = pair.openAndServe()
        let bytes = (0..<900_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        answer?.begin(status: 200, lines: ByteBuffer(), length: bytes.count)
        answer?.write(ByteBuffer(bytes: bytes))
        answer?.end()
        pair.net.run()
        #expect(recorder.body == ByteBuffer(bytes: bytes))
        #expect(recorder.outcome == "ended")
        #expect(pair.isEmpty)
    }

    @Test("Two event loops of one process relay to each other under one member id")
    func ownMember() throws {
        let net = Net()
        let own = try #require(MemberID(name: "own", incarnation: 7))
        let bus = NetBus(net, own)
        let desks = (0..<3).map { RelayDesk(bus: bus, own: own, loop: UInt8($0), seed: 5) }
        let services = desks.map { _ in Desk() }
        for (desk, service) in zip(desks, services) {
            desk.service = service
            net.add(desk, of: own)
        }
        let recorders = [Recorder(), Recorder()]
        _ = desks[0].open(.sample("from 0", loop: 2), at: own, for: recorders[0])
        _ = desks[1].open(.sample("from 1", loop: 2), at: own, for: recorders[1])
        net.run()
        #expect(services.map(\.asked.count) == [0, 0, 2])
        for asked in services[2].asked {
            asked.answer.begin(status: 200, lines: ByteBuffer(), length: nil)
            asked.answer.write(asked.request.body)
            asked.answer.end()
        }
        net.run()
        #expect(recorders.map(\.text) == ["from 0", "from 1"])
        #expect(recorders.map(\.outcome) == ["ended", "ended"])
        #expect(desks.allSatisfy { $0.callCount + $0.hostedCount == 0 })
    }

    @Test("Without a wish, any event loop of the host serves, and all frames of an exchange reach it")
    func anyLoop() throws {
        let net = Net()
        let callerID = try #require(MemberID(name: "caller", incarnation: 1))
        let hostID = try #require(MemberID(name: "host", incarnation: 2))
        let caller = RelayDesk(bus: NetBus(net, callerID), own: callerID, loop: 0, seed: 3)
        net.add(caller, of: callerID)
        let bus = NetBus(net, hostID)
        let services = (0..<3).map { _ in Desk() }
        let desks = services.indices.map { RelayDesk(bus: bus, own: hostID, loop: UInt8($0), seed: 3) }
        for (desk, service) in zip(desks, services) {
            desk.service = service
            net.add(desk, of: hostID)
        }
        for _ in 0..<60 {
            var request = RelayRequest.sample()
            request.body = ByteBuffer(repeating: 1, count: 600_000)
            _ = caller.open(request, at: hostID, for: Recorder())
        }
        net.run()
        #expect(services.map(\.asked.count).reduce(0, +) == 60)
        #expect(services.allSatisfy { $0.asked.count > 5 })
        caller.close()
        net.run()
        #expect(desks.allSatisfy { $0.hostedCount == 0 })
    }

    @Test("An envelope tells its event loop, if it is a relay's")
    func loopOfEnvelope() {
        func loop(_ bytes: [UInt8], _ loops: Int) -> Int? {
            RelayDesk.loop(of: Envelope(header: ByteBuffer(bytes: bytes)), loops: loops)
        }
        #expect(loop([1, 5], 4) == 1)
        #expect(loop([2, 3], 4) == 3)
        #expect(loop([3, 3], 4) == nil)
        #expect(loop([1], 4) == nil)
        #expect(loop([], 4) == nil)
        #expect(loop([1, 5], 0) == nil)
        #expect(loop([99, 5], 4) == nil)
    }
}
