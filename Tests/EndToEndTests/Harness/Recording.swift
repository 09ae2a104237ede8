// What has reached a recorder (`servers/recorder.py`), asked of it directly.
import Foundation

struct Recording: Sendable {
    var verb: String
    var path: String
    /// The JSON-RPC method, where there was a body.
    var method: String?
    /// Names in lower case, in their order.
    var headers: [(name: String, value: String)]

    subscript(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The instance's own session id, unless it is a health check's.
    var session: String? { self["mcp-session-id"].flatMap { $0.hasPrefix("patchbay") ? nil : $0 } }

    /// All requests so far, the gateway's own checks left out.
    static func of(_ recorder: TestServer) async throws -> [Recording] {
        try await state(recorder)["requests"].list.map { request in
            Recording(
                verb: request["verb"].string ?? "", path: request["path"].string ?? "",
                method: request["method"].string,
                headers: request["headers"].list.map { ($0[0].string ?? "", $0[1].string ?? "") })
        }.filter { $0["user-agent"] != "patchbay" }
    }

    /// Bytes that the recorder could write in answer to `flood`.
    static func flooded(_ recorder: TestServer) async throws -> Int {
        try await state(recorder)["flooded"].integer ?? 0
    }

    private static func state(_ recorder: TestServer) async throws -> JSONValue {
        try await HTTPAnswer.get(Endpoint(port: recorder.port, path: "/record")).json
    }
}
