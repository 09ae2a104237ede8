// Each of a member's three connections is cut by the server, while it is used.
#if Redis
import NIOCore
import NIOPosix
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: connections that break", .serialized, .timeLimit(.minutes(1)))
struct ConnectionLossTests {
    private let topic = Subject.topic("loss")

    @Test("A bus connection is cut: subscriptions are interrupted, and anew all works", arguments: ["publish", "hear"])
    func bus(_ role: String) async throws {
        try await RedisBench.run { bench in
            let (one, two) = (try await bench.join("one"), try await bench.join("two"))
            let untouched = try await one.listen(to: topic)
            let connections = try bench.server.count("connected_clients")
            for round in 0..<5 {
                let listeners = [try await two.listen(to: topic), try await two.listen(to: .inbox(two.id))]
                try one.say("\(round)", to: topic)
                try await bench.eventually("it is heard") { listeners[0].texts == ["\(round)"] }
                #expect(try bench.server.disconnect("patchbay-two-\(role)") == 1)
                try await bench.eventually("subscriptions end") { listeners.allSatisfy { !$0.errors.isEmpty } }
                for listener in listeners { #expect(listener.errors.map(\.code) == [.interrupted]) }
                try await bench.converse(one, two, on: topic)
                try await bench.converse(two, one, on: .topic("back"))
                try await bench.eventually("as many connections as before") {
                    try bench.server.count("connected_clients") == connections
                }
            }
            // It hears whoever broke away too, and has missed nothing of who did not.
            let rounds = untouched.texts.filter { $0 != "hello" }
            #expect(untouched.errors.isEmpty && rounds == (0..<5).map { "\($0)" })
        }
    }

    @Test("While connections are cut what is heard stays in order, and nothing is heard twice")
    func stream() async throws {
        try await RedisBench.run { bench in
            let (one, two) = (try await bench.join("one"), try await bench.join("two"))
            let connections = try bench.server.count("connected_clients")
            var runs: [RedisListener] = []
            var number = 0
            let say = {
                number += 1
                try? one.say("\(number)", to: topic)
            }
            /// Until one of these numbers or a later one is heard, with as many subscriptions as it takes.
            func hear(from first: Int) async throws {
                try await bench.eventually("\(first) is heard") {
                    if runs.last?.errors.isEmpty != true {
                        if let next = try? await two.listen(to: topic) { runs.append(next) }
                    }
                    say()
                    return runs.last?.texts.last.flatMap { Int($0) } ?? 0 >= first
                }
            }
            for role in ["one-publish", "two-hear", "two-publish", "one-hear", "two-hear", "one-publish"] {
                try await hear(from: number + 1)
                for _ in 0..<200 { say() }
                let cut = Task.detached { try bench.server.disconnect("patchbay-\(role)") }
                for turn in 0..<400 {
                    say()
                    if turn % 10 == 0 { await Task.yield() }
                }
                #expect(try await cut.value == 1)
            }
            try await hear(from: number + 1)
            let numbers = runs.flatMap(\.texts).compactMap { Int($0) }
            print("cut connections: \(runs.count) subscriptions heard \(numbers.count) of \(number)")
            for (number, next) in zip(numbers, numbers.dropFirst()) { #expect(next > number) }
            #expect(runs.dropLast().allSatisfy { $0.errors.map(\.code) == [.interrupted] })
            try await bench.eventually("as many connections as before") {
                try bench.server.count("connected_clients") == connections
            }
        }
    }

    private enum Outcome {
        case written
        case failed(TransportError)
    }

    /// Keeps the server busy, so that what arrives meanwhile is looked at together. By the processor's time: that of
    /// `TIME` stands still in a script of Valkey's.
    private static let busy = "local start = os.clock() repeat until os.clock() - start > 0.02"

    @Test("Calls while the store's connection is cut succeed, or say whether they may have happened")
    func store() async throws {
        try await RedisBench.run { bench in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let one = try await bench.join("one", on: group)
            let (first, second) = (try await Stranger(at: bench), try await Stranger(at: bench))
            let connections = try bench.server.count("connected_clients")
            var outcomes: [(key: Key128, outcome: Outcome)] = []
            var (rounds, isCut) = (0, false)
            while rounds < 15 || !isCut && rounds < 200 {
                rounds += 1
                var found: [String] = []
                try await bench.eventually("it is connected") {
                    found = try bench.server.connections("patchbay-one-store")
                    return found.count == 1
                }
                let connection = found[0]
                async let busy = first.ask("EVAL", Self.busy, "0")
                let calls = try await bench.loop.submit {
                    (0..<8).map { _ in
                        let key = Key128.random()
                        let value = ByteBuffer(string: "x")
                        return (key, one.directory.create(key, value, lifetime: .minutes(10), on: bench.loop))
                    }
                }.get()
                // They have left. The server does some of them before it cuts, without telling.
                try await group.next().submit {}.get()
                _ = try await second.ask("CLIENT", "KILL", "ID", connection)
                for (key, call) in calls {
                    let error = await failure {
                        let revision = try await call.get().revision
                        #expect(revision != nil)
                    }
                    outcomes.append((key, error.map { .failed($0) } ?? .written))
                    if error?.delivery == .unknown, try await one.read(key).text != nil { isCut = true }
                }
                _ = try await busy
            }
            try await judge(outcomes, one)
            // The bus has noticed nothing.
            try await bench.eventually("as many connections as before") {
                try bench.server.count("connected_clients") == connections
            }
            for stranger in [first, second] { try await stranger.close() }
            try await one.cluster.close(on: bench.loop).get()
            try await group.shutdownGracefully()
        }
    }

    private func judge(_ outcomes: [(key: Key128, outcome: Outcome)], _ member: RedisMember) async throws {
        var counts: [String: Int] = [:]
        for (key, outcome) in outcomes {
            let text = try await member.read(key).text
            switch outcome {
            case .written:
                #expect(text == "x")
                counts["written", default: 0] += 1
            case .failed(let error):
                if error.delivery == .notDelivered { #expect(text == nil, "\(error)") }
                #expect([.interrupted, .unreachable].contains(error.code), "\(error)")
                counts["\(error.code) \(error.delivery), \(text == nil ? "absent" : "there")", default: 0] += 1
            }
        }
        print("cut store: \(counts)")
        #expect(counts["interrupted unknown, there"] ?? 0 > 0, "none of the calls was cut in the middle: \(counts)")
    }

    @Test("A server that is away for a while: calls fail within their time, publishing at once, and all works again")
    func away() async throws {
        try await RedisBench.run { $0.persistence = .always } _: { bench in
            let one = try await bench.join("one") { ($0.callTimeout, $0.callsMax) = (.seconds(1), 4) }
            let key = Key128.random()
            #expect(try await one.create(key, "record").revision != nil)
            let listener = try await one.listen(to: topic)
            bench.server.kill()
            try await bench.eventually("the subscription ends") { !listener.errors.isEmpty }
            #expect(listener.errors.map(\.code) == [.interrupted])
            // More than the bound: those that have failed are not counted for ever.
            for _ in 0..<6 {
                let start = NIODeadline.now()
                let error = await failure { _ = try await one.read(key) }
                print("away: \(error?.code as Any) after \((NIODeadline.now() - start).nanoseconds / 1_000_000) ms")
                #expect([.unreachable, .interrupted].contains(error?.code), "\(error as Any)")
                let refused = await failure { try one.say("x", to: topic) }
                #expect(refused?.code == .unreachable && refused?.delivery == .notDelivered, "\(refused as Any)")
                let deaf = await failure { _ = try await one.listen(to: topic) }
                #expect(deaf?.code == .interrupted, "\(deaf as Any)")
            }
            try bench.server.start()
            try await bench.eventually("the record is read") { (try? await one.read(key).text) == "record" }
            try await bench.converse(one, one, on: topic)
            #expect(try bench.server.count("connected_clients") == 3 + 1)
        }
    }
}
#endif
