// The bus when the server is killed, stopped for a while or full, and when members leave in a hurry.
#if NATS
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import NATSTransport

@Suite("NATS: bus in trouble", .timeLimit(.minutes(2)))
struct BusFaultTests {
    private let topic = Subject.topic("trouble")

    /// Speaks and listens until somebody hears.
    private func converse(_ bench: BusBench, _ speaker: BusBench.Member, _ hearer: BusBench.Member) async throws {
        var listener: BusListener?
        try await bench.eventually("members hear each other") {
            if listener?.errors.isEmpty != true { listener = try? await bench.listen(hearer, to: topic) }
            try? speaker.bus.say("hello", to: topic)
            return listener?.bodies.isEmpty == false
        }
    }

    @Test("A killed server: subscriptions end, publishing is refused, and all works again when it is back")
    func killed() async throws {
        try await BusBench().run { bench in
            let (one, two) = (try await bench.join(), try await bench.join())
            var subscriptions: [Int] = []
            for _ in 0..<4 {
                let listener = try await bench.listen(two, to: topic)
                bench.server.kill()
                try await bench.eventually("the subscription ends") { !listener.errors.isEmpty }
                #expect(listener.errors.map(\.code) == [.interrupted])
                try await bench.eventually("publishing is refused") {
                    do throws(TransportError) { try one.bus.say("x", to: topic) } catch {
                        #expect(error.code == .unreachable && error.delivery == .notDelivered)
                        return true
                    }
                    return false
                }
                await #expect(throws: TransportError.self) { _ = try await bench.listen(one, to: topic) }
                try bench.server.start()
                let start = NIODeadline.now()
                try await converse(bench, one, two)
                #expect(NIODeadline.now() - start < .seconds(10))
                subscriptions.append(try bench.server.count("num_subscriptions", at: "/subsz"))
            }
            #expect(Set(subscriptions).count == 1, "subscriptions at the server: \(subscriptions)")
        }
    }

    @Test("A server that hangs: subscriptions end, and all works again when it goes on")
    func paused() async throws {
        try await BusBench().run { bench in
            let change: (inout NATSOptions) -> Void = { $0.pingEvery = .milliseconds(300) }
            let (one, two) = (try await bench.join(change), try await bench.join(change))
            let listener = try await bench.listen(two, to: topic)
            bench.server.pause()
            try await bench.eventually("the subscription ends") { !listener.errors.isEmpty }
            #expect(listener.errors.map(\.code) == [.interrupted])
            bench.server.resume()
            try await converse(bench, one, two)
        }
    }

    @Test("A server that hangs for less than two pings interrupts nothing, and nothing is lost")
    func briefPause() async throws {
        try await BusBench().run { bench in
            let (one, two) = (try await bench.join(), try await bench.join())
            let listener = try await bench.listen(two, to: topic)
            try one.bus.say("before", to: topic)
            try await bench.eventually("the first message") { listener.bodies.count == 1 }
            bench.server.pause()
            for number in 0..<1_000 { try one.bus.say("\(number)", to: topic) }
            bench.server.resume()
            try await bench.eventually("everything") { listener.bodies.count == 1_001 }
            #expect(listener.errors.isEmpty)
        }
    }

    @Test("While the server hangs the sending queue fills to its bound, and closing still ends in time")
    func fullQueue() async throws {
        try await BusBench().run { bench in
            let one = try await bench.join {
                $0.queueBytesMax = 8 * 1024 * 1024
                $0.pingEvery = .seconds(20)
            }
            bench.server.pause()
            let body = ByteBuffer(repeating: 1, count: 256 * 1024)
            var refused: TransportError?
            for _ in 0..<400 where refused == nil {
                do throws(TransportError) {
                    try one.bus.publish(Envelope(header: ByteBuffer(), body: body), to: topic)
                } catch {
                    refused = error
                }
            }
            #expect(refused?.code == .overloaded)
            #expect(refused?.delivery == .notDelivered)
            let start = NIODeadline.now()
            try await one.cluster.close(on: bench.loop).get()
            #expect(NIODeadline.now() - start < .seconds(20), "the write deadline is 40 s")
            await #expect(throws: TransportError.self) { _ = try await bench.listen(one, to: topic) }
        }
    }

