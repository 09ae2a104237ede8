// What becomes of an exchange when its client leaves, stops reading or reads too slowly.

import NIOCore
import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct ClientTests {
    private let node: TestNode
    private let session: TestSession

    init() throws {
        node = try TestNode(parts: {
            $0.limits.clientQueueBytes = 1000
            $0.waits.slowClient = .seconds(30)
        })
        session = try node.openSession()
    }

    private func call() throws -> (TestCall, ScriptedExchange) {
        let call = try node.post(Body.call(), session: session.token)
        return (call, try #require(node.lane.last))
    }

    // MARK: Leaving

    @Test func readsAStatefulAnswerToItsEnd() throws {
        let (call, exchange) = try call()
        call.leave()
        #expect(!exchange.isCancelled)
        #expect(node.worker.metrics.detached == 1)
        #expect(node.worker.awaitedCount == 0)
        #expect(session.session.calls.load(ordering: .relaxed) == 1)
        exchange.begin(200, .eventStream)
        exchange.send(event(Body.notification("notifications/progress")))
        exchange.send(event(Body.result()))
        exchange.end()
        #expect(call.sink.status == nil)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func readsOnAfterAClientLeftInMidStream() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        exchange.send("data: 1\n\n")
        call.setWritable(false)
        #expect(exchange.isPaused)
        call.leave()
        #expect(!exchange.isPaused)
        exchange.send("data: 2\n\n")
        #expect(call.text == "data: 1\n\n")
        exchange.fail(.cut)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func letsGoOfAStreamThatItsInstanceKeeps() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        exchange.send("id: 1\ndata: \n\n")
        call.leave()
        // The instance gave an event id, and takes a new reader only when the old one is gone.
        #expect(exchange.isCancelled)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func readsAJSONAnswerToItsEnd() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .json, length: 100)
        call.leave()
        exchange.send(String(repeating: "x", count: 100))
        exchange.end()
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func cancelsAStatelessCall() throws {
        let node = try TestNode(era: .stateless)
        for hasBegun in [false, true] {
            let call = try node.postModern("tools/call", name: "add", members: #""name":"add","#)
            let exchange = try #require(node.lane.last)
            if hasBegun { exchange.begin(200, .eventStream) }
            call.leave()
            #expect(exchange.isCancelled)
            node.expectIdle()
        }
    }

    @Test func cancelsAGetStream() throws {
        let call = try node.get(session: session.token)
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        call.leave()
        #expect(exchange.isCancelled)
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func boundsWhatIsReadForNobody() throws {
        let node = try TestNode(parts: {
            $0.limits.detachedExchanges = 2
            $0.limits.ownerShare = 1
        })
        let session = try node.openSession()
        let calls = try (0..<4).map { try node.post(Body.call(id: $0), session: session.token) }
        let exchanges = node.lane.opened.suffix(4)
        for call in calls { call.leave() }
        #expect(exchanges.map(\.isCancelled) == [false, false, true, true])
        #expect(node.worker.metrics.detached == 2)
        for exchange in node.lane.running { exchange.answer(Body.result()) }
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func leavesOnlyOnce() throws {
        let (call, exchange) = try call()
        call.observer?.clientLeft()
        call.observer?.clientLeft()
        #expect(node.worker.metrics.detached == 1)
        exchange.answer(Body.result())
        call.observer?.clientLeft()
        call.observer?.clientIsWritable(false)
        node.expectIdle()
    }

    // MARK: Back-pressure

    @Test func pausesAndResumesTheInstance() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        call.setWritable(false)
        call.setWritable(false)
        #expect(exchange.isPaused)
        // What was read before the pause still goes on.
        exchange.send("data: 1\n\n")
        call.setWritable(true)
        #expect(!exchange.isPaused)
        exchange.send("data: 2\n\n")
        #expect(call.text == "data: 1\n\ndata: 2\n\n")
    }

    @Test func pausesAnInstanceThatIsTriedNext() throws {
        let node = try TestNode(instances: 2)
        let call = try node.post(Body.initialize())
        call.setWritable(false)
        node.lane.last?.fail(.refused)
        #expect(node.lane.last?.isPaused == true)
        call.setWritable(true)
        #expect(node.lane.last?.isPaused == false)
    }

    @Test func bearsAFullQueueAsLongAsTheInstanceIsPaused() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        // One large event fills the queue; the rest of the same read comes behind it.
        exchange.send("data: " + String(repeating: "x", count: 5000) + "\n\n")
        call.sink.queuedBytes = 5008
        call.setWritable(false)
        exchange.send("data: the rest of what was read\n\n")
        #expect(!call.sink.isAborted)
        #expect(call.text.hasSuffix("data: the rest of what was read\n\n"))
        call.sink.queuedBytes = 0
        call.setWritable(true)
        exchange.send(event(Body.result()))
        exchange.end()
        #expect(call.isEnded)
        #expect(node.worker.metrics.slowClients == 0)
        node.expectIdle()
    }

    @Test func closesAClientForWhomTooMuchComesInSpiteOfThePause() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        call.sink.queuedBytes = 1
        call.setWritable(false)
        for _ in 0..<20 {
            exchange.send("data: " + String(repeating: "x", count: 92) + "\n\n")
            if !call.sink.isOver { call.sink.queuedBytes += 100 }
        }
        #expect(call.sink.isAborted)
        #expect(call.sink.bytes.count <= 1200)
        #expect(node.worker.metrics.slowClients == 1)
        // The call itself goes on.
        #expect(!exchange.isCancelled)
        exchange.end()
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func closesAClientThatTakesNothing() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        call.sink.queuedBytes = 800
        call.setWritable(false)
        node.pass(.seconds(29))
        #expect(!call.sink.isOver)
        node.pass(.seconds(3))
        #expect(call.sink.isAborted)
        #expect(!exchange.isPaused)
        #expect(node.worker.metrics.slowClients == 1)
        exchange.end()
        node.expectIdle()
    }

    @Test func bearsAClientThatTakesALittleAtATime() throws {
        let (call, exchange) = try call()
        exchange.begin(200, .eventStream)
        call.sink.queuedBytes = 800
        call.setWritable(false)
        for _ in 0..<10 {
            node.pass(.seconds(20))
            call.sink.queuedBytes -= 10
        }
        #expect(!call.sink.isOver)
        node.pass(.seconds(35))
        #expect(call.sink.isAborted)
        exchange.end()
        node.expectIdle()
    }

    @Test func closesASlowGetStreamAndItsInstances() throws {
        let call = try node.get(session: session.token)
        let exchange = try #require(node.lane.last)
        exchange.begin(200, .eventStream)
        call.setWritable(false)
        node.pass(.seconds(32))
        #expect(call.sink.isAborted)
        #expect(exchange.isCancelled)
        session.expectQuiet()
        node.expectIdle()
    }
}
