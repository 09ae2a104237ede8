// A request of 2026-07-28 by hand: no session, everything in the request itself, the headers mirroring the body.

struct ModernCall: Sendable {
    static let version = "2026-07-28"
    static let prefix = "io.modelcontextprotocol"

    var method: String
    /// `params.name` or `params.uri`, and the header that mirrors it.
    var name: String?
    /// Further members of `params`, each with a comma behind it.
    var members = ""
    var id = "1"
    /// The members of `params._meta`.
    var meta = #""\#(prefix)/protocolVersion":"\#(version)","#
        + #""\#(prefix)/clientCapabilities":{"elicitation":{"form":{}}}"#

    init(_ method: String, named name: String? = nil, _ members: String = "") {
        self.method = method
        self.name = name
        self.members = members
    }

    var body: String {
        let named = name.map { #""\#(method == "resources/read" ? "uri" : "name")":"\#($0)","# } ?? ""
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(named)\#(members)"_meta":{\#(meta)}}}"#
    }

    var headers: [(String, String)] {
        let named = name.map { [("Mcp-Name", $0)] } ?? []
        return Peer.usual + [("MCP-Protocol-Version", Self.version), ("Mcp-Method", method)] + named
    }

    func sent(to endpoint: Endpoint, _ more: [(String, String)] = []) async throws -> HTTPAnswer {
        try await .to(endpoint, "POST", headers + more, body: Array(body.utf8))
    }
}
