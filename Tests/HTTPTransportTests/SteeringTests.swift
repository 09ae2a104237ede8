// Steering a running exchange: cancelling, pausing, and the first of several connection attempts.

import NIOCore
import NIOEmbedded
import TransportAPI
import Testing

@testable import HTTPTransport

@Suite(.timeLimit(.minutes(1))) struct SteeringTests {
    @Test func closesTheConnectionOfACancelledExchange() async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"
        try await Bench.run(reply: { _, _ in .bytes(answer) }) { bench in
            let breaches = try await bench.loop.flatSubmit { [lane = bench.lane, loop = bench.loop] in
                let promise = loop.makePromise(of: [String].self)
                let receiver = Receiver()
                let request = ExchangeRequest(verb: .get, lines: ByteBuffer(), body: nil)
                let handle = lane.value.open(request, toInstance: 0, for: receiver)
                receiver.whenBytesCome = {
                    handle?.cancel()
                    receiver.whenBytesCome = nil
                    promise.succeed(receiver.breaches + (receiver.isOver ? ["it was told of an end"] : []))
                }
                return promise.futureResult
            }.get()
            #expect(breaches.isEmpty)
            try await bench.wait { bench.server.openCount == 0 }
            #expect(try await bench.counts() == (0, 0))
        }
    }

    @Test func bearsACancellationAtAnyMoment() async throws {
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
        for moment in 0..<3 {
            try await Bench.run(reply: { _, _ in .bytes(answer) }) { bench in
                try await bench.loop.flatSubmit { [lane = bench.lane, loop = bench.loop] in
                    let promise = loop.makePromise(of: Void.self)
                    let receiver = Receiver()
                    let request = ExchangeRequest(verb: .get, lines: ByteBuffer(), body: nil)
                    let handle = lane.value.open(request, toInstance: 0, for: receiver)
                    let cancel = {
                        handle?.cancel()
                        handle?.cancel()
                        receiver.whenBegun = nil
                        receiver.whenBytesCome = nil
                        promise.succeed()
                    }
                    switch moment {
                    case 0: cancel()
                    case 1: receiver.whenBegun = cancel
                    default: receiver.whenBytesCome = cancel
                    }
                    return promise.futureResult
                }.get()
                #expect(try await bench.counts() == (0, 0))
                try await bench.wait { bench.server.openCount == 0 }
                // The lane goes on.
                #expect(try await bench.exchange().text == "ab")
            }
        }
    }

    @Test func stopsReadingWhileItIsPaused() async throws {
        let count = 8_000_000
        let answer = Bench.ok(String(repeating: "x", count: count))
        try await Bench.run(reply: { _, _ in .bytes(answer) }) { bench in
            let receiver = try await bench.onLoop { lane in NIOLoopBound(Receiver(), eventLoop: lane.loop) }
            let handle = try await bench.loop.flatSubmit {
                [lane = bench.lane, loop = bench.loop] () -> EventLoopFuture<NIOLoopBound<any ExchangeHandle>> in
                let promise = loop.makePromise(of: NIOLoopBound<any ExchangeHandle>.self)
                let request = ExchangeRequest(verb: .post, lines: ByteBuffer(), body: ByteBuffer(string: "{}"))
                guard let handle = lane.value.open(request, toInstance: 0, for: receiver.value) else {
                    return loop.makeFailedFuture(ChannelError.ioOnClosedChannel)
                }
                receiver.value.whenBytesCome = {
                    handle.pause()
                    receiver.value.whenBytesCome = nil
                    promise.succeed(NIOLoopBound(handle, eventLoop: loop))
                }
                return promise.futureResult
            }.get()
            // Many rounds later nothing more than one read has come.
            for _ in 0..<200 { try await bench.loop.submit {}.get() }
            #expect(try await bench.onLoop { _ in receiver.value.bytes.count } <= 65536)
            let total = try await bench.loop.flatSubmit { [loop = bench.loop] in
                let promise = loop.makePromise(of: Int.self)
                receiver.value.whenOver = {
                    receiver.value.whenOver = nil
                    promise.succeed(receiver.value.bytes.count)
                }
                handle.value.resume()
                handle.value.resume()
                return promise.futureResult
            }.get()
            #expect(total == count)
            // A connection that was paused at its end is read again when it carries the next exchange.
            #expect(try await bench.exchange().text.utf8.count == count)
        }
    }

    @Test func readsOnAfterAnExchangeThatEndedPaused() async throws {
        try await Bench.run { bench in
            let first = try await bench.exchange { _, handle in handle?.pause() }
            #expect(first.text == "ok")
            #expect(try await bench.exchange().text == "ok")
            // An idle connection must notice its end.
            try await bench.server.close(1)
            try await bench.wait { try await bench.counts() == (0, 0) }
        }
    }

    // MARK: Several addresses

    /// A connection with two attempts under way, as for a name with an address of each family.
    private func attempts() throws
        -> (UpstreamConnection, Receiver, first: EmbeddedChannel, second: EmbeddedChannel, HTTPLane)
    {
        let first = EmbeddedChannel()
        let second = EmbeddedChannel(loop: first.embeddedEventLoop)
        let upstream = try HTTPUpstream(
            instances: [HTTPInstance(host: "a.example", port: 80, isTLS: false, path: "/")], options: HTTPOptions(),
            trust: HTTPTrust())
        let lane = HTTPLane(upstream: upstream, loop: first.embeddedEventLoop)
        let pool = InstancePool(instance: upstream.instances[0])
        let connection = UpstreamConnection(lane: lane, pool: pool)
        pool.openCount += 1
        let receiver = Receiver()
        connection.receiver = receiver
        connection.state = .connecting(head: ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"), body: nil)
        try first.pipeline.syncOperations.addHandler(connection)
        try second.pipeline.syncOperations.addHandler(connection)
        return (connection, receiver, first, second, lane)
    }

    private func connect(_ channel: EmbeddedChannel) throws {
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 80)).wait()
    }

    private let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    @Test func usesTheAttemptThatConnectsFirst() throws {
        let (connection, receiver, first, second, lane) = try attempts()
        try connect(first)
        #expect(try first.readOutbound(as: ByteBuffer.self) != nil)
        try connect(second)
        #expect(try second.readOutbound(as: ByteBuffer.self) == nil)
        // The loser goes; that says nothing about the exchange.
        #expect(!second.isActive)
        second.embeddedEventLoop.run()
        #expect(!receiver.isOver)
        try first.writeInbound(answer)
        #expect(receiver.text == "ok")
        #expect(receiver.isEnded && receiver.breaches.isEmpty)
        #expect(connection.pool.idle.count == 1)
        // The next exchange goes the same way.
        let next = Receiver()
        #expect(connection.start(ExchangeRequest(verb: .get, lines: ByteBuffer(), body: nil), for: next))
        #expect(try first.readOutbound(as: ByteBuffer.self) != nil)
        connection.cancel()
        #expect(!first.isActive)
        withExtendedLifetime(lane) {}
    }

    @Test func outlivesAnAttemptThatFails() throws {
        let (_, receiver, first, second, lane) = try attempts()
        try first.close().wait()
        first.embeddedEventLoop.run()
        #expect(!receiver.isOver)
        try connect(second)
        try second.writeInbound(answer)
        #expect(receiver.text == "ok")
        _ = try second.finish(acceptAlreadyClosed: true)
        withExtendedLifetime(lane) {}
    }

    @Test func closesAllAttemptsOfACancelledExchange() throws {
        let (connection, receiver, first, second, lane) = try attempts()
        connection.cancel()
        // The last attempt is closed at once, an earlier one as soon as it connects.
        #expect(throws: ChannelError.alreadyClosed) { try second.close().wait() }
        try connect(first)
        #expect(!first.isActive)
        #expect(try first.readOutbound(as: ByteBuffer.self) == nil)
        #expect(!receiver.isOver)
        #expect(connection.pool.openCount == 0)
        withExtendedLifetime(lane) {}
    }
}
