// Somebody with the right to use the server and without the secret: he can repeat and garble what he has seen, and is
// never heard.
#if NATS
import CNATS
import NIOCore
import Synchronization
import TestSupport
import Testing
import TransportAPI

@testable import NATSTransport

@Suite("NATS: strangers at the server", .timeLimit(.minutes(1)))
struct BusHostileTests {
    /// Hears everything at the server, and says it again.
    private final class Recorder: Sendable {
        private let session: NATSSession
        private let heard = Mutex<[(subject: String, bytes: [UInt8])]>([])
        private let subscription = Mutex<LibrarySubscription?>(nil)

        init(_ url: String) throws {
            let options = NATSOptions(urls: [url], secrets: [])
            session = try NATSDial(options: options, name: "stranger").connect(to: url) { _, _ in }
            let room = LibrarySubscription.Room(messages: 100_000, bytes: 1 << 30)
            let made = try LibrarySubscription(to: "patchbay.>", session, room) { [weak self] message in
                guard let name = natsMsg_GetSubject(message), let start = natsMsg_GetData(message) else { return }
                let bytes = UnsafeRawBufferPointer(start: start, count: Int(natsMsg_GetDataLength(message)))
                self?.heard.withLock { $0.append((String(cString: name), Array(bytes))) }
            }
            subscription.withLock { $0 = made }
            flush()
        }

        var recording: [(subject: String, bytes: [UInt8])] { heard.withLock { $0 } }

        func stop() { subscription.withLock { $0 = nil } }

        func say(_ bytes: [UInt8], to subject: String) {
            _ = bytes.withUnsafeBytes {
                natsConnection_Publish(session.handle, subject, $0.baseAddress, Int32($0.count))
            }
        }

        func flush() { natsConnection_FlushTimeout(session.handle, 5_000) }
    }

    private let topic = Subject.topic("hostile")

    @Test("What was recorded and is said again is not heard again, neither by who heard it nor by who comes later")
    func replay() async throws {
        try await BusBench().run { bench in
            let recorder = try Recorder(bench.server.url)
            let (one, two) = (try await bench.join(), try await bench.join())
            let listeners = [
                try await bench.listen(two, to: topic), try await bench.listen(two, to: .everyone),
                try await bench.listen(two, to: .inbox(two.id)),
            ]
            for number in 0..<20 {
                for subject in [topic, .everyone, .inbox(two.id)] { try one.bus.say("\(number)", to: subject) }
            }
            try await bench.eventually("everything") { listeners.allSatisfy { $0.bodies.count == 20 } }
            try await bench.eventually("the recorder has it too") { recorder.recording.count >= 60 }
            recorder.stop()
            let recording = recorder.recording
            for message in recording { recorder.say(message.bytes, to: message.subject) }
            recorder.flush()
            // A later one hears a part of the recording first.
            let three = try await bench.join { $0.contactTimeout = .milliseconds(300) }
            let late = try await bench.listen(three, to: topic)
            for message in recording.prefix(30) { recorder.say(message.bytes, to: message.subject) }
            recorder.flush()
            for subject in [topic, .everyone, .inbox(two.id)] { try one.bus.say("end", to: subject) }
            try await bench.eventually("the end") { listeners.allSatisfy { $0.texts.last == "end" } }
            for listener in listeners {
                #expect(listener.texts == (0..<20).map { "\($0)" } + ["end"])
                #expect(listener.errors.isEmpty)
            }
            try await bench.eventually("the later one is told") { !late.errors.isEmpty || !late.bodies.isEmpty }
            #expect(late.texts.isEmpty || late.texts == ["end"])
        }
    }

    @Test("Changed bytes, cut ones, other places and random ones change nothing")
    func garbled() async throws {
        try await BusBench().run { bench in
            let recorder = try Recorder(bench.server.url)
            let (one, two) = (try await bench.join(), try await bench.join())
            let listener = try await bench.listen(two, to: topic)
            try one.bus.say("first", to: topic)
            try await bench.eventually("the first") { listener.bodies.count == 1 }
            try await bench.eventually("the recording") { !recorder.recording.isEmpty }
            recorder.stop()
            var numbers = SystemRandomNumberGenerator()
            for message in recorder.recording {
                for index in message.bytes.indices {
                    var changed = message.bytes
                    changed[index] ^= 0x40
                    recorder.say(changed, to: message.subject)
                    recorder.say(Array(message.bytes[..<index]), to: message.subject)
                }
                recorder.say(message.bytes, to: "patchbay.all")
                let random = (0..<200).map { _ in UInt8.random(in: 0...255, using: &numbers) }
                recorder.say(random, to: message.subject)
                recorder.say([], to: message.subject)
            }
            recorder.flush()
            try one.bus.say("last", to: topic)
            try await bench.eventually("the last") { listener.bodies.count == 2 || !listener.errors.isEmpty }
            #expect(listener.texts == ["first", "last"])
            #expect(listener.errors.isEmpty)
        }
    }
}

#endif
