// Error responses of the gateway, compared with a golden file and read back by the scanner.

import Foundation
import MCPWire
import Testing

@Suite struct ErrorBodyTests {
    static let bodies: [(id: String?, code: RPCErrorCode, message: String, json: String?)] = [
        (nil, .parseError, "byte 0: not JSON", nil),
        ("1", .invalidRequest, "an \"id\" \\ with quotes\nand lines", nil),
        (#""a\"b""#, .headerMismatch, "Mcp-Name differs", #"{"header":"Mcp-Name"}"#),
        ("-17", .unsupportedProtocolVersion, "no such revision", #"{"supported":["2026-07-28"],"requested":"x"}"#),
        ("\"\"", .internalError, "", #"{"reason":"outcome_unknown"}"#),
        ("", .missingClientCapability, "é😀\u{0}\u{7F}", "null"),
        ("7", .methodNotFound, "x", nil), ("7", .invalidParams, "x", nil), ("7", .requestCancelled, "x", nil),
    ]

    @Test func bodiesAreGolden() throws {
        let lines = Self.bodies.map { body in
            withExactBytes(body.id ?? "") { id in
                let json = ErrorBody.json(
                    id: body.id == nil ? nil : id, code: body.code, message: body.message, dataJSON: body.json)
                return String(decoding: json, as: UTF8.self)
            }
        }
        #expect(!lines.contains { $0.utf8.contains(10) || $0.utf8.contains(13) })
        try Golden.expect(lines, file: "error-bodies.jsonl")
        for (line, body) in zip(lines, Self.bodies) {
            let scanned = try Scanned(line)
            #expect(scanned.message.kind == .error)
            #expect(scanned[\.id] == (body.id?.isEmpty == false ? body.id : nil))
            let parsed = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let error = parsed?["error"] as? [String: Any]
            #expect(error?["code"] as? Int == body.code.rawValue)
            #expect(error?["message"] as? String == body.message)
            #expect((error?["data"] != nil) == (body.json != nil))
        }
    }

    @Test func codesAreThoseOfTheSpecification() {
        let codes: [RPCErrorCode: Int] = [
            .parseError: -32700, .invalidRequest: -32600, .methodNotFound: -32601, .invalidParams: -32602,
            .internalError: -32603, .headerMismatch: -32020, .missingClientCapability: -32021,
            .unsupportedProtocolVersion: -32022, .requestCancelled: -32800,
        ]
        for (code, number) in codes { #expect(code.rawValue == number) }
    }
}
