// The member names that the gateway acts on, and how a key of a message is recognised as one of them. A key written
// with escapes counts as the name that it decodes to, and a name in another case is reported, because servers exist
// that match names without regard to case and would read another message than the one inspected here.

/// Member names with a meaning for the gateway.
enum WatchedKey: UInt8, CaseIterable {
    case jsonrpc, id, method, params, result, error
    case name, uri, taskID, cursor, requestState, requestID, progressToken, protocolVersion, meta
    case metaProtocolVersion, metaClientCapabilities
    case resultType, nextCursor, supportedVersions

    var text: StaticString {
        switch self {
        case .jsonrpc: "jsonrpc"
        case .id: "id"
        case .method: "method"
        case .params: "params"
        case .result: "result"
        case .error: "error"
        case .name: "name"
        case .uri: "uri"
        case .taskID: "taskId"
        case .cursor: "cursor"
        case .requestState: "requestState"
        case .requestID: "requestId"
        case .progressToken: "progressToken"
        case .protocolVersion: "protocolVersion"
        case .meta: "_meta"
        case .metaProtocolVersion: "io.modelcontextprotocol/protocolVersion"
        case .metaClientCapabilities: "io.modelcontextprotocol/clientCapabilities"
        case .resultType: "resultType"
        case .nextCursor: "nextCursor"
        case .supportedVersions: "supportedVersions"
        }
    }

    /// This key's place in a set of keys.
    var bit: UInt32 { 1 << UInt32(rawValue) }
}

/// The objects of a message whose members are watched.
enum MessagePart {
    case envelope, params, meta, result

    /// The keys that are watched in this object.
    var keys: [WatchedKey] {
        switch self {
        case .envelope: [.jsonrpc, .id, .method, .params, .result, .error]
        case .params:
            [.name, .uri, .taskID, .cursor, .requestState, .requestID, .progressToken, .protocolVersion, .meta]
        case .meta: [.progressToken, .metaProtocolVersion, .metaClientCapabilities]
        case .result: [.resultType, .requestState, .nextCursor, .taskID, .protocolVersion, .supportedVersions]
        }
    }
}
