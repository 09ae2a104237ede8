// The bound on bytes of requests that are not there whole: who goes when it is exceeded, and that nothing else of what
// was received stays in memory.

import GatewayCore
import NIOCore
import Testing

@testable import GatewayHTTP

@Suite struct ReceivedBoundTests {
    private static let kibibyte = 1024

    private func door(loops: Int = 1, _ kibibytes: Int = 64) -> TestDoor {
        TestDoor(loops: loops) {
            $0.incomingBytesMax = kibibytes * Self.kibibyte
            $0.headTimeout = .hours(1)
            $0.bodyTimeout = .hours(1)
        }
    }

    private static func head(_ length: Int) -> String {
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n"
    }

    private static func bytes(_ count: Int) -> String { String(repeating: "x", count: count) }

    /// A client that has sent so much of a larger body. Storage comes in powers of two, and that is what counts.
    private func upload(_ door: TestDoor, on loop: Int = 0, kibibytes: Int) throws -> TestClient {
        let client = try door.client(on: loop)
        try client.send(Self.head(1000 * Self.kibibyte))
        try client.send(Self.bytes(kibibytes * Self.kibibyte))
        return client
    }

    private func post(_ door: TestDoor, on loop: Int = 0, kibibytes: Int) throws -> TestClient {
        let client = try door.client(on: loop)
        let length = kibibytes * Self.kibibyte
        try client.send(Self.head(length))
        try client.send(Self.bytes(length - 1))
        return client
    }

    // MARK: Who goes

    @Test func refusesTheNewcomerWhereAllAreYoung() throws {
        let door = door()
        let first = try upload(door, kibibytes: 32)
        let second = try upload(door, kibibytes: 32)
        let third = try upload(door, kibibytes: 16)
        let refusal = try third.receive()
        #expect(refusal.hasPrefix("HTTP/1.1 503 "))
        #expect(refusal.contains("Retry-After: 1\r\n"))
        #expect(third.socket.isOutputClosed)
        #expect(try first.receive() == "" && second.receive() == "")
        #expect(door.ends(.noRoom) == 1)
        #expect(door.ledger.received.count == 64 * Self.kibibyte)
        try first.leave()
        try second.leave()
        #expect(door.ledger.received.count == 0)
    }

    @Test func cutsOffWhoHasBeenSilentLongest() throws {
        let door = door()
        let first = try upload(door, kibibytes: 32)
        door.pass(.milliseconds(500))
        let second = try upload(door, kibibytes: 32)
        door.pass(.milliseconds(500))
        // The second is not silent for a second yet, and there is room when the first has gone.
        let newcomer = try post(door, kibibytes: 16)
        #expect(try first.receive().hasPrefix("HTTP/1.1 408 "))
        #expect(first.socket.isOutputClosed)
        #expect(try second.receive() == "")
        try newcomer.send("x")
        #expect(newcomer.served.first?.body.utf8.count == 16 * Self.kibibyte)
        #expect(door.ends(.stalledUpload) == 1)
        #expect(door.ends(.noRoom) == 0)
    }

    @Test func servesEverybodyElseWhileUploadsStall() throws {
        let door = door(256)
        var stalled: [TestClient] = []
        for _ in 0..<66 { stalled.append(try upload(door, kibibytes: 4)) }
        door.pass(.seconds(1))
        for _ in 0..<10 {
            let newcomer = try post(door, kibibytes: 60)
            try newcomer.send("x")
            #expect(newcomer.served.count == 1)
            #expect(door.ledger.received.count <= 256 * Self.kibibyte)
        }
        #expect(stalled.count - door.ends(.stalledUpload) - door.ends(.noRoom) > 40, "no more than needed are cut off")
    }

    @Test func cutsOffWhoTricklesByItsAge() throws {
        let door = door()
        let trickling = [try upload(door, kibibytes: 15), try upload(door, kibibytes: 15)]
        for _ in 0..<8 {
            door.pass(.milliseconds(500))
            for client in trickling { try client.send("x") }
        }
        // An honest one takes its time too, but is younger.
        let honest = try upload(door, kibibytes: 31)
        for _ in 0..<3 {
            door.pass(.milliseconds(500))
            for client in trickling { try client.send("x") }
            try honest.send("x")
        }
        let newcomer = try post(door, kibibytes: 8)
        try newcomer.send("x")
        #expect(newcomer.served.count == 1)
        #expect(try honest.receive() == "")
        let cut = try trickling.filter { try $0.receive().hasPrefix("HTTP/1.1 503 ") }
        #expect(!cut.isEmpty)
    }

