// Somebody with the right to use the server and without the secret speaks on our channels: he can repeat and garble
// what he has heard, and is never heard himself.
#if Redis
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: strangers on channels", .serialized, .timeLimit(.minutes(1)))
struct RedisStrangerTests {
    private let topic = Subject.topic("hostile")

    /// Records everything on all channels that somebody hears now.
    private func record(_ bench: RedisBench) async throws -> Stranger {
        let stranger = try await Stranger(at: bench)
        try await stranger.listen(to: try bench.server.lines("PUBSUB", "CHANNELS", "patchbay:*"))
        return stranger
    }

    @Test("What was recorded and is said again is not heard again, neither by who heard it nor by who comes later")
    func replay() async throws {
        try await RedisBench.run { bench in
            let (one, two) = (try await bench.join("one"), try await bench.join("two"))
            let subjects = [topic, .everyone, .inbox(two.id)]
            var listeners: [RedisListener] = []
            for subject in subjects { listeners.append(try await two.listen(to: subject)) }
            let stranger = try await record(bench)
            for number in 0..<20 { for subject in subjects { try one.say("\(number)", to: subject) } }
            try await bench.eventually("everything") { listeners.allSatisfy { $0.bodies.count == 20 } }
            try await bench.eventually("the stranger has it too") { stranger.recording.count >= 60 }
            try await stranger.stop()
            let recording = stranger.recording
            #expect(Set(recording.map(\.channel)).count >= 4, "three places and a desk")
            for message in recording { stranger.say(message.bytes, on: message.channel) }
            for message in recording.reversed() { stranger.say(message.bytes, on: message.channel) }
            try await stranger.flush()
            // A later one hears a part of the recording first.
            let three = try await bench.join("three") { $0.contactTimeout = .milliseconds(300) }
            let late = try await three.listen(to: topic)
            for message in recording.prefix(30) { stranger.say(message.bytes, on: message.channel) }
            try await stranger.flush()
            for subject in subjects { try one.say("end", to: subject) }
            try await bench.eventually("the end") { listeners.allSatisfy { $0.texts.last == "end" } }
            for listener in listeners {
                #expect(listener.texts == (0..<20).map { "\($0)" } + ["end"])
                #expect(listener.errors.isEmpty)
            }
            try await bench.eventually("the later one is told") { !late.errors.isEmpty || !late.bodies.isEmpty }
            #expect(late.texts.isEmpty || late.texts == ["end"])
            try await stranger.close()
        }
    }

    @Test("Changed bytes, cut ones, other channels and random ones change nothing")
    func garbled() async throws {
        try await RedisBench.run { bench in
            let (one, two) = (try await bench.join("one"), try await bench.join("two"))
            let listener = try await two.listen(to: topic)
            let stranger = try await record(bench)
            try one.say("first", to: topic)
            try await bench.eventually("the first") { listener.bodies.count == 1 }
            try await bench.eventually("the recording") { stranger.recording.count > 1 }
            try await stranger.stop()
            let channels = try bench.server.lines("PUBSUB", "CHANNELS")
            var numbers = SystemRandomNumberGenerator()
            for message in stranger.recording {
                for index in message.bytes.indices {
                    var changed = message.bytes
                    changed[index] ^= 0x40
                    stranger.say(changed, on: message.channel)
                    stranger.say(Array(message.bytes[..<index]), on: message.channel)
                }
                stranger.say(message.bytes + message.bytes, on: message.channel)
                for channel in channels where channel != message.channel { stranger.say(message.bytes, on: channel) }
                for count in [0, 1, 200, 1_000_000] {
                    stranger.say((0..<count).map { _ in .random(in: 0...255, using: &numbers) }, on: message.channel)
                }
            }
            try await stranger.flush()
            try one.say("last", to: topic)
            try await bench.eventually("the last") { listener.bodies.count == 2 || !listener.errors.isEmpty }
            #expect(listener.texts == ["first", "last"])
            #expect(listener.errors.isEmpty)
            try await stranger.close()
        }
    }

    @Test("A cluster with another secret at the same prefix is not heard, and does not hear")
    func otherSecret() async throws {
        try await RedisBench.run { bench in
            let one = try await bench.join("one")
            let stranger = try await bench.join("stranger") { $0.secrets = [Array(repeating: 9, count: 32)] }
            let (listener, foreign) = (try await one.listen(to: .everyone), try await stranger.listen(to: .everyone))
            for number in 0..<20 {
                try stranger.say("foreign \(number)", to: .everyone)
                try one.say("\(number)", to: .everyone)
            }
            try await bench.eventually("each hears itself") {
                listener.bodies.count >= 20 && foreign.bodies.count >= 20
            }
            #expect(listener.texts == (0..<20).map { "\($0)" } && listener.errors.isEmpty)
            #expect(foreign.texts == (0..<20).map { "foreign \($0)" } && foreign.errors.isEmpty)
        }
    }

    @Test("While a secret is rotated members with the old one and with both hear each other")
    func rotation() async throws {
        try await RedisBench.run { bench in
            let (old, new) = (Array(repeating: UInt8(3), count: 32), Array(repeating: UInt8(4), count: 32))
            let one = try await bench.join("one") { $0.secrets = [old, new] }
            let two = try await bench.join("two") { $0.secrets = [new, old] }
            try await bench.converse(one, two, on: .everyone)
            try await bench.converse(two, one, on: .inbox(one.id))
            let key = Key128.random()
            #expect(try await one.create(key, "record").revision != nil)
            #expect(try await two.read(key).text == "record")
            #expect(try await two.append([entry(1)], to: key, after: 0) == .appended)
            #expect(try await one.read(key, after: 0) == .page([entry(1)]))
        }
    }
}
#endif
