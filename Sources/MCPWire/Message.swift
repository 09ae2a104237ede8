// What the gateway knows of one JSON-RPC message: a row of offsets into the bytes that it came in. Routing, session
// and stream code read it; the bytes themselves are forwarded as they are. It is plain memory without references.

/// One JSON-RPC message. All ranges are relative to the scanned buffer.
///
/// A watched member of an unexpected type (a number as `params.name`, say) is absent here: servers judge it, not the
/// gateway. "Contents" are string contents without quotes and may hold escapes; compare them with ``JSONString``.
public struct Message: Sendable, BitwiseCopyable {
    public enum Kind: Sendable, BitwiseCopyable { case request, notification, result, error }

    public var kind: Kind = .notification
    /// The whole message object, braces included.
    public var range: ByteRange = .absent
    /// Raw token: with quotes when a string. Absent for a notification and for an error without an id or with null.
    public var id: ByteRange = .absent
    /// Contents.
    public var method: ByteRange = .absent
    /// The method, decoded once; `.none` for an answer.
    public var knownMethod: Method = .none
    /// Raw value: an object, or `null` as some clients send it.
    public var params: ByteRange = .absent
    /// Raw value of any type.
    public var result: ByteRange = .absent
    /// Raw object.
    public var error: ByteRange = .absent

    // MARK: Members of params

    /// Contents.
    public var name: ByteRange = .absent
    /// Contents.
    public var uri: ByteRange = .absent
    /// Contents.
    public var taskId: ByteRange = .absent
    /// Contents.
    public var cursor: ByteRange = .absent
    /// Contents.
    public var requestState: ByteRange = .absent
    /// Raw token, a string or a number: the request that `notifications/cancelled` names.
    public var requestId: ByteRange = .absent
    /// Raw token, a string or a number: `params._meta.progressToken`; for `notifications/progress` that of `params`.
    public var progressToken: ByteRange = .absent
    /// Contents: `params.protocolVersion` of a request, or `result.protocolVersion`.
    public var protocolVersion: ByteRange = .absent
    /// Contents of `params._meta["io.modelcontextprotocol/protocolVersion"]`.
    public var metaProtocolVersion: ByteRange = .absent
    /// `params._meta` is present and an object.
    public var hasMeta = false
    /// `params._meta["io.modelcontextprotocol/clientCapabilities"]` is present and an object.
    public var hasClientCapabilities = false

    // MARK: Members of result

    /// Contents.
    public var resultType: ByteRange = .absent
    /// Contents.
    public var resultRequestState: ByteRange = .absent
    /// Contents.
    public var nextCursor: ByteRange = .absent
    /// Contents of `result.taskId` (tasks extension; revision 2025-11-25 nests it and is not looked into).
    public var resultTaskId: ByteRange = .absent
    /// Raw array of `server/discover`.
    public var supportedVersions: ByteRange = .absent

    public init() {}
}

/// What a body holds.
public enum ScannedBody: Sendable {
    case message(Message)
    /// An array of messages: legal in revision 2025-03-26 only, which the caller checks.
    case batch([Message])
}
