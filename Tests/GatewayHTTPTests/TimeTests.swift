// Waits of a connection: slow heads and bodies, idle connections, refused clients that go on sending. Answers that
// nobody takes are in `QueueTests`.

import GatewayCore
import NIOCore
import Testing

@testable import GatewayHTTP

@Suite struct TimeTests {
    private func client() throws -> TestClient {
        try TestClient(options: {
            $0.headTimeout = .seconds(10)
            $0.bodyTimeout = .seconds(30)
            $0.keepAliveTimeout = .seconds(75)
            $0.lingerTimeout = .seconds(2)
        })
    }

    @Test func closesAConnectionThatNeverAsks() throws {
        let client = try client()
        client.pass(.seconds(9))
        #expect(client.isOpen)
        client.pass(.seconds(11))
        #expect(!client.isOpen)
        #expect(try client.receive() == "")
    }

    @Test func answers408ToASlowHead() throws {
        let client = try client()
        try client.send("GET / HTTP/1.1\r\nHost:")
        client.pass(.seconds(9))
        #expect(try client.receive() == "")
        client.pass(.seconds(11))
        #expect(try client.receive().hasPrefix("HTTP/1.1 408 "))
        #expect(client.socket.isOutputClosed)
        client.pass(.seconds(20))
        #expect(!client.isOpen)
    }

    @Test func answers408ToAHeadThatTrickles() throws {
        let client = try client()
        // The clock begins with the first byte and is not set back by others.
        try client.send("GET / HT")
        let deadline = client.connection.deadline
        try client.send("TP/1.1\r\nHo")
        #expect(client.connection.deadline == deadline)
    }

    @Test func answers408ToASlowBody() throws {
        let client = try client()
        try client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
        client.pass(.seconds(29))
        #expect(try client.receive() == "")
        client.pass(.seconds(31))
        #expect(try client.receive().hasPrefix("HTTP/1.1 408 "))
        #expect(client.served.isEmpty)
        #expect(client.table.ledger.received.count == 0)
    }

    @Test func closesAnIdleConnection() throws {
        let client = try client()
        try client.send(TestClient.get())
        client.pass(.hours(1))
        #expect(client.isOpen, "an answer takes as long as it takes")
        client.served.first?.answer()
        client.pass(.seconds(74))
        #expect(client.isOpen)
        client.pass(.seconds(76))
        #expect(!client.isOpen)
        #expect(try client.receive() == TestClient.ok("ok"))
    }

    @Test(arguments: ["\r", "\r\n"])
    func takesACRLFBehindABodyForNoRequest(_ behind: String) throws {
        let client = try client()
        try client.send(TestClient.post("body") + behind)
        client.served.first?.answer()
        client.pass(.seconds(74))
        #expect(client.isOpen)
        client.pass(.seconds(76))
        #expect(!client.isOpen)
        #expect(try client.receive() == TestClient.ok("ok"), "nobody is told 408 who has asked nothing")
        let drained = try self.client()
        try drained.send(TestClient.post("body") + behind)
        drained.served.first?.answer()
        drained.table.drain()
        #expect(!drained.isOpen)
    }

    @Test func givesTheSecondHeadItsOwnTime() throws {
        let client = try client()
        try client.send(TestClient.get())
        client.served.first?.answer()
        _ = try client.receive()
        try client.send("GET")
        client.pass(.seconds(11))
        #expect(try client.receive().hasPrefix("HTTP/1.1 408 "))
    }

    @Test func dropsWhatARefusedClientSendsForAWhile() throws {
        let client = try client()
        try client.send("nonsense\r\n\r\n")
        #expect(try client.receive().hasPrefix("HTTP/1.1 400 "))
        for _ in 0..<100 { try client.send(String(repeating: "x", count: 10_000)) }
        #expect(client.isOpen)
        #expect(client.connection.inbox.storageCapacity == 0)
        client.pass(.seconds(3))
        #expect(!client.isOpen)
    }

    @Test func closesIdleConnectionsInADrainAndNoOthers() throws {
        let table = ConnectionTable(DoorLedger(ListenerOptions()))
        let idle = try TestClient(table: table)
        try idle.send(TestClient.get())
        idle.served.first?.answer()
        // It has lost nothing yet, and must not: its first request may be on its way.
        let fresh = try TestClient(table: table)
        let reading = try TestClient(table: table)
        try reading.send("GET / HT")
        let answering = try TestClient(table: table)
        try answering.send(TestClient.get())
        let taking = try TestClient(table: table)
        taking.socket.isHeld = true
        try taking.send(TestClient.get())
        taking.served.first?.answer(String(repeating: "x", count: 100_000))
        table.drain()
        #expect(!idle.isOpen)
        #expect(fresh.isOpen)
        #expect(reading.isOpen)
        #expect(answering.isOpen)
        #expect(taking.isOpen)
        // It is asked nothing more, and ends when its last answer is out.
        #expect(taking.socket.isOutputClosed)
        answering.served.first?.answer()
        #expect(answering.socket.isOutputClosed)
    }

    @Test func closesBehindWrites() throws {
        let client = try client()
        client.socket.isHeld = true
        try client.send(TestClient.get())
        client.served.first?.answer()
        client.table.closeWhenWritten()
        #expect(client.isOpen)
        client.socket.isHeld = false
        client.channel.flush()
        #expect(!client.isOpen)
        #expect(try client.receive() == TestClient.ok("ok"))
    }
}
