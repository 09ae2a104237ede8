// What malformed requests are sent to: one gateway with small limits before real servers, and live sessions that each
// bad request leaves unharmed. Made once for the whole table.
import Foundation

struct Scene: Sendable {
    static let bodyLimit = 64 * 1024
    static let headLimit = 8 * 1024
    static let batchLimit = 5
    static let depthLimit = 32

    let gateway: Gateway
    /// A session of 2025-11-25 at /mcp.
    let peer: Peer
    /// One of 2025-03-26, which knows batches.
    let batchPeer: Peer
    /// One at another upstream, /other.
    let otherPeer: Peer
    /// A `requestState` and a cursor as the modern servers hand them out.
    let modernState: String
    let modernCursor: String

    static let shared = Task {
        async let stateful = Fleet.stateful.value
        async let json = Fleet.json.value
        async let sse = Fleet.sse.value
        async let modern = Fleet.modern.value
        let gateway = try await Gateway.start(
            [
                stateful.upstream("main", path: "/mcp"), json.upstream("other", path: "/other"),
                sse.upstream("old", path: "/old", offersStream: true), modern.upstream("modern", path: "/modern"),
            ],
            """
            limits: {body: \(bodyLimit), header: \(headLimit), batch: \(batchLimit), json_depth: \(depthLimit)}
            timeouts: {head: 5s, body: 5s}
            """)
        let question = try await ModernCall("tools/call", named: "ask").sent(to: gateway.endpoint("/modern"))
        let page = try await ModernCall("resources/list").sent(to: gateway.endpoint("/modern"))
        guard let state = question.response["result"]["requestState"].string,
            let cursor = page.response["result"]["nextCursor"].string
        else { throw Overdue(description: "no state or no cursor: \(question.text) \(page.text)") }
        return Scene(
            gateway: gateway, peer: try await .open(gateway.endpoint()),
            batchPeer: try await .open(gateway.endpoint(), version: "2025-03-26"),
            otherPeer: try await .open(gateway.endpoint("/other")), modernState: state, modernCursor: cursor)
    }

    var host: String { "127.0.0.1:\(gateway.port)" }

    static let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#

    /// A request with nothing wrong.
    var draft: Draft { draft(of: peer) }

    func draft(of peer: Peer) -> Draft {
        let headers = [("Host", host)] + peer.headers
        return Draft(
            target: peer.endpoint.path, headers: headers.map { ($0.0, Array($0.1.utf8)) },
            body: Array(Self.ping.utf8))
    }

    /// The header lines that raw requests begin with, Host first, and no framing.
    var lines: String {
        draft.headers.map { "\($0.name): \(String(decoding: $0.value, as: UTF8.self))\r\n" }.joined()
    }
}
