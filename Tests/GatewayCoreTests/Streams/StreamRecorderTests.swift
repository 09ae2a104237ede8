// A log that takes its time, and streams that do not wait for it.

import NIOCore
import Testing
import TransportAPI

@testable import GatewayCore

@Suite struct StreamRecorderTests {
    /// Keeps what it is given, each time only when told to.
    private final class SlowLog: StreamLog, @unchecked Sendable {
        let eventBytesMax = 1 << 20
        private(set) var entries: [LogEntry] = []
        private var waiting: [(entries: [LogEntry], after: UInt64, promise: EventLoopPromise<LogAppend>)] = []

        var isAsked: Bool { !waiting.isEmpty }

        func append(
            _ entries: [LogEntry], to stream: Key128, after: UInt64, lifetime: TimeAmount, on loop: any EventLoop
        ) -> EventLoopFuture<LogAppend> {
            let promise = loop.makePromise(of: LogAppend.self)
            waiting.append((entries, after, promise))
            return promise.futureResult
        }

        /// Appends as the contract says: what does not follow begins anew.
        func take() {
            let next = waiting.removeFirst()
            if let top = entries.last?.number, next.after < top { return next.promise.succeed(.stale(top: top)) }
            if entries.last?.number ?? next.after != next.after { entries = [] }
            entries += next.entries
            next.promise.succeed(.appended)
        }

        /// Appends, and the answer is lost. What comes again is answered as the contract says, with what is there.
        func takeUnheard() {
            let next = waiting.removeFirst()
            entries += next.entries
            next.promise.fail(TransportError(.timedOut, .unknown, "no answer"))
        }

        func refuse(_ code: TransportError.Code) {
            waiting.removeFirst().promise.fail(TransportError(code, .unknown, "no"))
        }

        func read(
            _ stream: Key128, after position: UInt64, limit: Int, on loop: any EventLoop
        ) -> EventLoopFuture<LogRead> { loop.makeSucceededFuture(.lost(first: nil)) }

        func remove(_ stream: Key128, on loop: any EventLoop) -> EventLoopFuture<Void> {
            loop.makeSucceededVoidFuture()
        }
    }

    private let log = SlowLog()

    /// A call whose client has left, and the exchange on which its events come.
    private func detached(
        _ limits: @escaping (inout Limits) -> Void = { _ in }
    ) throws -> (TestNode, ScriptedExchange) {
        let log = log
        let cluster = try TestCluster(1, parts: { parts in
            parts.cluster?.log = log
            limits(&parts.limits)
        })
        let node = cluster[0]
        let opening = try node.post(Body.initialize())
        try #require(node.lane.last).answer(Body.initialized(), session: "up")
        cluster.settle()
        let token = try #require(opening.header("Mcp-Session-Id"))
        let call = try node.post(Body.call(id: 6), session: token)
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        call.leave()
        return (node, exchange)
    }

