// Messages of the gateway's own: few at once to one instance, the others in turn, none lost but beyond a bound that is
// counted.

import NIOCore
import Testing
import TransportAPI

@testable import GatewayCore

@Suite("Own messages") struct OwnMessagesTests {
    private let node: TestNode

    init() throws {
        node = try TestNode(parts: {
            $0.limits.ownMessages = 40
            $0.limits.ownMessagesAtOnce = 3
        })
    }

    private func send(_ count: Int, instance: Int = 0, _ done: @escaping () -> Void = {}) {
        for _ in 0..<count {
            let request = ExchangeRequest(verb: .delete, lines: ByteBuffer(), body: nil)
            node.worker.sendOwn(request, node.upstream, node.instances[instance]) { _ in done() }
        }
    }

    @Test("One instance gets few at once, another is not held up by it")
    func inTurn() throws {
        var done = 0
        send(6) { done += 1 }
        send(1, instance: 1) { done += 1 }
        #expect(node.lane.running.count == 4)
        while let next = node.lane.running.first { next.accept() }
        #expect(done == 7)
        #expect(node.worker.ownMessages.count == 0)
    }

    @Test("Beyond the bound they are counted")
    func bound() {
        send(12)
        #expect(node.worker.ownMessages.count == 10)
        #expect(node.worker.metrics.ownDropped == 2)
        // Another instance has room all the same.
        send(1, instance: 1)
        #expect(node.worker.metrics.ownDropped == 2)
        while let next = node.lane.running.first { next.accept() }
        #expect(node.worker.ownMessages.count == 0)
    }

    @Test("An instance that fails at once, and one that never answers, are got over")
    func failures() {
        node.lane.failsAtOnce[0] = .refused
        var done = 0
        send(5) { done += 1 }
        #expect(done == 5)
        send(5, instance: 1) { done += 1 }
        node.pass(.seconds(20))
        #expect(done == 10)
        #expect(node.worker.ownMessages.count == 0)
    }
}
