// Back-pressure: what is under way is bounded by what the receiver takes.
import NIOCore
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Relay: back-pressure")
struct RelayPressureTests {
    static let window = 256 * 1024

    private struct Running {
        let pair: Pair
        let recorder: Recorder
        let handle: any ExchangeHandle
        let answer: RelayAnswer
        let observer = Observer()

        init(_ pair: Pair = Pair()) throws {
            self.pair = pair
            let (recorder, handle, answer) = pair.openAndServe()
            self.recorder = recorder
            self.handle = try #require(handle)
            self.answer = try #require(answer)
            answer?.observer = observer
            answer?.begin(status: 200, lines: ByteBuffer(), length: nil)
            answer?.flush()
            pair.net.run()
            pair.net.forgetPublished()
        }

        func write(_ count: Int) {
            answer.write(ByteBuffer(repeating: 1, count: count))
            answer.flush()
        }

        var credits: Int { pair.net.frames(from: pair.callerID, to: pair.hostID).count { $0 == .credit } }
    }

    @Test("The caller acknowledges at half a window")
    func credit() throws {
        let running = try Running()
        running.write(Self.window / 2 - 1)
        running.pair.net.run()
        #expect(running.credits == 0)
        #expect(running.answer.queuedBytes == Self.window / 2 - 1)
        running.write(1)
        #expect(running.answer.queuedBytes == Self.window / 2)
        running.pair.net.run()
        #expect(running.credits == 1)
        #expect(running.answer.queuedBytes == 0)
        #expect(running.observer.writable.isEmpty)
    }

    @Test("Above a window the host is told to stop, below half of it to go on")
    func window() throws {
        let running = try Running()
        running.handle.pause()
        running.write(Self.window)
        #expect(running.observer.writable.isEmpty)
        running.write(1)
        #expect(running.observer.writable == [false])
        running.write(100)
        running.pair.net.pass(.seconds(1))
        #expect(running.credits == 0, "nothing is acknowledged while paused")
        #expect(running.recorder.body.readableBytes == Self.window + 101)
        #expect(running.answer.queuedBytes == Self.window + 101)
        running.handle.resume()
        running.pair.net.run()
        #expect(running.credits == 1)
        #expect(running.answer.queuedBytes == 0)
        #expect(running.observer.writable == [false, true])
    }

    @Test("A paused exchange is probed, which acknowledges nothing, and lives")
    func pausedForLong() throws {
        let running = try Running()
        running.handle.pause()
        running.write(Self.window + 1)
        running.pair.net.pass(.seconds(300))
        #expect(running.recorder.outcome == "open")
        #expect(running.answer.queuedBytes == Self.window + 1)
        running.handle.resume()
        running.pair.net.run()
        #expect(running.answer.queuedBytes == 0)
    }

    @Test("What was consumed but is less than half a window is acknowledged by the next probe")
    func rest() throws {
        let running = try Running()
        running.write(1000)
        running.pair.net.pass(.seconds(11))
        #expect(running.answer.queuedBytes == 0)
        #expect(running.credits == 0)
    }

    @Test(
        "A credit that is lost or cannot be sent stops nothing for long",
        arguments: [nil, TransportError.Code.overloaded, .unreachable])
    func lostCredit(_ code: TransportError.Code?) throws {
        let running = try Running()
        if let code {
            running.pair.callerBus.failure = RelayFailureTests.error(code)
        } else {
            running.pair.net.filter = { [unowned net = running.pair.net] in net.frame(of: $0)?.type != .credit }
        }
        running.write(Self.window + 1)
        running.pair.net.run()
        #expect(running.observer.writable == [false])
        running.pair.callerBus.failure = nil
        running.pair.net.pass(.seconds(11))
        #expect(running.observer.writable == [false, true])
        #expect(running.recorder.outcome == "open")
    }

    @Test("A credit that can never be sent fails the exchange, but not within resume")
    func closedBus() throws {
        let running = try Running()
        running.handle.pause()
        running.write(Self.window)
        running.pair.net.run()
        running.pair.callerBus.failure = RelayFailureTests.error(.closed)
        running.handle.resume()
        #expect(running.recorder.outcome == "open")
        running.pair.net.pass(.milliseconds(250))
        #expect(running.recorder.outcome == "closed unknown")
    }

    @Test("A host that does not wait for a paused receiver fails the exchange")
    func flood() throws {
        var limits = RelayLimits()
        limits.pausedBytesMax = 1_000_000
        let running = try Running(Pair(limits: limits))
        running.handle.pause()
        for _ in 0..<3 { running.write(400_000) }
        running.pair.net.run()
        #expect(running.recorder.outcome == "overloaded unknown")
        #expect(running.observer.left == 1)
        #expect(running.pair.isEmpty)
    }

    @Test("The caller's window counts, within bounds", arguments: [4_096, 8_192, 100_000])
    func callersWindow(_ bytes: Int) throws {
        var limits = RelayLimits()
        limits.windowBytes = bytes
        let running = try Running(Pair(limits: limits, hostLimits: RelayLimits()))
        running.handle.pause()
        running.write(bytes)
        #expect(running.observer.writable.isEmpty)
        running.write(1)
        #expect(running.observer.writable == [false])
    }

    @Test("Small pieces travel together, large ones are cut, nothing is reordered")
    func parts() {
        let sizes = [1, 2, 3, 20_000, 5, 70_000, 64_000, 16_000, 300, 300]
        var all = ByteBuffer()
        let buffers = sizes.enumerated().map { ByteBuffer(repeating: UInt8($0.offset), count: $0.element) }
        for buffer in buffers { all.writeImmutableBuffer(buffer) }
        var parts = RelayParts(buffers, bytesMax: 64_000)
        var counts: [Int] = []
        var joined = ByteBuffer()
        while let part = parts.next() {
            counts.append(part.readableBytes)
            joined.writeImmutableBuffer(part)
        }
        #expect(joined == all)
        #expect(counts == [6, 20_000, 5, 64_000, 6_000, 64_000, 16_300, 300])
        #expect(parts.isEmpty)
    }
}