    private func send(_ numbers: ClosedRange<Int>, on exchange: ScriptedExchange) {
        for number in numbers {
            exchange.send(
                event(#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":\#(number)}}"#))
        }
    }

    @Test("A burst comes faster than the log takes it: what the host forgets meanwhile is logged all the same")
    func burst() throws {
        let (node, exchange) = try detached()
        send(1...1_000, on: exchange)
        exchange.send(event(Body.result(id: 6)))
        exchange.end()
        #expect(log.isAsked && node.worker.unloggedBytes > 0)
        while log.isAsked {
            log.take()
            node.runLoops()
        }
        #expect(log.entries.dropLast().count >= 1_001, "1,000 messages and the result")
        #expect(zip(log.entries, log.entries.dropFirst()).allSatisfy { $1.number == $0.number + 1 })
        #expect(log.entries.last?.event.readableBytes == 0, "the mark of the end")
        #expect(node.worker.unloggedBytes == 0)
    }

    @Test("What the log did not take in time it is given again, and what comes meanwhile behind it")
    func again() throws {
        let (node, exchange) = try detached()
        send(1...3, on: exchange)
        for code in [TransportError.Code.timedOut, .interrupted, .unreachable] {
            try #require(log.isAsked)
            log.refuse(code)
            send(4...5, on: exchange)
            node.runLoops()
            #expect(!log.isAsked, "not at once")
            node.loop.advanceTime(by: .seconds(2))
        }
        while log.isAsked {
            log.take()
            node.runLoops()
        }
        #expect(log.entries.count == 9)
        #expect(zip(log.entries, log.entries.dropFirst()).allSatisfy { $1.number == $0.number + 1 })
        #expect(node.worker.unloggedBytes == 0)
    }

    @Test("What was appended without an answer is not appended twice, and what came meanwhile is not forgotten")
    func unheard() throws {
        let (node, exchange) = try detached()
        send(1...3, on: exchange)
        log.take()
        node.runLoops()
        try #require(log.isAsked)
        log.takeUnheard()
        send(4...9, on: exchange)
        node.loop.advanceTime(by: .seconds(2))
        exchange.send(event(Body.result(id: 6)))
        exchange.end()
        #expect(node.worker.awaitedCount == 1, "a drain waits for the log")
        while log.isAsked {
            log.take()
            node.runLoops()
        }
        #expect(log.entries.count == 11)
        #expect(node.worker.metrics.logEvents == 10, "all but the mark of the end, whether or not it was heard")
        #expect(zip(log.entries, log.entries.dropFirst()).allSatisfy { $1.number == $0.number + 1 })
        #expect(node.worker.unloggedBytes == 0)
        #expect(node.worker.awaitedCount == 0)
    }

    @Test("A drain does not wait for a log that takes nothing")
    func drainWithoutLog() throws {
        let (node, exchange) = try detached()
        exchange.send(event(Body.result(id: 6)))
        exchange.end()
        #expect(node.worker.awaitedCount == 1)
        log.refuse(.unreachable)
        node.runLoops()
        #expect(node.worker.awaitedCount == 1, "it may be for a moment")
        node.loop.advanceTime(by: .seconds(2))
        log.refuse(.unreachable)
        node.runLoops()
        #expect(node.worker.awaitedCount == 0)
    }

    @Test("An event that is too large for the log leaves a hole there, and what follows is logged")
    func tooLarge() throws {
        let (node, exchange) = try detached()
        send(1...3, on: exchange)
        let text = String(repeating: "x", count: log.eventBytesMax)
        exchange.send(event(#"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"\#(text)"}}"#))
        send(5...6, on: exchange)
        while log.isAsked {
            log.take()
            node.runLoops()
        }
        #expect(log.entries.count == 2)
        // As the last one it leaves what the log has, without the mark of an end that is not there.
        exchange.send(event(#"{"jsonrpc":"2.0","id":6,"result":{"data":"\#(text)"}}"#))
        exchange.end()
        #expect(!log.isAsked)
        #expect(node.worker.awaitedCount == 0)
        #expect(log.entries.count == 2)
        #expect(log.entries.last.map { String(buffer: $0.event).contains(#""progress":6"#) } == true)
        #expect(node.worker.unloggedBytes == 0)
    }

    @Test("A log that is closed is not asked again")
    func closed() throws {
        let (node, exchange) = try detached()
        send(1...3, on: exchange)
        log.refuse(.closed)
        node.loop.advanceTime(by: .seconds(5))
        send(4...5, on: exchange)
        node.runLoops()
        #expect(!log.isAsked)
        #expect(node.worker.unloggedBytes == 0)
    }

    @Test("What waits for the log is bounded; beyond, the log begins anew behind the hole")
    func bound() throws {
        let (node, exchange) = try detached { $0.unloggedBytes = 20_000 }
        send(1...2_000, on: exchange)
        #expect(node.worker.unloggedBytes < 25_000)
        while log.isAsked {
            log.take()
            node.runLoops()
        }
        let last = try #require(log.entries.last)
        #expect(String(buffer: last.event).contains(#""progress":2000"#))
        #expect(zip(log.entries, log.entries.dropFirst()).allSatisfy { $1.number == $0.number + 1 })
        #expect(log.entries.count < 2_000)
        #expect(node.worker.unloggedBytes == 0)
    }
}
