// What is kept of a client's request while its call runs: the body only as long as it may be needed, within a bound.

import NIOCore
import Testing
import TransportAPI

@testable import GatewayCore

@Suite("Bodies of requests") struct RequestBodyTests {
    private let node: TestNode
    private let session: TestSession
    private static let large = String(repeating: "x", count: 40_000)

    init() throws {
        node = try TestNode(parts: { $0.limits.requestBytes = 140_000 })
        session = try node.openSession()
    }

    private func post(_ method: String = "tools/call", id: Int = 2) throws -> (TestCall, ScriptedExchange) {
        let body = Body.request(method, id: id, params: #"{"name":"a","arguments":{"text":"\#(Self.large)"}}"#)
        let call = try node.post(body, session: session.token)
        return (call, try #require(node.lane.last))
    }

    @Test("A call lets go of its body once that was sent, and knows its id all the same")
    func sent() throws {
        let (call, exchange) = try post(id: 77)
        #expect(node.worker.requestBytes > 40_000)
        exchange.take()
        #expect(node.worker.requestBytes == 0)
        #expect(call.exchange?.request.body.readableBytes == 2)
        exchange.fail(.cut)
        #expect(call.text.contains(#""id":77"#))
        #expect(call.text.contains("outcome_unknown"))
        node.expectIdle()
    }

    @Test("A call whose client has left lets go of it too")
    func detached() throws {
        let (call, exchange) = try post()
        call.leave()
        exchange.take()
        #expect(node.worker.requestBytes == 0)
        exchange.answer(Body.result())
        node.expectIdle()
    }

    @Test("A read keeps it until its answer has begun, for it may be sent once more")
    func read() throws {
        let (call, first) = try post("resources/read")
        first.take()
        #expect(node.worker.requestBytes > 40_000)
        first.fail(.cut)
        let second = try #require(node.lane.last)
        #expect(second !== first)
        #expect(second.body == first.body)
        second.answer(Body.result())
        #expect(call.status == 200)
        #expect(node.worker.requestBytes == 0)
        node.expectIdle()
    }

    @Test("Beyond the bound nothing is run, and what runs goes on")
    func bound() throws {
        let running = try (0..<2).map { try post(id: $0) }
        let sent = node.lane.opened.count
        let refused = try post(id: 9).0
        #expect(refused.text.contains("too_many_bytes"))
        #expect(node.lane.opened.count == sent)
        #expect(node.worker.metrics.bodiesRefused == 1)
        for (call, exchange) in running {
            exchange.answer(Body.result(id: 0))
            #expect(call.status == 200)
        }
        #expect(node.worker.requestBytes == 0)
        #expect(try post(id: 10).0.status == nil)
    }

    @Test("A small slice does not keep a large buffer")
    func slack() throws {
        var storage = ByteBufferAllocator().buffer(capacity: 64 * 1024)
        storage.writeString("GET / HTTP/1.1\r\n\r\n")
        #expect(storage.withoutSlack().storageCapacity < 1024)
        #expect(storage.withoutSlack() == storage)
        let small = ByteBuffer(string: "x")
        #expect(small.withoutSlack().storageCapacity == small.storageCapacity)
    }
}

extension ScriptedExchange {
    /// The transport has handed the whole request to the system.
    func take() { receiver?.requestSent() }
}
