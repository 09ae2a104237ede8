// Answers that are held whole: within a bound for all, handed over as fast as their clients take them, and none waits
// for ever.

import NIOCore
import Testing
import TransportAPI

@testable import GatewayCore

@Suite("Held answers") struct HeldBudgetTests {
    private let node: TestNode
    private static let part = String(repeating: "y", count: 100_000)

    init() throws {
        node = try TestNode(era: .stateless, parts: {
            $0.limits.heldTotalBytes = 310_000
            $0.waits.slowClient = .seconds(5)
        })
    }

    /// A call whose result is looked at for what to tag.
    private func call(_ id: Int) throws -> (TestCall, ScriptedExchange) {
        let call = try node.postModern("tools/call", id: id, name: "a", members: #""name":"a","#)
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .json)
        return (call, exchange)
    }

    @Test("What one client does not take, does not leave memory at once, and ends with timeouts.write")
    func deafClient() throws {
        let (call, exchange) = try call(1)
        call.setWritable(false)
        call.sink.queuedBytes = 1
        exchange.send(#"{"jsonrpc":"2.0","id":1,"result":{"text":""#)
        for _ in 0..<3 { exchange.send(Self.part) }
        exchange.send(#""}}"#)
        exchange.end()
        #expect(node.worker.heldBudget.bytes > 300_000)
        #expect(call.sink.bytes.isEmpty)
        node.pass(.seconds(7))
        #expect(call.sink.isAborted)
        #expect(node.worker.heldBudget.bytes == 0)
        node.expectIdle()
    }

    @Test("A client that reads on gets all of it, in pieces")
    func slowClient() throws {
        let (call, exchange) = try call(1)
        let text = #"{"jsonrpc":"2.0","id":1,"result":{"text":""# + Self.part + #""}}"#
        call.setWritable(false)
        exchange.send(text)
        exchange.end()
        #expect(call.status == 200)
        #expect(call.sink.bytes.isEmpty)
        call.setWritable(true)
        #expect(call.text == text)
        #expect(call.isEnded)
        node.expectIdle()
    }

    @Test("Beyond the bound instances wait for each other, and all answers come")
    func wait() throws {
        let calls = try (0..<5).map { try call($0) }
        for (_, exchange) in calls { exchange.send(#"{"jsonrpc":"2.0","id":1,"result":{"text":""# + Self.part) }
        let paused = calls.filter { $0.1.isPaused }
        #expect(paused.count == 2)
        #expect(node.worker.heldBudget.waitingCount == 2)
        var left = calls
        while !left.isEmpty {
            let index = try #require(left.firstIndex { !$0.1.isPaused }, "everybody waits")
            let (call, exchange) = left.remove(at: index)
            exchange.send(Self.part + #""}}"#)
            if exchange.isPaused {
                left.append((call, exchange))
                continue
            }
            exchange.end()
            #expect(call.isEnded)
        }
        #expect(node.worker.heldBudget.bytes == 0)
        node.expectIdle()
    }

    @Test("An instance that stops in mid-answer while others wait is given up")
    func stalledInstance() throws {
        let (stalled, first) = try call(1)
        first.send(#"{"jsonrpc":"2.0","id":1,"result":{"text":""# + Self.part + Self.part + Self.part)
        let (waiting, second) = try call(2)
        second.send(#"{"jsonrpc":"2.0","id":2,"result":{"text":""# + Self.part)
        #expect(second.isPaused)
        node.pass(.seconds(12))
        #expect(first.isCancelled)
        #expect(stalled.status == 504)
        #expect(!second.isPaused)
        second.send(#""}}"#)
        second.end()
        #expect(waiting.isEnded)
        node.expectIdle()
    }

    @Test("Events that have not arrived whole count as well")
    func events() throws {
        let bench = try StreamBench(parts: { $0.limits.heldTotalBytes = 150_000 })
        let (_, first) = try bench.call(id: 1)
        let (second, other) = try bench.call(id: 2)
        first.send("data: " + Self.part)
        other.send("data: " + Self.part)
        #expect(other.isPaused)
        first.send("\n\n")
        #expect(!other.isPaused)
        #expect(bench.node.worker.heldBudget.bytes > 100_000)
        other.send("\n\n")
        #expect(second.sink.bytes.count > 100_000)
        #expect(bench.node.worker.heldBudget.bytes == 0)
    }
}
