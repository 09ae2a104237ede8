// When a transport lets go of a request's body, and that it says so: once, when the system has all of it, and only of
// bodies that count.

import NIOCore
import NIOEmbedded
import TransportAPI
import Testing

@testable import HTTPTransport

@Suite(.timeLimit(.minutes(1))) struct RequestSentTests {
    /// More than the system takes of a connection that is not read.
    private static let large = 8_000_000

    @Test(arguments: [0, 16_384, 16_385, 300_000, large])
    func tellsOnceOfBodiesThatCount(_ count: Int) async throws {
        try await Bench.run { bench in
            // On a new connection, and on one that was used.
            for _ in 0..<2 {
                let outcome = try await bench.exchange(body: String(repeating: "b", count: count))
                #expect(outcome.isEnded && outcome.breaches.isEmpty)
                #expect(outcome.sentCount == (count > 16 * 1024 ? 1 : 0))
                #expect(!outcome.toldAtOnce)
            }
            #expect(bench.server.connectionCount == 1)
        }
    }

    @Test func tellsWhenAllWasTaken() async throws {
        try await Bench.run(readsLate: true) { bench in
            let body = ByteBuffer(repeating: 0x62, count: Self.large)
            let receiver = try await bench.onLoop { lane in
                let receiver = Receiver()
                let request = ExchangeRequest(verb: .post, lines: ByteBuffer(), body: body)
                #expect(lane.open(request, toInstance: 0, for: receiver) != nil)
                return NIOLoopBound(receiver, eventLoop: lane.loop)
            }
            try await bench.wait { bench.server.connectionCount == 1 }
            for _ in 0..<200 { try await bench.loop.submit {}.get() }
            #expect(try await bench.onLoop { _ in receiver.value.sentCount } == 0)
            try await bench.server.readOn(1)
            try await bench.wait { try await bench.onLoop { _ in receiver.value.isOver } }
            let (sent, text, breaches) = try await bench.onLoop { _ in
                (receiver.value.sentCount, receiver.value.text, receiver.value.breaches)
            }
            #expect(sent == 1 && text == "ok" && breaches.isEmpty)
        }
    }

    @Test func saysNothingOfARequestThatWasCut() async throws {
        try await Bench.run(answersHeads: true, reply: { _, _ in .reset }) { bench in
            let outcome = try await bench.exchange(body: String(repeating: "b", count: Self.large))
            #expect(outcome.error?.delivery == .unknown && outcome.sentCount == 0 && outcome.breaches.isEmpty)
        }
    }

    // MARK: Without sockets

    /// A connection whose first request waits for it.
    private func waiting(_ body: ByteBuffer) throws -> (UpstreamConnection, Receiver, EmbeddedChannel, HTTPLane) {
        let channel = EmbeddedChannel()
        let upstream = try HTTPUpstream(
            instances: [HTTPInstance(host: "a.example", port: 80, isTLS: false, path: "/")], options: HTTPOptions(),
            trust: HTTPTrust())
        let lane = HTTPLane(upstream: upstream, loop: channel.embeddedEventLoop)
        let connection = UpstreamConnection(lane: lane, pool: InstancePool(instance: upstream.instances[0]))
        let receiver = Receiver()
        connection.receiver = receiver
        let request = ExchangeRequest(verb: .post, lines: ByteBuffer(), body: body)
        connection.state = .connecting(head: connection.framed(request), body: body)
        try channel.pipeline.syncOperations.addHandler(connection)
        return (connection, receiver, channel, lane)
    }

    private func connect(_ channel: EmbeddedChannel) throws {
        channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 80), promise: nil)
    }

    private let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    @Test func keepsNothingOfABodyThatWasSent() throws {
        let body = ByteBuffer(repeating: 0x62, count: 300 * 1024)
        let (connection, receiver, channel, lane) = try waiting(body)
        try connect(channel)
        guard case .awaitingHead = connection.state else {
            Issue.record("the request still waits")
            return
        }
        #expect(try channel.readOutbound(as: ByteBuffer.self) != nil)
        #expect(try channel.readOutbound(as: ByteBuffer.self) == body)
        channel.embeddedEventLoop.run()
        #expect(receiver.sentCount == 1 && receiver.breaches.isEmpty)
        _ = try channel.finish()
        withExtendedLifetime(lane) {}
    }

    @Test func tellsNobodyOfAnothersRequest() throws {
        let (connection, receiver, channel, lane) = try waiting(ByteBuffer(repeating: 0x62, count: 300 * 1024))
        try connect(channel)
        // The answer and another request are faster than the word.
        channel.pipeline.fireChannelRead(answer)
        #expect(receiver.isEnded)
        let next = Receiver()
        let small = ExchangeRequest(verb: .post, lines: ByteBuffer(), body: ByteBuffer(string: "{}"))
        #expect(connection.start(small, for: next))
        channel.embeddedEventLoop.run()
        #expect(next.sentCount == 0)
        #expect(receiver.breaches.isEmpty)
        connection.cancel()
        withExtendedLifetime(lane) {}
    }
}
