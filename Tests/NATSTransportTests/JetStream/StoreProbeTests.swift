// What the start says of a server that cannot keep records and logs.
#if NATS
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import NATSTransport

@Suite("JetStream: start", .timeLimit(.minutes(1)))
struct StoreProbeTests {
    private func expect(_ text: String?, says words: String...) {
        for word in words { #expect(text?.contains(word) == true, "\(word) in: \(text ?? "no failure")") }
    }

    @Test("A second start finds its streams and takes them")
    func again() async throws {
        let server = try NATSServer()
        #expect(try await KeptBench(server).startFailure() == nil)
        #expect(try await KeptBench(server).startFailure() == nil)
    }

    /// The server shows a stream that it is about to make before it takes messages for it.
    @Test("Many that start at once, at a server that has nothing yet, all start")
    func together() async throws {
        for _ in 1...3 {
            let server = try NATSServer()
            let failures = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 1...8 { group.addTask { try await KeptBench(server).startFailure() } }
                return try await group.reduce(into: [String]()) { if let failure = $1 { $0.append(failure) } }
            }
            #expect(failures.isEmpty)
        }
    }

    @Test("A stream that takes no messages yet is waited for, and not for ever")
    func served() async throws {
        let server = try NATSServer()
        try await KeptBench(server).run { bench in
            let jetStream = try bench.store.jetStream("test")
            var plan = bench.store.logs
            plan.name = "later"
            plan.subject = "later.probe"
            let soon = NIODeadline.now() + .seconds(30)
            let failure = #expect(throws: JetStreamFailure.self) {
                try bench.store.whenServed(by: .now() + .milliseconds(50)) { () throws(JetStreamFailure) in
                    try jetStream.publish([], to: "later.probe", in: plan.name, after: nil, by: soon)
                }
            }
            #expect(failure?.error("test").description.contains("no NATS server serves the stream") == true)
            var attempts = 0
            let written = try bench.store.whenServed(by: soon) { () throws(JetStreamFailure) in
                attempts += 1
                if attempts == 3 { _ = try jetStream.make(plan, by: soon) }
                return try jetStream.publish([], to: "later.probe", in: plan.name, after: nil, by: soon)
            }
            #expect(written == .stored(1) && attempts == 3)
        }
    }

    @Test("Without JetStream the start fails and says what to do")
    func off() async throws {
        var settings = NATSServer.Settings()
        settings.hasJetStream = false
        expect(try await KeptBench(NATSServer(settings)).startFailure(), says: "JetStream is off", "-js")
    }

    @Test("A bucket with other settings is reported and left as it is")
    func otherSettings() async throws {
        let server = try NATSServer()
        #expect(try await KeptBench(server) { $0.recordLifetimeMax = .seconds(60) }.startFailure() == nil)
        for _ in 0..<2 {
            expect(
                try await KeptBench(server) { $0.recordLifetimeMax = .hours(1) }.startFailure(),
                says: "KV_patchbay-sessions", "max_age is 60 s, below 3600 s", "left as it is")
        }
        #expect(try await KeptBench(server) { $0.recordLifetimeMax = .seconds(60) }.startFailure() == nil)
    }

    @Test("A name that another stream has taken is reported")
    func taken() async throws {
        let server = try NATSServer()
        #expect(try await KeptBench(server) { $0.prefix = "other"; $0.logStream = "taken" }.startFailure() == nil)
        expect(
            try await KeptBench(server) { $0.logStream = "taken" }.startFailure(),
            says: "its subjects are other.log.* and not patchbay.log.*")
    }

    @Test("A user without the rights is told which call failed and what the server said")
    func rights() async throws {
        var settings = NATSServer.Settings()
        settings.lines = """
            authorization { users: [ { user: a, password: b, permissions: {
                publish: { deny: ["$JS.API.STREAM.CREATE.>"] }, subscribe: ">" } } ] }
            """
        let text = try await KeptBench(NATSServer(settings)) {
            $0.user = "a"
            $0.password = "b"
            $0.startWithin = .seconds(3)
        }.startFailure()
        expect(text, says: "KV_patchbay-sessions", "$JS.API.STREAM.CREATE", "Permissions Violation")
    }

    @Test("A user with the rights that are needed and no others can do everything")
    func leastRights() async throws {
        var settings = NATSServer.Settings()
        settings.lines = """
            authorization { users: [ { user: a, password: b, permissions: {
                publish: [ "$JS.API.INFO", "$KV.patchbay-sessions.>", "patchbay.log.*",
                    "$JS.API.STREAM.INFO.KV_patchbay-sessions", "$JS.API.STREAM.INFO.patchbay-streams",
                    "$JS.API.STREAM.CREATE.KV_patchbay-sessions", "$JS.API.STREAM.CREATE.patchbay-streams",
                    "$JS.API.STREAM.MSG.GET.KV_patchbay-sessions", "$JS.API.STREAM.MSG.GET.patchbay-streams",
                    "$JS.API.STREAM.PURGE.patchbay-streams" ],
                subscribe: "_INBOX.>" } } ] }
            """
        let bench = KeptBench(try NATSServer(settings)) {
            $0.user = "a"
            $0.password = "b"
            $0.logEntriesMax = 20
        }
        try await bench.run { bench in
            let key = Key128.random()
            let value = ByteBuffer(string: "value")
            guard case .written(let revision) = try await bench.create(key, value) else {
                Issue.record("not created")
                return
            }
            #expect(try await bench.read(key) == .found(DirectoryRecord(value: value, revision: revision)))
            // Beyond what is kept, so that it is cut off too.
            for number: UInt64 in 1...50 {
                #expect(try await bench.append([entry(number)], to: key, after: number - 1) == .appended)
            }
            #expect(try await bench.read(key, after: 49) == .page([entry(50)]))
            let loop = bench.loop
            try await loop.flatSubmit { bench.log.remove(key, on: loop) }.get()
            #expect(try await bench.read(key, after: 49) == .lost(first: nil))
            let incarnation = try await loop.flatSubmit { bench.directory.incarnation(on: loop) }.get()
            #expect(incarnation != nil)
        }
    }

    @Test("A server without room for the streams is told of")
    func noRoom() async throws {
        let server = try NATSServer()
        let text = try await KeptBench(server) { $0.bucketBytesMax = 1 << 40 }.startFailure()
        expect(text, says: "KV_patchbay-sessions", "10047", "room")
    }

    @Test("A server that takes small messages only is told of")
    func smallMessages() async throws {
        var settings = NATSServer.Settings()
        settings.lines = "max_payload: 65536"
        expect(try await KeptBench(NATSServer(settings)).startFailure(), says: "max_payload")
    }
}

#endif
