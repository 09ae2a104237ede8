// The refusal of a version that nobody speaks repeats what was asked for: whatever that is, the answer is JSON.

import MCPWire
import Testing

@testable import GatewayCore

@Suite("Unsupported versions") struct UnsupportedVersionTests {
    /// Contents of a JSON string whose 64th byte is in the middle of something.
    private static let versions = [
        String(repeating: "a", count: 63) + #"\\\\"#, String(repeating: "a", count: 63) + #"\n"#,
        String(repeating: "a", count: 60) + #"\u00e9"#, String(repeating: "a", count: 62) + "\u{20AC}",
        #"\ud83d"#, "\\\"\\\"", String(repeating: #"\u0022"#, count: 30), "",
    ]

    private func expectJSON(_ call: TestCall) throws {
        let bytes = call.sink.bytes
        let limits = ScanLimits()
        let message = try bytes.withUnsafeBytes { try MessageScanner.scanMessage($0, limits: limits) }
        #expect(message.kind == .error)
        #expect(call.status == 400)
        #expect(call.text.contains("-32022"))
    }

    @Test("In the envelope of 2026-07-28 and its header", arguments: versions)
    func envelope(version: String) throws {
        let node = try TestNode(era: [.stateless, .stateful])
        let body = Body.request(
            "tools/list",
            params: #"{"_meta":{"io.modelcontextprotocol/protocolVersion":"\#(version)","#
                + #""io.modelcontextprotocol/clientCapabilities":{}}}"#)
        guard let decoded = Array(version.utf8).withUnsafeBytes({ JSONString.decode($0) }) else { return }
        let header = String(decoding: decoded, as: UTF8.self)
        let isHeader = header.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && !header.isEmpty
        guard isHeader else { return }
        let call = try node.post(body, headers: [("MCP-Protocol-Version", header), ("Mcp-Method", "tools/list")])
        try expectJSON(call)
    }

    @Test("In initialize", arguments: versions)
    func initialize(version: String) throws {
        let node = try TestNode(era: .stateless)
        try expectJSON(try node.post(Body.initialize(revision: version)))
    }

    @Test("In the header alone")
    func header() throws {
        let node = try TestNode()
        let session = try node.openSession()
        let version = String(repeating: "\\\"", count: 60)
        try expectJSON(
            try node.post(Body.call(), session: session.token, headers: [("MCP-Protocol-Version", version)]))
    }
}
