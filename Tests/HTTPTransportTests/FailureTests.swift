// Failures, each with what is known about delivery: nothing may say `notDelivered` that could have been received.

import NIOCore
import TransportAPI
import Testing

@testable import HTTPTransport

@Suite(.timeLimit(.minutes(1))) struct FailureTests {
    /// The path and the query of an instance's URL may hold a secret.
    private func expectNoSecret(_ outcome: Bench.Outcome, _ sourceLocation: SourceLocation = #_sourceLocation) {
        let text = outcome.error.map { "\($0)" } ?? ""
        #expect(!text.isEmpty && !text.contains("mcp") && !text.contains("a=b"), sourceLocation: sourceLocation)
    }

    private func failure(
        _ reply: InstanceServer.Reply, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Bench.Outcome {
        var found: Bench.Outcome?
        try await Bench.run(reply: { _, _ in reply }) { bench in
            let outcome = try await bench.exchange()
            #expect(!outcome.isEnded, sourceLocation: sourceLocation)
            #expect(outcome.breaches.isEmpty, sourceLocation: sourceLocation)
            expectNoSecret(outcome, sourceLocation)
            #expect(try await bench.counts() == (0, 0), sourceLocation: sourceLocation)
            try await bench.wait { bench.server.openCount == 0 }
            found = outcome
        }
        return try #require(found)
    }

    @Test func saysThatARefusedConnectionDeliveredNothing() async throws {
        try await Bench.run { bench in
            let outcome = try await bench.exchange(instance: 1)
            #expect(outcome.failure == "refused notDelivered")
            #expect(outcome.error?.message.contains("127.0.0.1:1") == true)
            expectNoSecret(outcome)
            let open = try await bench.onLoop { lane in
                let pools = Mirror(reflecting: lane).children.first { $0.label == "pools" }?.value as? [InstancePool]
                return pools?[1].openCount
            }
            #expect(open == 0)
        }
    }

    @Test func saysThatAnUnknownNameDeliveredNothing() async throws {
        try await Bench.run(host: "no-such-host.invalid") { bench in
            let outcome = try await bench.exchange()
            #expect(outcome.failure == "unreachable notDelivered")
            expectNoSecret(outcome)
        }
    }

    @Test func connectsByName() async throws {
        // The name has an address of each family, and the server listens on one of them.
        try await Bench.run(host: "localhost") { bench in
            for _ in 0..<3 {
                let outcome = try await bench.exchange()
                #expect(outcome.text == "ok")
            }
            #expect(bench.server.connectionCount == 1)
        }
    }

    @Test func saysNothingOfDeliveryWhenTheInstanceCloses() async throws {
        #expect(try await failure(.bytesThenClose("")).failure == "interrupted unknown")
        #expect(try await failure(.bytesThenClose("HTTP/1.1 200 OK\r\nContent-Le")).failure == "interrupted unknown")
        #expect(try await failure(.reset).failure == "interrupted unknown")
    }

    @Test func deliversWhatCameBeforeACut() async throws {
        for head in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
            let body = head.hasPrefix("T") ? "4\r\nhalf\r\n" : "half"
            let outcome = try await failure(.bytesThenClose("HTTP/1.1 200 OK\r\n\(head)\r\n\r\n\(body)"))
            #expect(outcome.failure == "interrupted unknown")
            #expect(outcome.status == 200)
            #expect(outcome.text == "half")
        }
        let last = try await failure(.bytesThenClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"))
        #expect(last.failure == "interrupted unknown")
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 99 No\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokX\r\n",
    ])
    func refusesMalformedAnswers(_ answer: String) async throws {
        let outcome = try await failure(.bytes(answer))
        #expect(outcome.failure == "malformed unknown")
    }

    @Test func refusesAHeadThatIsTooLarge() async throws {
        let answer = "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 40_000) + "\r\n\r\n"
        #expect(try await failure(.bytes(answer)).failure == "malformed unknown")
    }

    @Test func failsAtOnceAboveTheCap() async throws {
        var options = HTTPOptions()
        options.connectionsMax = 1
        try await Bench.run(options: options, reply: { _, _ in .silence }) { bench in
            let cancel = try await bench.onLoop { lane in
                let handle = lane.open(
                    ExchangeRequest(verb: .post, lines: ByteBuffer(), body: nil), toInstance: 0, for: Receiver())
                return NIOLoopBound(handle, eventLoop: lane.loop)
            }
            let outcome = try await bench.exchange()
            #expect(outcome.failure == "overloaded notDelivered")
            expectNoSecret(outcome)
            #expect(outcome.failedAtOnce && !outcome.hadHandle)
            try await bench.onLoop { _ in cancel.value?.cancel() }
            #expect(try await bench.counts() == (0, 0))
        }
    }

    @Test func failsAtOnceForAnInstanceThatIsNotThere() async throws {
        try await Bench.run { bench in
            for index in [-1, 3, .max] {
                let outcome = try await bench.exchange(instance: index)
                #expect(outcome.failure == "unreachable notDelivered")
                #expect(outcome.failedAtOnce && !outcome.hadHandle)
            }
        }
    }

    // MARK: The contract of `open`

    @Test func givesNoHandleWhenAConnectionFailsAtOnce() async throws {
        try await Bench.run { bench in
            // Connecting to the broadcast address fails within the call.
            let outcome = try await bench.exchange(instance: 2)
            #expect(outcome.error?.delivery == .notDelivered)
            #expect(outcome.failedAtOnce && !outcome.hadHandle)
        }
    }

    @Test func givesNoHandleWhenAWriteFailsAtOnce() async throws {
        try await Bench.run { bench in
            _ = try await bench.exchange()
            // The instance resets the idle connection while the lane's loop is busy and cannot have seen it.
            let found = try await bench.onLoop { [server = bench.server] lane in
                server.resetAll()
                let receiver = Receiver()
                let request = ExchangeRequest(verb: .get, lines: ByteBuffer(), body: nil)
                let handle = lane.open(request, toInstance: 0, for: receiver)
                return (error: receiver.error, hadHandle: handle != nil)
            }
            #expect(found.error?.code == .interrupted)
            #expect(found.error?.delivery == .unknown)
            #expect(!found.hadHandle)
        }
    }

    @Test func keepsNothingOfAConnectionThatFailed() async throws {
        try await Bench.run { bench in
            let weakHandle = try await bench.onLoop { lane in NIOLoopBound(WeakHandle(), eventLoop: lane.loop) }
            let outcome = try await bench.exchange(instance: 1) { _, handle in weakHandle.value.handle = handle }
            #expect(outcome.failure == "refused notDelivered")
            // The channel is taken apart in the next rounds of its loop.
            for _ in 0..<10 { try await bench.loop.submit {}.get() }
            #expect(try await bench.onLoop { _ in weakHandle.value.handle == nil })
        }
    }

    private final class WeakHandle { weak var handle: (any ExchangeHandle)? }
}
