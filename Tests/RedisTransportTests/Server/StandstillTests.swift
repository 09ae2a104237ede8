// The server's process is stopped for longer than members wait, and then goes on.
#if Redis
import NIOCore
import Synchronization
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: a server that stands still", .serialized, .timeLimit(.minutes(1)))
struct StandstillTests {
    private let topic = Subject.topic("still")
    private static let callTimeout = TimeAmount.milliseconds(900)

    private static func hurry(_ options: inout RedisOptions) {
        (options.pingEvery, options.replyTimeout) = (.milliseconds(400), .milliseconds(900))
        (options.callTimeout, options.connectTimeout) = (callTimeout, .milliseconds(500))
    }

    /// Times of calls that failed, with what they said.
    private func expectEnds(_ calls: [(error: TransportError?, time: TimeAmount)]) {
        let codes = calls.map { "\($0.error?.code.rawValue ?? "success") \($0.error?.delivery.rawValue ?? "")" }
        let longest = calls.map(\.time).max() ?? .zero
        let counts = Dictionary(grouping: codes) { $0 }.mapValues(\.count)
        print("still: \(counts), at most \(longest.nanoseconds / 1_000_000) ms")
        for call in calls {
            #expect([.timedOut, .interrupted, .unreachable].contains(call.error?.code), "\(call.error as Any)")
        }
    }

    private func timed(_ body: () async throws -> Void) async -> (error: TransportError?, time: TimeAmount) {
        let start = NIODeadline.now()
        let error = await failure(body)
        return (error, NIODeadline.now() - start)
    }

