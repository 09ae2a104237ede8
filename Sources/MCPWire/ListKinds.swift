// Which lists a server has declared to announce changes of. After a gap in its notifications a client is told that each
// of them may have changed, so that it reads them again.

/// The kinds of list whose changes a server announces (2025-11-25, Capability Negotiation).
public struct ListKinds: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let tools = ListKinds(rawValue: 1)
    public static let prompts = ListKinds(rawValue: 2)
    public static let resources = ListKinds(rawValue: 4)

    /// The notification of each kind.
    public static let notifications: [(kind: ListKinds, method: StaticString)] = [
        (.tools, "notifications/tools/list_changed"),
        (.prompts, "notifications/prompts/list_changed"),
        (.resources, "notifications/resources/list_changed"),
    ]

    /// The kinds that the result of `initialize` declares.
    /// - Parameter result: the raw result object. Anything else declares nothing.
    public init(initializeResult result: UnsafeRawBufferPointer) {
        self.init(rawValue: Self.declared(in: result).rawValue)
    }

    private static func declared(in result: UnsafeRawBufferPointer) -> ListKinds {
        guard let base = result.baseAddress, !result.isEmpty else { return [] }
        let depth = ScanLimits.depthMaximum
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: depth) { members -> ListKinds in
            guard let first = members.baseAddress else { return [] }
            var json = JSONReader(base, count: result.count, members: first, limits: ScanLimits())
            var kinds = ListKinds()
            do throws(ScanFailure) { try json.readResult(into: &kinds) } catch { return [] }
            return kinds
        }
    }

    fileprivate static func named(_ name: UnsafeRawBufferPointer) -> ListKinds {
        name.holds("tools") ? .tools : name.holds("prompts") ? .prompts : name.holds("resources") ? .resources : []
    }
}

extension JSONReader {
    fileprivate mutating func readResult(into kinds: inout ListKinds) throws(ScanFailure) {
        try forEachMember { json, name throws(ScanFailure) in
            guard json.contents(of: name).holds("capabilities") else { return try json.skipValue() }
            try json.forEachMember { json, name throws(ScanFailure) in
                let kind = ListKinds.named(json.contents(of: name))
                guard !kind.isEmpty else { return try json.skipValue() }
                try json.forEachMember { json, name throws(ScanFailure) in
                    if json.contents(of: name).holds("listChanged"), json.current == UInt8(ascii: "t") {
                        kinds.insert(kind)
                    }
                    try json.skipValue()
                }
            }
        }
    }

    /// Calls `body` with each member's name, at its value, which `body` reads. Values that are no objects are passed
    /// over.
    private mutating func forEachMember(
        _ body: (inout JSONReader, StringToken) throws(ScanFailure) -> Void
    ) throws(ScanFailure) {
        skipSpace()
        guard current == UInt8(ascii: "{") else { return try skipValue() }
        var more = try beginObject()
        while more {
            let name = try key()
            try body(&self, name)
            more = try hasNext()
        }
    }
}
