// One connection on an embedded channel: replies in their order, messages in between, and every way to its end.
#if Redis
import NIOCore
import NIOEmbedded
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: one connection")
struct RedisChannelTests {
    /// A connection, what it has told, and the server's side of it.
    private final class Line {
        let channel = EmbeddedChannel()
        let redis: RedisChannel
        /// What was told, in order.
        var told: [String] = []
        /// Commands are made in this order too.
        private var count = 0

        init(_ change: (inout RedisOptions) -> Void = { _ in }) throws {
            var options = RedisOptions(host: "redis.test", port: 1, secrets: [[1]])
            (options.pingEvery, options.replyTimeout) = (.hours(1), .hours(1))
            change(&options)
            redis = RedisChannel(options: options)
            try channel.pipeline.syncOperations.addHandler(redis)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            redis.ended = { [weak self] in self?.told.append("ended: \($0.code) \($0.delivery)") }
        }

        deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

        /// Asks something, and writes down what it was told.
        func ask(then: @escaping (Line) -> Void = { _ in }) {
            count += 1
            let name = count
            redis.send(RESPCommand("GET", with: ["\(name)"])) { [weak self] result in
                guard let self else { return }
                switch result {
                case .success(let value): told.append("\(name): \(value)")
                case .failure(let error): told.append("\(name): \(error.code) \(error.delivery)")
                }
                then(self)
            }
        }

        func hear() {
            redis.heard = { [weak self] name, message in
                self?.told.append("\(String(buffer: name)) said \(String(buffer: message))")
            }
        }

        func receive(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

        /// What went to the server since the last call.
        func sent() throws -> String {
            var sent = ""
            while let buffer = try channel.readOutbound(as: ByteBuffer.self) { sent += String(buffer: buffer) }
            return sent
        }

        func tick() { channel.embeddedEventLoop.advanceTime(by: .milliseconds(500)) }
    }

    private static func message(_ name: String, _ text: String) -> String {
        "*3\r\n$7\r\nmessage\r\n$\(name.utf8.count)\r\n\(name)\r\n$\(text.utf8.count)\r\n\(text)\r\n"
    }

    @Test("Replies come back in the order of the commands, errors among them")
    func order() throws {
        let line = try Line()
        for _ in 0..<3 { line.ask() }
        try line.receive(":1\r\n-ERR t")
        #expect(line.told == ["1: integer(1)"])
        line.ask()
        try line.receive("wo\r\n+three\r\n")
        try line.receive("$-1\r\n")
        #expect(line.told == ["1: integer(1)", "2: error(\"ERR two\")", "3: status(\"three\")", "4: null"])
        #expect(line.redis.isOpen)
    }

    @Test("Commands wait until they are flushed, and go out as they were written")
    func flushing() throws {
        let line = try Line()
        line.ask()
        line.ask()
        #expect(try line.sent() == "")
        line.redis.flush()
        #expect(try line.sent() == "*2\r\n$3\r\nGET\r\n$1\r\n1\r\n*2\r\n$3\r\nGET\r\n$1\r\n2\r\n")
        // What is asked while replies are read goes out behind them.
        line.ask { $0.ask() }
        line.redis.flush()
        _ = try line.sent()
        try line.receive(":1\r\n:2\r\n:3\r\n")
        #expect(try line.sent() == "*2\r\n$3\r\nGET\r\n$1\r\n4\r\n")
    }

    @Test("Messages come in between replies and are none, whatever stands in them")
    func messages() throws {
        let line = try Line()
        line.hear()
        line.redis.heardAll = { [weak line] in line?.told.append("all") }
        line.ask()
        line.ask()
        let confirmed = "*3\r\n$9\r\nsubscribe\r\n$7\r\nmessage\r\n:1\r\n"
        try line.receive(Self.message("a", "+OK\r\n") + confirmed + Self.message("b", "") + Self.message("a", "2"))
        try line.receive("*2\r\n$4\r\npong\r\n$0\r\n\r\n")
        #expect(line.told.count == 7)
        #expect(line.told.prefix(1) == ["a said +OK\r\n"])
        #expect(line.told.dropFirst(1).first?.hasPrefix("1: array") == true)
        #expect(line.told[2..<5] == ["b said ", "a said 2", "all"])
        #expect(line.told[5].hasPrefix("2: array"))
        #expect(line.redis.isOpen)
    }

    @Test("Where nobody listens, what looks like a message is a reply")
    func noListener() throws {
        let line = try Line()
        line.ask()
        try line.receive(Self.message("a", "b"))
        #expect(line.told.count == 1 && line.told[0].hasPrefix("1: array"))
    }

    @Test("A reply that nobody has asked for ends it, and nothing behind it is heard")
    func unasked() throws {
        let line = try Line()
        line.hear()
        line.ask()
        try line.receive(":1\r\n+OK\r\n" + Self.message("a", "b"))
        #expect(line.told == ["1: integer(1)", "ended: malformed unknown"])
        #expect(!line.redis.isOpen && !line.channel.isActive)
    }

