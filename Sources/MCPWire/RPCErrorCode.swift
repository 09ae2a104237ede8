// The error codes that the gateway itself sends. Codes of servers are relayed as bytes and never pass through here.

/// A JSON-RPC error code.
///
/// JSON-RPC 2.0, section 5.1, and MCP 2026-07-28 (basic, error codes). Codes from -32020 to -32099 belong to the MCP
/// specification, which has retired -32002 and -32042.
public enum RPCErrorCode: Int, Sendable {
    /// The body is not JSON.
    case parseError = -32700
    /// The body is JSON, but not one JSON-RPC message, or it breaks a limit.
    case invalidRequest = -32600
    case methodNotFound = -32601
    case invalidParams = -32602
    case internalError = -32603
    /// 2026-07-28: a mirrored header is missing, malformed or differs from the body.
    case headerMismatch = -32020
    /// 2026-07-28: the request needs a capability that the client did not declare.
    case missingClientCapability = -32021
    /// 2026-07-28: the revision is not implemented.
    case unsupportedProtocolVersion = -32022
    /// What SDK servers answer to a request that the client cancelled (revisions up to 2025-11-25).
    case requestCancelled = -32800
}
