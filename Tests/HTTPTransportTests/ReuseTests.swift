// Which connections carry another exchange, and which do not.

import NIOCore
import TransportAPI
import Testing

@testable import HTTPTransport

@Suite(.timeLimit(.minutes(1))) struct ReuseTests {
    @Test func usesAConnectionAgain() async throws {
        try await Bench.run { bench in
            for _ in 0..<5 {
                let outcome = try await bench.exchange()
                #expect(outcome.text == "ok")
                #expect(outcome.breaches.isEmpty)
            }
            #expect(bench.server.connectionCount == 1)
            #expect(try await bench.counts() == (1, 1))
        }
    }

    @Test func opensAsManyAsRunAtOnce() async throws {
        try await Bench.run { bench in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for _ in 0..<10 { 
                    tasks.addTask {
                        let outcome = try await bench.exchange()
                        #expect(outcome.text == "ok")
                    }
                }
                try await tasks.waitForAll()
            }
            #expect(bench.server.connectionCount <= 10)
            let counts = try await bench.counts()
            #expect(counts.open == counts.idle)
        }
    }

    @Test func doesNotUseAnOldConnection() async throws {
        try await Bench.run { bench in
            let start = NIODeadline.now()
            try await bench.onLoop { $0.tick(now: start) }
            _ = try await bench.exchange()
            try await bench.onLoop { $0.tick(now: start + .milliseconds(3900)) }
            _ = try await bench.exchange()
            #expect(bench.server.connectionCount == 1)
            try await bench.onLoop { $0.tick(now: start + .milliseconds(7900)) }
            #expect(try await bench.counts() == (0, 0))
            _ = try await bench.exchange()
            #expect(bench.server.connectionCount == 2)
        }
    }

    @Test(arguments: [("timeout=0", 2), ("timeout=1", 2), ("timeout=5, max=100", 2), ("timeout=60", 1), ("max=5", 2)])
    func heedsAnAnnouncedTimeout(_ value: String, _ connections: Int) async throws {
        try await Bench.run(reply: { _, _ in .bytes(Bench.ok("ok", "Keep-Alive: \(value)\r\n")) }) { bench in
            _ = try await bench.exchange()
            try await bench.onLoop { $0.tick(now: .now() + .seconds(6)) }
            _ = try await bench.exchange()
            #expect(bench.server.connectionCount == connections)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore",
        "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nmore",
        // A body is announced where there is none: its bytes may come later, and would be taken for another answer.
        "HTTP/1.1 204 No Content\r\nContent-Length: 38\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 38\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nContent-Length: 38\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 102 x\r\nConnection: close\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    ])
    func doesNotUseAConnectionThatEnds(_ answer: String) async throws {
        try await Bench.run(reply: { _, _ in .bytes(answer) }) { bench in
            for expected in 1...3 {
                let outcome = try await bench.exchange()
                #expect(outcome.isEnded)
                #expect(outcome.breaches.isEmpty)
                #expect(bench.server.connectionCount == expected)
            }
            #expect(try await bench.counts() == (0, 0))
        }
    }

    @Test func usesAnHTTP10ConnectionThatIsKept() async throws {
        let answer = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"
        try await Bench.run(reply: { _, _ in .bytes(answer) }) { bench in
            for _ in 0..<2 {
                let outcome = try await bench.exchange()
                #expect(outcome.text == "ok")
            }
            #expect(bench.server.connectionCount == 1)
        }
    }

    @Test func closesAConnectionThatSpeaksUnasked() async throws {
        try await Bench.run { bench in
            _ = try await bench.exchange()
            try await bench.server.say(Bench.ok("smuggled"), on: 1)
            try await bench.wait { bench.server.openCount == 0 }
            #expect(try await bench.counts() == (0, 0))
            #expect(try await bench.exchange().text == "ok")
            #expect(bench.server.connectionCount == 2)
        }
    }

    @Test func forgetsAnIdleConnectionThatCloses() async throws {
        try await Bench.run { bench in
            _ = try await bench.exchange()
            try await bench.server.close(1)
            try await bench.wait { try await bench.counts() == (0, 0) }
            #expect(try await bench.exchange().text == "ok")
        }
    }

    @Test func keepsOnlySoManyIdleOnes() async throws {
        var options = HTTPOptions()
        options.idleConnectionsMax = 2
        try await Bench.run(options: options) { bench in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for _ in 0..<8 { tasks.addTask { _ = try await bench.exchange() } }
                try await tasks.waitForAll()
            }
            let counts = try await bench.counts()
            #expect(counts.idle <= 2)
            #expect(counts.open == counts.idle)
        }
    }

    @Test func closesIdleConnectionsAtItsEnd() async throws {
        try await Bench.run { bench in
            _ = try await bench.exchange()
            try await bench.onLoop { $0.close() }
            #expect(try await bench.counts() == (0, 0))
            try await bench.wait { bench.server.openCount == 0 }
        }
    }

    @Test func bearsAnExchangeThatIsOpenedAtTheEndOfAnother() async throws {
        try await Bench.run(reply: { number, _ in .bytes(Bench.ok("answer \(number)")) }) { bench in
            let texts = try await bench.loop.flatSubmit { [lane = bench.lane, loop = bench.loop] in
                let promise = loop.makePromise(of: [String].self)
                let (first, second) = (Receiver(), Receiver())
                let request = ExchangeRequest(verb: .post, lines: ByteBuffer(), body: ByteBuffer(string: "{}"))
                first.whenOver = { _ = lane.value.open(request, toInstance: 0, for: second) }
                second.whenOver = {
                    promise.succeed([first.text, second.text] + first.breaches + second.breaches)
                    first.whenOver = nil
                    second.whenOver = nil
                }
                _ = lane.value.open(request, toInstance: 0, for: first)
                return promise.futureResult
            }.get()
            #expect(texts == ["answer 1", "answer 2"])
            #expect(bench.server.connectionCount == 1)
        }
    }

    @Test func doesNotUseAConnectionWhoseRequestIsStillUnderWay() async throws {
        let big = String(repeating: "x", count: 8_000_000)
        try await Bench.run(answersHeads: true, reply: { _, _ in .bytes(Bench.ok("early")) }) { bench in
            let outcome = try await bench.exchange(body: big)
            #expect(outcome.text == "early")
            #expect(outcome.breaches.isEmpty)
            #expect(try await bench.counts() == (0, 0))
        }
    }
}
