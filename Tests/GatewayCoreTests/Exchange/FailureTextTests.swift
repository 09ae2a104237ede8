// What clients are told of a failure holds nothing of where an instance is or what the system said.

import Testing
import TransportAPI

@testable import GatewayCore

@Suite("Texts of failures") struct FailureTextTests {
    private static let secret = "10.0.0.7:9001/mcp?api_key=hunter2 (errno 111)"
    private static let codes: [TransportError.Code] = [
        .refused, .unreachable, .timedOut, .interrupted, .malformed, .overloaded, .cancelled, .tooLarge, .overflowed,
        .closed,
    ]

    @Test("Before the answer, in and outside of sessions", arguments: codes)
    func beforeTheAnswer(code: TransportError.Code) throws {
        for delivery in [TransportError.Delivery.notDelivered, .unknown] {
            let node = try TestNode(instances: 1)
            let session = try node.openSession()
            for call in [
                try node.post(Body.call(), session: session.token), try node.post(Body.initialize()),
                try node.get(session: session.token),
            ] {
                for exchange in node.lane.running { exchange.fail(TransportError(code, delivery, Self.secret)) }
                #expect(!call.text.contains("hunter2"))
                #expect(!call.text.contains("10.0.0.7"))
                #expect(!call.text.contains("errno"))
            }
        }
    }

    @Test("In mid-stream", arguments: codes)
    func midStream(code: TransportError.Code) throws {
        let bench = try StreamBench()
        let (call, exchange) = try bench.call()
        exchange.send(event(StreamBench.progress(1)))
        exchange.fail(TransportError(code, .unknown, Self.secret))
        #expect(call.text.contains("outcome_unknown"))
        #expect(!call.text.contains("hunter2"))
        #expect(!call.text.contains("10.0.0.7"))
    }

    @Test("When time is over the instance is not named")
    func timeOut() throws {
        let node = try TestNode(options: { $0.answerTimeoutMilliseconds = 1_000 })
        let session = try node.openSession()
        let call = try node.post(Body.call(), session: session.token)
        node.pass(.seconds(3))
        #expect(call.text.contains("outcome_unknown"))
        #expect(!call.text.contains("instance-"))
    }
}
