// The bound on connections: whoever is too many is told so and closed at once, all event loops share one bound, and no
// more is accepted than there are files for.

import GatewayCore
import NIOCore
import NIOEmbedded
import Testing

@testable import GatewayHTTP

@Suite struct ConnectionBoundTests {
    private static let refusal =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    @Test func turnsAwayWhoIsTooManyAtOnce() throws {
        let door = TestDoor { $0.connectionsMax = 2 }
        let first = try door.client()
        let second = try door.client()
        for _ in 0..<100 {
            let third = try door.client()
            #expect(try third.receive() == Self.refusal)
            #expect(!third.isOpen, "nothing lingers")
            door.run()
            #expect(door.tables[0].count == 2)
        }
        #expect(door.ends(.full) == 100)
        #expect(door.ledger.counts.connections == 2)
        try first.leave()
        #expect(door.ledger.counts.connections == 1)
        let fourth = try door.client()
        try fourth.send(TestClient.get())
        #expect(fourth.served.count == 1)
        #expect(second.isOpen)
    }

    @Test func countsAllLoopsTogether() throws {
        let door = TestDoor(loops: 4) { $0.connectionsMax = 3 }
        // All on one loop, which would have been the end for a bound that is divided.
        let clients = [try door.client(on: 1), try door.client(on: 1), try door.client(on: 1)]
        #expect(clients.filter(\.isOpen).count == 3)
        let other = try door.client(on: 2)
        #expect(!other.isOpen)
    }

    // MARK: The gate

    private struct Server {
        let channel = EmbeddedChannel()
        let gate: AcceptGate
        let ledger: DoorLedger

        init(connectionsMax: Int) throws {
            var options = ListenerOptions()
            options.connectionsMax = connectionsMax
            ledger = DoorLedger(options)
            gate = AcceptGate(ledger)
            try channel.pipeline.syncOperations.addHandler(gate)
        }

        /// A connection that the socket hands over; whether it is passed on.
        func accept() throws -> (channel: EmbeddedChannel, isPassedOn: Bool) {
            let connection = EmbeddedChannel()
            try connection.connect(to: SocketAddress(ipAddress: "192.0.2.7", port: 1)).wait()
            let accepted: any Channel = connection
            try channel.writeInbound(accepted)
            let passed = try channel.readInbound(as: (any Channel).self)
            connection.embeddedEventLoop.run()
            return (connection, passed != nil)
        }

        func close(_ connection: EmbeddedChannel) throws {
            try connection.close().wait()
            connection.embeddedEventLoop.run()
            channel.embeddedEventLoop.run()
        }
    }

    @Test func acceptsNoMoreThanThereAreFilesFor() throws {
        let server = try Server(connectionsMax: 3)
        let most = 3 + DoorLedger.refusedAtOnceMax
        var open: [EmbeddedChannel] = []
        for _ in 0..<most {
            #expect(server.gate.isAccepting)
            let accepted = try server.accept()
            #expect(accepted.isPassedOn)
            open.append(accepted.channel)
        }
        #expect(!server.gate.isAccepting)
        // What the socket had in hand already is closed without a word.
        let late = try server.accept()
        #expect(!late.isPassedOn)
        #expect(!late.channel.isActive)
        #expect(server.ledger.counts[.full] == 1)
        #expect(server.ledger.files.count == most)
        try server.close(open.removeLast())
        #expect(server.gate.isAccepting)
        #expect(try server.accept().isPassedOn)
        #expect(!server.gate.isAccepting)
        for connection in open { try server.close(connection) }
        #expect(server.ledger.files.count == 1)
        #expect(server.gate.isAccepting)
    }

    @Test func restsWhereTheSystemHasNoFile() throws {
        let server = try Server(connectionsMax: 3)
        let loop = server.channel.embeddedEventLoop
        server.channel.pipeline.fireErrorCaught(IOError(errnoCode: 24, reason: "accept"))
        #expect(!server.gate.isAccepting)
        #expect(server.ledger.counts[.files] == 1)
        loop.advanceTime(by: AcceptGate.restTime - .milliseconds(1))
        #expect(!server.gate.isAccepting)
        loop.advanceTime(by: .milliseconds(1))
        #expect(server.gate.isAccepting)
        #expect(throws: IOError.self) { try server.channel.throwIfErrorCaught() }
    }

    @Test func doesNotRestForAClientThatHasLeft() throws {
        // ECONNABORTED: otherwise whoever leaves at once keeps others out.
        let server = try Server(connectionsMax: 3)
        server.channel.pipeline.fireErrorCaught(IOError(errnoCode: 103, reason: "accept"))
        #expect(server.gate.isAccepting)
        #expect(server.ledger.counts[.files] == 0)
        #expect(throws: IOError.self) { try server.channel.throwIfErrorCaught() }
    }

    @Test func keepsRestingThoughAConnectionEnds() throws {
        let server = try Server(connectionsMax: 0)
        var open: [EmbeddedChannel] = []
        for _ in 0..<DoorLedger.refusedAtOnceMax { open.append(try server.accept().channel) }
        server.channel.pipeline.fireErrorCaught(IOError(errnoCode: 24, reason: "accept"))
        try server.close(open.removeLast())
        #expect(!server.gate.isAccepting)
        server.channel.embeddedEventLoop.advanceTime(by: AcceptGate.restTime)
        #expect(server.gate.isAccepting)
        #expect(throws: IOError.self) { try server.channel.throwIfErrorCaught() }
    }
}
