// What the bus over Redis does beyond the contract: closing, bounds of subjects, and members whom nobody hears.
#if Redis
import NIOCore
import NIOPosix
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: bus", .serialized, .timeLimit(.minutes(1)))
struct RedisBusTests {
    private let topic = Subject.topic("bus")

    @Test("What was published before closing arrives, small and large")
    func drain() async throws {
        try await RedisBench.run { bench in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let one = try await bench.join("one", on: group) { $0.closeWithin = .seconds(30) }
            let two = try await bench.join("two")
            let listener = try await two.listen(to: topic)
            // Who has not met it could not ask it any more.
            try one.say("0", to: topic)
            try await bench.eventually("they have met") { listener.bodies.count == 1 }
            var closed: EventLoopFuture<Void>?
            // So that it is told to close before it has sent much.
            try bench.server.standStill()
            try await bench.hold(group.next()) {
                for number in 1..<3_000 { try one.say("\(number)", to: topic) }
                let envelope = Envelope(header: ByteBuffer(), body: ByteBuffer(repeating: 1, count: 5_000_000))
                for _ in 0..<5 { try one.bus.publish(envelope, to: topic) }
                closed = one.cluster.close(on: bench.loop)
            }
            try await group.next().submit {}.get()
            bench.server.resume()
            try await closed?.get()
            try await bench.eventually("everything") { listener.bodies.count == 3_005 || !listener.errors.isEmpty }
            #expect(listener.errors.isEmpty)
            #expect(listener.bodies.prefix(3_000).map { String(buffer: $0) } == (0..<3_000).map { "\($0)" })
            #expect(listener.bodies.suffix(5).allSatisfy { $0.readableBytes == 5_000_000 })
            try await bench.eventually("it is gone") { try bench.server.count("connected_clients") == 3 + 1 }
            try await group.shutdownGracefully()
        }
    }

    @Test("Whose inbox nobody hears is unreachable at the next publish, until it is heard from")
    func absent() async throws {
        try await RedisBench.run { bench in
            let (one, two) = (try await bench.join("one") { $0.absentFor = .minutes(10) }, try await bench.join("two"))
            try await bench.eventually("the member is absent") {
                let error = await failure { try one.say("x", to: .inbox(two.id)) }
                #expect(error == nil || error?.code == .unreachable && error?.delivery == .notDelivered)
                return error != nil
            }
            let own = try await one.listen(to: topic)
            let inbox = try await two.listen(to: .inbox(two.id))
            try two.say("I am here", to: topic)
            try await bench.eventually("it is heard") { own.bodies.count == 1 }
            try one.say("welcome", to: .inbox(two.id))
            try await bench.eventually("its inbox works") { inbox.texts == ["welcome"] || !inbox.errors.isEmpty }
            #expect(inbox.errors.isEmpty)
        }
    }

    @Test("With a replica at the server, whose listeners are not counted, nobody is called absent")
    func replicated() async throws {
        try await RedisBench.run { $0.lines = "repl-diskless-sync-delay 0" } _: { bench in
            let (one, two) = (try await bench.join("one"), try await bench.join("two"))
            try await RedisBench.run { $0.lines = "replicaof 127.0.0.1 \(bench.server.port)" } _: { replica in
                try await bench.eventually("it follows") {
                    try bench.server.fact("connected_slaves") == "1"
                        && replica.server.fact("master_link_status") == "up"
                }
                for _ in 0..<100 {
                    try one.say("x", to: .inbox(two.id))
                    // Behind it, so that the server's word on it is there.
                    #expect(try await one.read(.random()) == .absent)
                }
            }
        }
    }

    @Test("Subjects beyond the bound are refused; those that nobody hears any more make room")
    func subjects() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join { $0.subjectsMax = 3 }
            let inbox = try await one.listen(to: .inbox(one.id))
            try await one.end(inbox)
            let first = try await one.listen(to: .topic("1"))
            _ = try await one.listen(to: .topic("2"))
            let error = await failure { _ = try await one.listen(to: .topic("3")) }
            #expect(error?.code == .overloaded && error?.delivery == .notDelivered, "\(error as Any)")
            // The same one again is no other one.
            let again = try await one.listen(to: .topic("2"))
            try await one.end(first)
            try await bench.eventually("there is room") { (try? await one.listen(to: .topic("3"))) != nil }
            try one.say("x", to: .topic("2"))
            try await bench.eventually("it is heard") { again.texts == ["x"] }
            try await bench.converse(one, one, on: .inbox(one.id))
        }
    }

    @Test("A member that was closed refuses everything, and closing it again is fine")
    func closed() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join()
            let listener = try await one.listen(to: topic)
            for _ in 0..<2 { try await one.cluster.close(on: bench.loop).get() }
            #expect(listener.errors.map(\.code) == [.closed])
            let calls: [() async throws -> Void] = [
                { try one.say("x", to: topic) }, { _ = try await one.listen(to: topic) },
                { _ = try await one.read(.random()) }, { _ = try await one.create(.random(), "x") },
                { _ = try await one.append([entry(1)], to: .random(), after: 0) }, { _ = try await one.incarnation() },
            ]
            for call in calls {
                let error = await failure(call)
                #expect(error?.code == .closed && error?.delivery == .notDelivered, "\(error as Any)")
            }
            await #expect(throws: (any Error).self) { try await one.cluster.start(on: bench.loop).get() }
            try await bench.eventually("no connection is left") { try bench.server.count("connected_clients") == 1 }
        }
    }
}
#endif