    @Test func doesNotTakeChunksWithoutBytesForProgress() throws {
        let door = door()
        let silent = try door.client()
        try silent.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7000\r\n")
        try silent.send(Self.bytes(0x7000) + "\r\n1;x=")
        let moving = try upload(door, kibibytes: 15)
        for _ in 0..<3 {
            door.pass(.milliseconds(500))
            try silent.send("y")
            try moving.send("x")
        }
        let newcomer = try upload(door, kibibytes: 32)
        #expect(try silent.receive().hasPrefix("HTTP/1.1 408 "))
        #expect(try moving.receive() == "" && newcomer.receive() == "")
    }

    @Test func countsHeadsThatAreNotThereWhole() throws {
        let door = door(16)
        let first = try door.client()
        try first.send("GET / HTTP/1.1\r\nX: " + Self.bytes(15 * Self.kibibyte))
        #expect(door.ledger.received.count == 16 * Self.kibibyte)
        door.pass(.seconds(1))
        let second = try door.client()
        try second.send("GET / HTTP/1.1\r\nHost: x\r\n")
        #expect(try first.receive().hasPrefix("HTTP/1.1 408 "))
        try second.send("\r\n")
        #expect(second.served.count == 1)
        #expect(door.ledger.received.count == 0)
    }

    // MARK: Several event loops

    @Test func givesOneLoopAllTheRoom() throws {
        let door = door(loops: 4)
        let client = try upload(door, on: 2, kibibytes: 64)
        #expect(try client.receive() == "")
        #expect(door.ledger.received.count == 64 * Self.kibibyte)
    }

    @Test func cutsOffWhoStallsOnAnotherLoop() throws {
        let door = door(loops: 2)
        let stalled = [try upload(door, on: 1, kibibytes: 32), try upload(door, on: 1, kibibytes: 32)]
        door.pass(.seconds(1))
        let newcomer = try post(door, kibibytes: 16)
        let reads = newcomer.socket.reads
        // Nothing is decided yet, and nothing more is read.
        try newcomer.send("")
        #expect(newcomer.socket.reads == reads)
        #expect(try newcomer.receive() == "")
        door.run()
        #expect(newcomer.socket.reads > reads)
        #expect(try stalled.filter { try $0.receive().hasPrefix("HTTP/1.1 408 ") }.count == 1)
        try newcomer.send("x")
        #expect(newcomer.served.count == 1)
    }

    @Test func leavesTheYoungAloneForTheOldOfAnotherLoop() throws {
        let door = door(loops: 2)
        let old = try upload(door, on: 1, kibibytes: 31)
        for _ in 0..<20 {
            door.pass(.milliseconds(500))
            try old.send("x")
        }
        let young = try upload(door, kibibytes: 31)
        for _ in 0..<3 {
            door.pass(.milliseconds(500))
            try old.send("x")
            try young.send("x")
        }
        let newcomer = try post(door, kibibytes: 16)
        door.run()
        #expect(try old.receive().hasPrefix("HTTP/1.1 503 "))
        #expect(try young.receive() == "")
        try newcomer.send("x")
        #expect(newcomer.served.count == 1)
    }

    @Test func bearsThatWhoWaitsLeaves() throws {
        let door = door(loops: 2)
        let other = try upload(door, on: 1, kibibytes: 64)
        let newcomer = try post(door, kibibytes: 16)
        try newcomer.leave()
        door.run()
        #expect(door.ends(.noRoom) == 0)
        let next = try post(door, kibibytes: 16)
        door.run()
        #expect(try next.receive().hasPrefix("HTTP/1.1 503 "))
        #expect(try other.receive() == "")
    }

    // MARK: What stays

    @Test func keepsNoStorageWhileAnAnswerIsUnderWay() throws {
        let client = try TestClient()
        let body = Self.bytes(500 * Self.kibibyte)
        try client.send(Self.head(body.utf8.count))
        try client.send(body)
        #expect(client.served.count == 1)
        #expect(client.connection.inbox.storageCapacity == 0)
        #expect(client.table.ledger.received.count == 0)
        client.served.first?.answer()
        #expect(client.connection.inbox.storageCapacity == 0)
        // The beginning of another request in what was one large read.
        try client.send(TestClient.post(Self.bytes(200 * Self.kibibyte)) + "GET")
        client.served.last?.answer()
        #expect(client.connection.inbox.storageCapacity <= 2 * 3 + 4 * Self.kibibyte)
    }

    @Test func givesARequestNoMoreStorageThanItNeeds() throws {
        let client = try TestClient()
        var blocks: [Int] = []
        client.service.whileServing = {
            blocks.append($0.storage)
            $0.answer()
        }
        // A small one, a small one that came together with much else, and a body that came together with its head.
        try client.send(TestClient.get())
        try client.send(TestClient.get() + TestClient.post(Self.bytes(100 * Self.kibibyte)) + TestClient.post("small"))
        #expect(blocks.count == 4)
        #expect(blocks[1] < 9 * Self.kibibyte && blocks[3] < 17 * Self.kibibyte)
        #expect(blocks[2] < 300 * Self.kibibyte)
    }
}
