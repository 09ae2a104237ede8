// Requests of 2026-07-28 whose headers do not mirror the body, whose envelope is wrong, or whose echoed values are not
// what the servers gave (2026-07-28, Streamable HTTP and MRTR).
import Foundation

extension BadRequest {
    static let modern: [BadRequest] = mirrors + envelopes + others

    private static let mirrors: [BadRequest] = [
        modern("another Mcp-Method", 400, Code.headerMismatch) { $0["Mcp-Method"] = "tools/list" },
        modern("Mcp-Method in capitals", 400, Code.headerMismatch) { $0["Mcp-Method"] = "Tools/Call" },
        modern("no Mcp-Method", 400, Code.headerMismatch) { $0["Mcp-Method"] = nil },
        modern("two Mcp-Methods", 400, Code.headerMismatch) { $0.add("Mcp-Method", "tools/call") },
        modern("another Mcp-Name", 400, Code.headerMismatch) { $0["Mcp-Name"] = "echo" },
        modern("Mcp-Name in capitals", 400, Code.headerMismatch) { $0["Mcp-Name"] = "WHOAMI" },
        modern("no Mcp-Name", 400, Code.headerMismatch) { $0["Mcp-Name"] = nil },
        modern("two Mcp-Names", 400, Code.headerMismatch) { $0.add("Mcp-Name", "whoami") },
        modern("an encoded Mcp-Name of another tool", 400, Code.headerMismatch) {
            $0["Mcp-Name"] = "=?base64?ZWNobw==?="
        },
        modern("an Mcp-Name whose Base64 is broken", 400, Code.headerMismatch) {
            $0["Mcp-Name"] = "=?base64?d2hvYW1p!?="
        },
        modern("an Mcp-Name whose Base64 lacks its padding", 400, Code.headerMismatch) {
            $0["Mcp-Name"] = "=?base64?ZWNob?="
        },
        modern("no version header", 400, Code.headerMismatch) { $0["MCP-Protocol-Version"] = nil },
        modern("an older version header", 400, Code.headerMismatch) { $0["MCP-Protocol-Version"] = "2025-11-25" },
        modern("two version headers", 400, Code.headerMismatch) { $0.add("MCP-Protocol-Version", ModernCall.version) },
    ]

    private static let envelopes: [BadRequest] = [
        modern("no envelope", 400, Code.invalidParams) { $0.body = Array(Peer.call("whoami").utf8) },
        modern("an envelope without the version", 400, Code.invalidParams) {
            var call = ModernCall("tools/call", named: "whoami")
            call.meta = #""\#(ModernCall.prefix)/clientCapabilities":{}"#
            $0.body = Array(call.body.utf8)
        },
        modern("an envelope without capabilities", 400, Code.invalidParams) {
            var call = ModernCall("tools/call", named: "whoami")
            call.meta = #""\#(ModernCall.prefix)/protocolVersion":"\#(ModernCall.version)""#
            $0.body = Array(call.body.utf8)
        },
        modern("an unknown modern version", 400, Code.unsupportedVersion) {
            var call = ModernCall("tools/call", named: "whoami")
            call.meta = call.meta.replacingOccurrences(of: ModernCall.version, with: "2099-01-01")
            $0["MCP-Protocol-Version"] = "2099-01-01"
            $0.body = Array(call.body.utf8)
        },
        modern("a modern request where no server is modern", 400, Code.unsupportedVersion) { $0.target = "/mcp" },
    ]

    private static let others: [BadRequest] = [
        modern("an unknown method", 404, Code.unknownMethod) {
            $0["Mcp-Method"] = "no/such"
            $0["Mcp-Name"] = nil
            $0.body = Array(ModernCall("no/such").body.utf8)
        },
        modern("an answer", 400, Code.invalidRequest, id: .null) {
            $0.body = Array(#"{"jsonrpc":"2.0","id":1,"result":{}}"#.utf8)
        },
        modern("a modern array", 400, Code.invalidRequest, id: .null) {
            $0.body = Array("[\(ModernCall("tools/call", named: "whoami").body)]".utf8)
        },
        modern("a modern body that is no JSON", 400, Code.parseError, id: .null) { $0.body = Array("{".utf8) },
        modern("a modern GET", 405, Code.invalidRequest, id: .null, allow: "POST") {
            $0.verb = "GET"
            $0.body = nil
        },
        modern("a modern DELETE", 405, Code.invalidRequest, id: .null, allow: "POST") {
            $0.verb = "DELETE"
            $0.body = nil
        },
        echoed("an altered requestState") { #""requestState":"\#(altered($0.modernState))","# },
        echoed("a requestState cut short") { #""requestState":"\#($0.modernState.dropLast(5))","# },
        echoed("an altered cursor", isCursor: true) { #""cursor":"\#(altered($0.modernCursor))","# },
        echoed("a cursor from nowhere", isCursor: true) { _ in #""cursor":"nowhere","# },
    ]

    private static func modern(
        _ name: String, _ status: Int, _ code: Int, id: JSONValue = 1, allow: String? = nil,
        _ change: @escaping @Sendable (inout Draft) -> Void
    ) -> BadRequest {
        draft("modern: \(name)", status, code, id: id, headers: allow.map { ["Allow": $0] } ?? [:]) { draft, scene in
            draft = Self.draft(ModernCall("tools/call", named: "whoami"), scene)
            change(&draft)
        }
    }

    private static func echoed(
        _ name: String, isCursor: Bool = false, _ member: @escaping @Sendable (Scene) -> String
    ) -> BadRequest {
        draft("modern: \(name)", 400, Code.invalidParams, id: 1) { draft, scene in
            let call = isCursor
                ? ModernCall("resources/list", member(scene)) : ModernCall("tools/call", named: "ask", member(scene))
            draft = Self.draft(call, scene)
        }
    }

    private static func draft(_ call: ModernCall, _ scene: Scene) -> Draft {
        let headers = [("Host", scene.host)] + call.headers
        return Draft(
            target: "/modern", headers: headers.map { ($0.0, Array($0.1.utf8)) }, body: Array(call.body.utf8))
    }
}
