// What of a client's header lines goes on: what `Connection` names does not, whatever it is.

import Testing

@testable import GatewayCore

@Suite("Travelling lines") struct TravellingLinesTests {
    @Test(
        "Lines that Connection names stay behind",
        arguments: ["traceparent", "X-Key, Traceparent", "close, TRACEPARENT"])
    func named(options: String) throws {
        let node = try TestNode(options: { $0.forwardedHeaders = [Array("x-key".utf8)] })
        let session = try node.openSession()
        let headers = [("Traceparent", "00-1"), ("X-Key", "k"), ("Tracestate", "a=b"), ("Connection", options)]
        try node.post(Body.call(), session: session.token, headers: headers)
        #expect(node.lane.last?.header("Traceparent") == nil)
        #expect(node.lane.last?.header("X-Key") == (options.contains("X-Key") ? nil : "k"))
        #expect(node.lane.last?.header("Tracestate") == "a=b")
        #expect(node.lane.last?.header("Connection") == nil)
    }

    @Test("The usual values of Connection name nothing", arguments: ["keep-alive", "Keep-Alive", "close"])
    func usual(value: String) throws {
        let node = try TestNode()
        let session = try node.openSession()
        try node.post(
            Body.call(), session: session.token, headers: [("Traceparent", "00-1"), ("Connection", value)])
        #expect(node.lane.last?.header("Traceparent") == "00-1")
    }
}
