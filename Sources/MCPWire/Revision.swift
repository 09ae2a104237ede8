// The five revisions of MCP and what differs between them on the wire. The HTTP door and the sessions ask these
// questions; nothing outside this target compares revision texts.

/// A revision of the Model Context Protocol, oldest first.
public enum Revision: UInt8, CaseIterable, Comparable, Sendable {
    case v2024_11_05
    case v2025_03_26
    case v2025_06_18
    case v2025_11_25
    case v2026_07_28

    /// The revision with exactly this text, from a header or from the contents of a JSON string without escapes.
    public init?(bytes: UnsafeRawBufferPointer) {
        for revision in Self.allCases where bytes.holds(revision.wireText) {
            self = revision
            return
        }
        return nil
    }

    /// The date that names the revision.
    public var text: String { wireText.description }

    /// No sessions, no server requests, every request on its own: 2026-07-28.
    public var isStateless: Bool { self >= .v2026_07_28 }

    /// A body may be an array of messages: 2025-03-26 only (base protocol, batching).
    public var allowsBatch: Bool { self == .v2025_03_26 }

    /// `MCP-Protocol-Version` is required on requests after initialization: from 2025-06-18 (transports).
    public var hasVersionHeader: Bool { self >= .v2025_06_18 }

    /// One endpoint with POST, GET and DELETE and `Mcp-Session-Id`: 2025-03-26 to 2025-11-25. The revision before
    /// keeps its session in the GET stream, the one after has none.
    public var hasSessionHeader: Bool { self >= .v2025_03_26 && !isStateless }

    /// A stream opens with an event that has an id and empty data: 2025-11-25 (transports, SEP-1699). Older clients
    /// cannot parse such an event.
    public var primesStreams: Bool { self == .v2025_11_25 }

    /// `Mcp-Method` and `Mcp-Name` are required and must equal the body: from 2026-07-28 (SEP-2243).
    public var hasMirroredHeaders: Bool { self >= .v2026_07_28 }

    public static func < (left: Revision, right: Revision) -> Bool { left.rawValue < right.rawValue }

    private var wireText: StaticString {
        switch self {
        case .v2024_11_05: "2024-11-05"
        case .v2025_03_26: "2025-03-26"
        case .v2025_06_18: "2025-06-18"
        case .v2025_11_25: "2025-11-25"
        case .v2026_07_28: "2026-07-28"
        }
    }
}
