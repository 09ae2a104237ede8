// What was written and is not taken: who is closed for it, after which time, and who when all together do not take too
// much.

import GatewayCore
import NIOCore
import Testing

@testable import GatewayHTTP

@Suite struct QueueTests {
    private func door(loops: Int = 1, _ most: Int = 1 << 20) -> TestDoor {
        TestDoor(loops: loops) {
            $0.queuedTotalMax = most
            $0.writeTimeout = .seconds(30)
            $0.keepAliveTimeout = .seconds(75)
            $0.lingerTimeout = .seconds(2)
        }
    }

    /// A client that has asked for so much and takes nothing.
    private func deaf(
        _ door: TestDoor, on loop: Int = 0, _ bytes: Int, _ lines: String = "", ends: Bool = true
    ) throws -> TestClient {
        let client = try door.client(on: loop)
        client.socket.isHeld = true
        try client.send(TestClient.get("/", lines))
        try write(client, bytes, ends: ends)
        return client
    }

    private func write(_ client: TestClient, _ bytes: Int, ends: Bool) throws {
        let served = try #require(client.served.last)
        if ends { return served.answer(String(repeating: "x", count: bytes)) }
        served.beginStream()
        served.sink.write(ByteBuffer(repeating: 0x78, count: bytes))
        served.sink.flush()
    }

    /// The client takes all that waits.
    private func take(_ client: TestClient) throws {
        client.socket.isHeld = false
        client.channel.flush()
        client.socket.isHeld = true
        _ = try client.receive()
    }

    // MARK: One client

    @Test(arguments: ["", "Connection: close\r\n"])
    func closesWhoTakesNothingOfAnAnswerThatHasEnded(_ lines: String) throws {
        let door = door()
        let client = try deaf(door, 100_000, lines)
        door.pass(.seconds(1))
        #expect(door.ledger.queued.count > 100_000)
        door.pass(.seconds(29))
        #expect(client.isOpen)
        door.pass(.seconds(1))
        #expect(!client.isOpen)
        #expect(door.ends(.notReading) == 1)
        #expect(door.ledger.queued.count == 0)
    }

    @Test(arguments: ["", "Connection: close\r\n"])
    func leavesWhoTakesSomeOfIt(_ lines: String) throws {
        let door = door()
        let client = try deaf(door, 100_000, lines)
        for _ in 0..<20 {
            door.pass(.seconds(29))
            #expect(client.isOpen)
            // A part of it is taken: what waits is less than what was written since.
            client.connection.write(ByteBuffer(repeating: 0x78, count: 100_000))
            client.socket.isHeld = false
            client.channel.flush()
            client.socket.isHeld = true
            client.connection.write(ByteBuffer(repeating: 0x78, count: 100_000))
        }
        try take(client)
        // From here the wait for another request counts, or the end of the lingering.
        door.pass(.milliseconds(500))
        #expect(door.ends(.notReading) == 0)
        door.pass(.seconds(75))
        #expect(!client.isOpen)
    }

    @Test func leavesAnAnswerThatIsUnderWayToItsExchange() throws {
        let door = door()
        let client = try deaf(door, 100_000, ends: false)
        door.pass(.seconds(1))
        door.pass(.minutes(10))
        #expect(client.isOpen)
    }

    @Test func countsTheWaitFromWhenSomethingWaits() throws {
        let door = door()
        let client = try door.client()
        try client.send(TestClient.get())
        client.served.last?.answer()
        door.pass(.seconds(60))
        client.socket.isHeld = true
        try client.send(TestClient.get())
        try write(client, 100_000, ends: true)
        door.pass(.seconds(1))
        #expect(client.isOpen)
        door.pass(.seconds(29))
        #expect(client.isOpen)
        door.pass(.seconds(1))
        #expect(!client.isOpen)
    }

    // MARK: All together

    @Test func closesWhoHasTakenNothingForLongest() throws {
        let door = door()
        let first = try deaf(door, 400_000, ends: false)
        door.pass(.milliseconds(500))
        let second = try deaf(door, 400_000)
        door.pass(.seconds(1))
        #expect(first.isOpen && second.isOpen)
        let third = try deaf(door, 400_000)
        door.pass(.milliseconds(500))
        #expect(!first.isOpen)
        #expect(first.served.first?.hasLeft == 1)
        #expect(second.isOpen && third.isOpen)
        #expect(door.ends(.queuedTotal) == 1)
        #expect(door.ledger.queued.count < 1 << 20)
    }

    @Test func closesNobodyWithinTheWorkOfAnother() throws {
        let door = door()
        let first = try deaf(door, 600_000, ends: false)
        first.setWritable(false)
        door.pass(.seconds(1))
        let second = try deaf(door, 1)
        second.setWritable(false)
        second.connection.write(ByteBuffer(repeating: 0x78, count: 600_000))
        // The bound is exceeded, and the one who wrote is still on the stack of its exchange.
        #expect(door.ledger.queued.isExceeded)
        #expect(first.isOpen)
        door.run()
        #expect(!first.isOpen)
        #expect(second.isOpen)
    }

    @Test func closesThoseOfAnotherLoop() throws {
        let door = door(loops: 2)
        let stalled = try deaf(door, on: 1, 900_000)
        door.pass(.seconds(1))
        door.pass(.seconds(1))
        let newcomer = try deaf(door, 600_000)
        door.pass(.milliseconds(500))
        #expect(!stalled.isOpen)
        #expect(newcomer.isOpen)
    }

    @Test func givesOneLoopAllTheRoom() throws {
        let door = door(loops: 4)
        let client = try deaf(door, on: 3, 1_000_000)
        door.pass(.seconds(1))
        #expect(client.isOpen)
        #expect(door.ledger.queued.count > 1_000_000)
    }

    @Test func forgetsWhatACloseHasFreed() throws {
        let door = door()
        let client = try deaf(door, 500_000)
        door.pass(.seconds(1))
        #expect(door.ledger.queued.count > 500_000)
        try client.leave()
        #expect(door.ledger.queued.count == 0)
        #expect(door.ledger.connections.count == 0)
    }

    // MARK: The account of one queue

    private func queue(_ steps: [(written: Int, waits: Int)]) -> (ClientQueue, NIODeadline) {
        var queue = ClientQueue()
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        for step in steps {
            queue.add(step.written)
            _ = queue.look(step.waits, now: now)
            now = now + .milliseconds(500)
        }
        return (queue, now - .milliseconds(500))
    }

    @Test func ranksWhoTakesAByteNowAndThenAboveWhoReads() {
        let (trickling, now) = queue([(1_000_000, 1_000_000)] + (1...8).map { (0, 1_000_000 - $0) })
        let (reading, _) = queue([(9_000_000, 9_000_000)] + (1...8).map { (0, 9_000_000 - $0 * 500_000) })
        #expect(trickling.score(now) > 64_000)
        #expect(reading.score(now) < 16_000)
        let (silent, _) = queue([(1000, 1000), (0, 1000), (0, 1000)])
        #expect(silent.score(now) >= RoomRound.stalledScore)
    }

    @Test func doesNotTakeMoreWritingForTaking() {
        let (queue, now) = queue([(1000, 1000), (1000, 2000), (1000, 3000), (1000, 4000)])
        #expect(queue.idle(now) == .milliseconds(1500))
        let (taking, then) = self.queue([(1000, 1000), (1000, 1500), (1000, 2000)])
        #expect(taking.idle(then) == .zero)
    }
}
