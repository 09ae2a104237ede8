// Envelopes that go in pieces, and floods of them that the server does not hold for whoever does not read.
#if Redis
import NIOCore
import NIOPosix
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: large envelopes", .serialized, .timeLimit(.minutes(1)))
struct LargeEnvelopeTests {
    /// Bytes of which no part is like another one.
    private static func bytes(_ count: Int, seed: UInt64) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count + 8)
        var state = seed
        while buffer.readableBytes < count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            buffer.writeInteger(state)
        }
        return buffer.readSlice(length: count) ?? ByteBuffer()
    }

    @Test("3 MB and the most that is allowed arrive whole, between small ones", arguments: [4_096, 262_144])
    func whole(_ pieceBytesMax: Int) async throws {
        try await RedisBench.run { bench in
            let change: (inout RedisOptions) -> Void = { $0.pieceBytesMax = pieceBytesMax }
            let (one, two) = (try await bench.join("one", change), try await bench.join("two"))
            let most = one.bus.envelopeBytesMax
            let sizes = [
                (0, 0), (10, 3_000_000), (0, pieceBytesMax), (0, pieceBytesMax + 1), (pieceBytesMax, 1),
                (300_000, 300_000), (100, most - 100), (1, 1),
            ]
            let envelopes = sizes.enumerated().map { place, size in
                let seed = UInt64(place)
                return Envelope(
                    header: Self.bytes(size.0, seed: seed), body: Self.bytes(size.1, seed: seed + 100))
            }
            for subject in [Subject.inbox(two.id), .everyone] {
                let listener = try await two.listen(to: subject)
                for envelope in envelopes { try one.bus.publish(envelope, to: subject) }
                try await bench.eventually("all of them") {
                    listener.envelopes.count == envelopes.count || !listener.errors.isEmpty
                }
                #expect(listener.errors.isEmpty)
                // Not in one comparison, whose failure would print them.
                for (heard, sent) in zip(listener.envelopes, envelopes) {
                    #expect(heard.header.readableBytes == sent.header.readableBytes)
                    let isSame = heard.header == sent.header && heard.body == sent.body
                    #expect(isSame)
                }
            }
            let large = Envelope(header: ByteBuffer(), body: ByteBuffer(repeating: 0, count: most + 1))
            let error = await failure { try one.bus.publish(large, to: .everyone) }
            #expect(error?.code == .tooLarge && error?.delivery == .notDelivered)
        }
    }

    @Test("A flood beyond what the server holds for a subscriber ends subscriptions, and leaves no silent gap")
    func flood() async throws {
        let lines = "client-output-buffer-limit pubsub 1mb 0 0"
        try await RedisBench.run { $0.lines = lines } _: { bench in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let (one, two) = (try await bench.join("one"), try await bench.join("two", on: group))
            let listener = try await two.listen(to: .everyone)
            try one.say("0", to: .everyone)
            try await bench.eventually("the first one") { listener.bodies.count == 1 }
            let filler = String(repeating: ".", count: 100_000)
            var number = 0
            try await bench.hold(group.next()) {
                try await bench.eventually("the server gives the subscriber up") {
                    for _ in 0..<20 {
                        let next = number + 1
                        if await failure({ try one.say("\(next) \(filler)", to: .everyone) }) != nil { break }
                        number = next
                    }
                    return try bench.server.connections("patchbay-two-hear").isEmpty
                }
            }
            try await bench.eventually("the subscription ends") { !listener.errors.isEmpty }
            #expect(listener.errors.map(\.code) == [.interrupted])
            let numbers = listener.texts.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
            print("flood: \(numbers.count) of \(number) envelopes were heard")
            #expect(numbers == Array(0..<numbers.count), "all up to the end of the subscription")
            #expect(numbers.count < number)
            try await bench.converse(one, two, on: .topic("after"))
            try await two.cluster.close(on: bench.loop).get()
            try await group.shutdownGracefully()
        }
    }
}
#endif
