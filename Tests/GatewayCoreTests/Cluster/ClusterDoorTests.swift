// How a node keeps its place on a bus that breaks: both subscriptions or none, made anew until they stand.

import NIOCore
import Testing
import TransportAPI

@testable import GatewayCore

@Suite struct ClusterDoorTests {
    /// A bus whose subscriptions fail when told to.
    private final class FailingBus: MessageBus, @unchecked Sendable {
        final class Running: Subscription, @unchecked Sendable {
            unowned let bus: FailingBus
            let receiver: any EnvelopeReceiver
            init(_ bus: FailingBus, _ receiver: any EnvelopeReceiver) {
                self.bus = bus
                self.receiver = receiver
            }
            var isOver = false
            func end() {
                isOver = true
                bus.running.removeAll { $0 === self }
            }
        }

        let envelopeBytesMax = 1024 * 1024
        var running: [Running] = []
        /// Outcomes of the next subscriptions; those beyond work.
        var outcomes: [Bool] = []
        /// Held until the test lets them go.
        var waiting: [() -> Void] = []
        var isWaiting = false

        func publish(_ envelope: Envelope, to subject: Subject) throws(TransportError) {}

        func subscribe(
            to subject: Subject, capacity: SubscriptionCapacity, on loop: any EventLoop,
            _ receiver: any EnvelopeReceiver
        ) -> EventLoopFuture<any Subscription> {
            let works = outcomes.isEmpty || outcomes.removeFirst()
            let promise = loop.makePromise(of: (any Subscription).self)
            let settle = {
                guard works else { return promise.fail(TransportError(.timedOut, .unknown, "no answer")) }
                let made = Running(self, receiver)
                self.running.append(made)
                promise.succeed(made)
            }
            if isWaiting { waiting.append(settle) } else { settle() }
            return promise.futureResult
        }

        /// Everybody hears that it is over, as after a broken connection.
        func breakAll() {
            let ended = running
            running = []
            for one in ended where !one.isOver {
                one.receiver.subscriptionEnded(TransportError(.interrupted, .unknown, "the connection broke"))
            }
        }
    }

    private let bus = FailingBus()

    private func joined() throws -> TestNode {
        let bus = bus
        let node = try TestNode(
            looksAfterInstances: true, parts: { $0.cluster = ClusterParts(bus: bus, isAlone: false) })
        _ = node.gateway.join(on: node.loop)
        node.runLoops()
        return node
    }

    @Test("It subscribes to both subjects or to none, and tries again")
    func renewsBothOrNone() throws {
        let node = try joined()
        #expect(bus.running.count == 2)
        bus.outcomes = [true, false]
        bus.breakAll()
        node.runLoops()
        #expect(bus.running.isEmpty)
        node.pass(.seconds(1))
        #expect(bus.running.count == 2)
        withExtendedLifetime(node) {}
    }

    @Test("A subscription that ends while the others are being made is made anew")
    func renewsWhatBreaksAgain() throws {
        let node = try joined()
        bus.isWaiting = true
        bus.breakAll()
        node.runLoops()
        try #require(bus.waiting.count == 2)
        bus.waiting[0]()
        bus.breakAll()
        bus.waiting[1]()
        bus.isWaiting = false
        node.runLoops()
        node.pass(.seconds(1))
        #expect(bus.running.count == 2)
        #expect(node.gateway.gaps > 0)
    }

    @Test("Of messages of one member that may be missing it takes note once a turn, and goes on hearing")
    func verifiesAfterAGap() throws {
        let node = try joined()
        let before = node.gateway.gaps
        let gap = TransportError(.interrupted, .unknown, "its link broke")
        for one in bus.running { one.receiver.missed(gap, from: .unnamed(7)) }
        #expect(node.gateway.gaps > before, "what is on record is read again from this moment on")
        node.runLoops()
        #expect(node.gateway.gaps == before + 2, "once when it is told, once when it has caught up")
        #expect(bus.running.count == 2 && !node.gateway.isDeaf)
        for one in bus.running { one.receiver.missed(gap, from: .unnamed(7)) }
        node.runLoops()
        #expect(node.gateway.gaps == before + 4, "the next gap is another one")
    }

    @Test("Nothing is subscribed once it has left")
    func leavesWhileSubscribing() throws {
        let node = try joined()
        bus.isWaiting = true
        bus.breakAll()
        node.runLoops()
        node.worker.close()
        bus.isWaiting = false
        for settle in bus.waiting { settle() }
        node.runLoops()
        #expect(bus.running.isEmpty)
    }
}