    @Test("What was published before closing arrives")
    func drain() async throws {
        try await BusBench().run { bench in
            let (one, two) = (try await bench.join { $0.closeWithin = .seconds(30) }, try await bench.join())
            let listener = try await bench.listen(two, to: topic)
            // Who has not met it could not ask it any more.
            try one.bus.say("0", to: topic)
            try await bench.eventually("they have met") { listener.bodies.count == 1 }
            for number in 1..<3_000 { try one.bus.say("\(number)", to: topic) }
            try await one.cluster.close(on: bench.loop).get()
            try await bench.eventually("everything") { listener.bodies.count == 3_000 || !listener.errors.isEmpty }
            #expect(listener.texts == (0..<3_000).map { "\($0)" })
        }
    }

    @Test("Large envelopes go in pieces, whatever the server takes at once", arguments: [4_096, 65_536, 1_048_576])
    func pieces(_ payloadMax: Int) async throws {
        var settings = NATSServer.Settings()
        settings.hasJetStream = false
        settings.lines = "max_payload: \(payloadMax)"
        try await BusBench(settings).run { bench in
            let (one, two) = (try await bench.join(), try await bench.join())
            let listener = try await bench.listen(two, to: .inbox(two.id))
            let sizes = [0, payloadMax - 100, payloadMax, payloadMax + 1, 500_000, one.bus.envelopeBytesMax]
            for size in sizes {
                let body = ByteBuffer(repeating: UInt8(truncatingIfNeeded: size), count: size)
                try one.bus.publish(Envelope(header: ByteBuffer(), body: body), to: .inbox(two.id))
            }
            try await bench.eventually("all envelopes") {
                #expect(listener.errors.isEmpty)
                return listener.bodies.count == sizes.count || !listener.errors.isEmpty
            }
            #expect(listener.bodies.map(\.readableBytes) == sizes)
        }
    }

    @Test("Whose inbox nobody hears is unreachable at the next publish, until it is heard from")
    func noResponders() async throws {
        try await BusBench().run { bench in
            let (one, two) = (try await bench.join(), try await bench.join())
            try await bench.eventually("the member is absent") {
                do throws(TransportError) { try one.bus.say("x", to: .inbox(two.id)) } catch {
                    return error.code == .unreachable
                }
                return false
            }
            let own = try await bench.listen(one, to: topic)
            let inbox = try await bench.listen(two, to: .inbox(two.id))
            try two.bus.say("I am here", to: topic)
            try await bench.eventually("it is heard") { own.bodies.count == 1 }
            try one.bus.say("welcome", to: .inbox(two.id))
            try await bench.eventually("its inbox works") { inbox.texts.contains("welcome") || !inbox.errors.isEmpty }
            #expect(inbox.errors.isEmpty)
        }
    }

    @Test("Who cannot take what arrives loses its subscriptions and nothing silently")
    func slowMember() async throws {
        try await BusBench().run { bench in
            let one = try await bench.join()
            let two = try await bench.join { $0.arrivalsMax = 8 }
            let listener = try await bench.listen(two, to: topic)
            for number in 0..<50_000 { try? one.bus.say("\(number)", to: topic) }
            try one.bus.say("end", to: topic)
            try await bench.eventually("the end, or a word") {
                listener.texts.last == "end" || !listener.errors.isEmpty
            }
            let numbers = listener.texts.compactMap { Int($0) }
            for (number, next) in zip(numbers, numbers.dropFirst()) { #expect(next > number) }
            if listener.errors.isEmpty { #expect(numbers.count == Set(numbers).count) }
        }
    }
}

#endif