    @Test("Calls end in their time and subscriptions end; afterwards all works, and nothing is delivered twice")
    func longPause() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join("one", Self.hurry)
            let two = try await bench.join("two", Self.hurry)
            let connections = try bench.server.count("connected_clients")
            let stream = Key128.random()
            #expect(try await one.append([entry(1)], to: stream, after: 0) == .appended)
            // On a busy machine it may stand still for so long by itself.
            var listener: RedisListener?
            try await bench.eventually("the first") {
                if listener?.errors.isEmpty != true { listener = try await two.listen(to: topic) }
                try one.say("0", to: topic)
                return listener?.texts.isEmpty == false
            }
            let first = try #require(listener)
            try bench.server.standStill()
            for number in 1...500 { try? one.say("\(number)", to: topic) }
            expectEnds(
                await withTaskGroup(of: (TransportError?, TimeAmount).self) { group in
                    for _ in 0..<40 { group.addTask { await timed { _ = try await one.read(.random()) } } }
                    for _ in 0..<3 {
                        group.addTask { await timed { _ = try await one.append([entry(2)], to: stream, after: 1) } }
                    }
                    return await group.reduce(into: []) { $0.append(($1.0, $1.1)) }
                })
            try await bench.eventually("the subscription ends") { !first.errors.isEmpty }
            #expect(first.errors.count == 1 && first.errors.allSatisfy { [.interrupted, .timedOut].contains($0.code) })
            // Once more, when it is known that the server is not there.
            expectEnds([await timed { _ = try await one.read(.random()) }])
            for number in 501...600 { try? one.say("\(number)", to: topic) }
            bench.server.resume()
            let second = try await recover(bench, one, two)
            let again = try await one.append([entry(2)], to: stream, after: 1)
            #expect(again == .appended || again == .stale(top: 2))
            #expect(try await one.read(stream, after: 0) == .page([entry(1), entry(2)]))
            let numbers = (first.texts + second.texts).compactMap { Int($0) }.filter { $0 > 0 }
            print("still: \(numbers.count) of 601 messages were heard")
            for (number, next) in zip(numbers, numbers.dropFirst()) { #expect(next > number) }
            try await bench.eventually("as many connections as before") {
                try bench.server.count("connected_clients") == connections
            }
        }
    }

    /// Returns who hears, once calls and messages work again.
    private func recover(_ bench: RedisBench, _ one: RedisMember, _ two: RedisMember) async throws -> RedisListener {
        var listener: RedisListener?
        var bodies: [String] = []
        var number = 600
        try await bench.eventually("members hear each other") {
            if listener?.errors.isEmpty != true {
                bodies += listener?.texts ?? []
                listener = try? await two.listen(to: topic)
            }
            number += 1
            try? one.say("\(number)", to: topic)
            return listener?.bodies.isEmpty == false
        }
        #expect(bodies.isEmpty, "an earlier subscription had heard \(bodies)")
        try await bench.eventually("calls are answered") { (try? await one.read(.random())) == .absent }
        return try #require(listener)
    }

    @Test("A pause that is shorter than members wait interrupts nothing, and nothing is lost")
    func briefPause() async throws {
        try await RedisBench.run { bench in
            let change: (inout RedisOptions) -> Void = { $0.callTimeout = .seconds(10) }
            let (one, two) = (try await bench.join("one", change), try await bench.join("two", change))
            let listener = try await two.listen(to: topic)
            try one.say("before", to: topic)
            try await bench.eventually("the first message") { listener.bodies.count == 1 }
            try bench.server.standStill()
            for number in 0..<1_000 { try one.say("\(number)", to: topic) }
            async let written = one.create(.random(), "x")
            async let read = two.read(.random())
            bench.server.resume()
            #expect(try await written.revision != nil)
            #expect(try await read == .absent)
            try await bench.eventually("everything") { listener.bodies.count == 1_001 }
            #expect(listener.texts.dropFirst() == (0..<1_000).map { "\($0)" }[...])
            #expect(listener.errors.isEmpty)
        }
    }

    @Test("While it stands still the queue fills to its bound, and closing ends in its time")
    func fullQueue() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join("one") {
                $0.queueBytesMax = 8 * 1024 * 1024
                $0.closeWithin = .milliseconds(300)
                // Nothing else ends anything within the time of this test.
                ($0.pingEvery, $0.replyTimeout, $0.callTimeout) = (.minutes(10), .minutes(10), .minutes(10))
            }
            try bench.server.standStill()
            let body = ByteBuffer(repeating: 1, count: 256 * 1024)
            var refused: TransportError?
            for _ in 0..<400 where refused == nil {
                refused = await failure { try one.bus.publish(Envelope(header: ByteBuffer(), body: body), to: topic) }
            }
            #expect(refused?.code == .overloaded && refused?.delivery == .notDelivered, "\(refused as Any)")
            // Others wait for an answer.
            async let call = failure { _ = try await one.read(.random()) }
            let start = NIODeadline.now()
            try await one.cluster.close(on: bench.loop).get()
            print("still: closed after \((NIODeadline.now() - start).nanoseconds / 1_000_000) ms")
            let ended = await call
            #expect([.closed, .interrupted].contains(ended?.code), "\(ended as Any)")
            let deaf = await failure { _ = try await one.listen(to: topic) }
            #expect(deaf?.code == .closed)
        }
    }

    @Test("Calls beyond the bound are refused; those that ended too late are not counted for ever")
    func bound() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join("one") {
                Self.hurry(&$0)
                $0.callsMax = 4
                $0.replyTimeout = .minutes(10)
            }
            try bench.server.standStill()
            let errors = await Self.readAtOnce(one, 20).compactMap { $0 }
            #expect(errors.count == 20)
            #expect(errors.filter { $0.code == .timedOut && $0.delivery == .unknown }.count == 4, "\(errors)")
            #expect(errors.filter { $0.code == .overloaded && $0.delivery == .notDelivered }.count == 16)
            // They have ended here and still wait at the server.
            #expect(await failure { _ = try await one.read(.random()) }?.code == .overloaded)
            bench.server.resume()
            try await bench.eventually("calls are answered") { (try? await one.read(.random())) == .absent }
            for _ in 0..<5 { #expect(await Self.readAtOnce(one, 4).allSatisfy { $0 == nil }) }
        }
    }

    private static func readAtOnce(_ member: RedisMember, _ count: Int) async -> [TransportError?] {
        await withTaskGroup(of: TransportError?.self) { group in
            for _ in 0..<count { group.addTask { await failure { _ = try await member.read(.random()) } } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test("A member that starts while it stands still fails after its time")
    func starting() async throws {
        try await RedisBench.run { bench in
            try bench.server.standStill()
            let text = try await bench.startFailure {
                Self.hurry(&$0)
                $0.startWithin = .milliseconds(700)
            }
            #expect(text?.contains("127.0.0.1:\(bench.server.port)") == true, "\(text ?? "it started")")
            bench.server.resume()
            #expect(try await bench.startFailure() == nil)
        }
    }
}
#endif