    @Test("What cannot be read ends it; who waits may have been heard")
    func garbage() throws {
        let line = try Line()
        line.ask()
        line.ask()
        try line.receive(":1\r\nHTTP/1.1 400 Bad Request\r\n")
        #expect(line.told == ["1: integer(1)", "2: malformed unknown", "ended: malformed unknown"])
        #expect(!line.redis.isOpen && !line.channel.isActive)
    }

    @Test("When the server closes it or it breaks, all who wait are told that it may have happened")
    func broken() throws {
        struct Broken: Error {}
        let told = ["1: interrupted unknown", "2: interrupted unknown", "ended: interrupted unknown"]
        for breaks in [
            { $0.channel.pipeline.fireChannelInactive() }, { $0.channel.pipeline.fireErrorCaught(Broken()) },
            { $0.channel.close(promise: nil) },
        ] as [(Line) -> Void] {
            let line = try Line()
            line.ask()
            line.ask()
            breaks(line)
            line.channel.embeddedEventLoop.run()
            #expect(line.told == told)
            #expect(!line.redis.isOpen && !line.redis.isWritable)
            #expect(line.redis.end?.message.contains("redis.test:1") == true)
        }
    }

    @Test("Closing tells all who wait, once; later commands were not sent, those of whom is just told too")
    func closing() throws {
        let line = try Line()
        line.ask { $0.ask() }
        line.ask()
        let error = TransportError(.closed, .notDelivered, "enough")
        line.redis.close(error)
        line.redis.close(TransportError(.timedOut, .unknown, "again"))
        line.ask()
        #expect(
            line.told == [
                "1: closed notDelivered", "3: unreachable notDelivered", "2: closed notDelivered",
                "ended: closed notDelivered", "4: unreachable notDelivered",
            ])
        try line.receive(":1\r\n:2\r\n")
        #expect(line.told.count == 5)
        #expect(!line.channel.isActive)
    }

    @Test("Who closes it while told something hears nothing of the rest")
    func closedWithin() throws {
        let line = try Line()
        line.hear()
        line.ask { $0.redis.close(TransportError(.cancelled, .unknown, "enough")) }
        line.ask()
        try line.receive(":1\r\n:2\r\n" + Self.message("a", "b"))
        #expect(line.told == ["1: integer(1)", "2: cancelled unknown", "ended: cancelled unknown"])
    }

    @Test("At its end it lets go of everybody who listened")
    func letsGo() throws {
        final class Listener {}
        let line = try Line()
        weak var listener: Listener?
        do {
            let strong = Listener()
            listener = strong
            line.redis.heard = { _, _ in _ = strong }
            line.redis.heardAll = { _ = strong }
            line.redis.hasRoom = { _ = strong }
            line.redis.ended = { _ in _ = strong }
            line.redis.send(RESPCommand("PING", count: 0)) { _ in _ = strong }
        }
        #expect(listener != nil)
        line.redis.close(TransportError(.closed, .notDelivered, "enough"))
        #expect(listener == nil)
    }

    @Test("Room that comes back is told of")
    func room() throws {
        let line = try Line()
        line.redis.hasRoom = { [weak line] in line?.told.append("room") }
        line.channel.isWritable = false
        line.channel.pipeline.fireChannelWritabilityChanged()
        #expect(line.told == [] && !line.redis.isWritable && line.redis.isOpen)
        line.channel.isWritable = true
        line.channel.pipeline.fireChannelWritabilityChanged()
        #expect(line.told == ["room"] && line.redis.isWritable)
    }

    // MARK: Silence. The clock is the real one, so times are either over at once or never.

    @Test("A reply that is missing for too long ends it")
    func silence() throws {
        let line = try Line { $0.replyTimeout = .zero }
        line.ask()
        #expect(line.redis.isOpen)
        line.tick()
        #expect(line.told == ["1: timedOut unknown", "ended: timedOut unknown"])
        #expect(!line.channel.isActive)
    }

    @Test("Within its time a reply may be missing, and without a question silence is no fault")
    func patience() throws {
        let line = try Line()
        line.ask()
        for _ in 0..<100 { line.tick() }
        #expect(line.told == [] && line.redis.isOpen)
        let quiet = try Line { $0.replyTimeout = .zero }
        for _ in 0..<100 { quiet.tick() }
        #expect(quiet.told == [] && quiet.redis.isOpen)
        #expect(try quiet.sent() == "")
    }

    @Test("A silent server is asked whether it is there, once until it answers")
    func ping() throws {
        let line = try Line { $0.pingEvery = .zero }
        line.tick()
        line.tick()
        #expect(try line.sent() == "*1\r\n$4\r\nPING\r\n")
        try line.receive("+PONG\r\n")
        line.tick()
        #expect(try line.sent() == "*1\r\n$4\r\nPING\r\n")
        #expect(line.told == [] && line.redis.isOpen)
        // It is not there.
        let dead = try Line { ($0.pingEvery, $0.replyTimeout) = (.zero, .zero) }
        dead.tick()
        dead.tick()
        #expect(dead.told == ["ended: timedOut unknown"])
    }
}
#endif
