// Who takes part: a node or an attachment, as one start of one process. A process that comes back is another member, so
// that nothing meant for the old one reaches the new one.

/// One start of one gateway node or attachment.
public struct MemberID: Hashable, Sendable, CustomStringConvertible {
    /// Longest name, in bytes.
    public static let nameBytesMax = 64

    /// Configured or derived; stays the same over restarts. 1 to 64 of `a-z A-Z 0-9 . _ -`.
    public let name: String
    /// Random for each start. It alone tells members apart.
    public let incarnation: UInt64

    /// - Returns: nil when the name is empty, too long, or holds another character.
    public init?(name: String, incarnation: UInt64) {
        guard !name.isEmpty, name.utf8.count <= Self.nameBytesMax, name.utf8.allSatisfy(Self.isAllowed) else {
            return nil
        }
        self.name = name
        self.incarnation = incarnation
    }

    private init(unchecked name: String, incarnation: UInt64) {
        self.name = name
        self.incarnation = incarnation
    }

    /// A member whose name does not matter.
    public static func unnamed(_ incarnation: UInt64) -> MemberID {
        MemberID(unchecked: "node", incarnation: incarnation)
    }

    public static func == (left: MemberID, right: MemberID) -> Bool {
        left.incarnation == right.incarnation && left.name.utf8.elementsEqual(right.name.utf8)
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(incarnation) }

    /// The name and the first eight digits of the incarnation, for logs.
    public var description: String {
        let digits = String(incarnation >> 32, radix: 16)
        return name + "#" + String(repeating: "0", count: 8 - digits.count) + digits
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}
