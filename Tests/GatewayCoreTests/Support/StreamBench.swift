// A node with one session whose streams are numbered, and the moves that tests of streams are made of.

import Testing
import TransportAPI

@testable import GatewayCore

/// One session of a node that keeps the events of streams.
struct StreamBench {
    let node: TestNode
    let session: TestSession

    init(
        revision: String = "2025-11-25", options: (inout UpstreamGroup.Options) -> Void = { _ in },
        parts: (inout Gateway.Parts) -> Void = { _ in }
    ) throws {
        node = try TestNode(
            options: {
                $0.isResumable = true
                options(&$0)
            }, parts: parts)
        session = try node.openSession(revision: revision)
    }

    /// The newest request to an instance.
    func last() throws -> ScriptedExchange { try #require(node.lane.last) }

    /// A call whose answer is an event stream.
    func call(id: Int = 2) throws -> (TestCall, ScriptedExchange) {
        let call = try node.post(Body.call(id: id), session: session.token)
        let exchange = try last()
        exchange.begin(200, .eventStream)
        return (call, exchange)
    }

    /// A GET, with the id of an event or without.
    func get(_ id: String? = nil, headers: [(String, String)] = []) throws -> TestCall {
        try node.get(session: session.token, headers: headers + (id.map { [("Last-Event-ID", $0)] } ?? []))
    }

    /// The session's own stream.
    func open() throws -> (TestCall, ScriptedExchange) {
        let stream = try get()
        let exchange = try last()
        exchange.begin(200, .eventStream)
        return (stream, exchange)
    }

    /// Everything comes back to rest once the waits are over.
    func expectRest(sourceLocation: SourceLocation = #_sourceLocation) {
        node.pass(.seconds(130))
        node.expectIdle(sourceLocation: sourceLocation)
        session.expectQuiet(sourceLocation: sourceLocation)
        #expect(node.worker.streams.count == 0, sourceLocation: sourceLocation)
        #expect(node.worker.streams.completeBytes == 0, sourceLocation: sourceLocation)
        #expect(session.session.heldStream.load(ordering: .relaxed) == 0, sourceLocation: sourceLocation)
    }

    static func progress(_ number: Int) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":\#(number)}}"#
    }

    static func question(_ id: String) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"elicitation/create","params":{}}"#
    }
}

extension TestCall {
    /// The numbers of the progress notifications that the client has got, in order.
    var progress: [Int] {
        text.components(around: #""progress":"#).compactMap { Int($0.prefix { $0.isNumber }) }
    }

    /// The id of the newest question, as long as sealed ids are.
    var sealedQuestion: String? {
        text.components(around: #""id":""#).map { String($0.prefix { $0 != "\"" }) }.last { $0.utf8.count > 60 }
    }
}
