// What places are called at a broker. The names are made of members, topics and our own words only, and nothing that
// stands in them can be a wildcard, a space or a separator of its own. Pure.
internal import SealedBox
public import TransportAPI

/// The names of one cluster's places, as one member says them.
public struct PlaceNames: Sendable {
    /// Of everything of this cluster at the broker.
    public let prefix: String
    public let own: MemberID
    /// Between the parts of a name.
    private let separator: Character

    public init(prefix: String, own: MemberID, separator: Character) {
        self.prefix = prefix
        self.own = own
        self.separator = separator
    }

    /// Where envelopes to a subject go. It names the place in seals too.
    public func name(_ subject: Subject) -> String {
        switch subject {
        case .inbox(let member): join("inbox", Self.token(member))
        case .everyone: join("all")
        case .topic(let topic): join("topic", Self.token(Array(topic.utf8)))
        }
    }

    /// Where a member hears questions and answers.
    public func desk(of member: MemberID) -> String { join("desk", Self.token(member)) }

    /// The prefix and these parts.
    public func join(_ parts: String...) -> String {
        parts.reduce(into: prefix) { name, part in
            name.append(separator)
            name += part
        }
    }

    private static let tokenBytesMax = 128

    /// One part of a name, from which ``member(_:)`` reads the member.
    public static func token(_ member: MemberID) -> String {
        let bytes = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: member.incarnation >> $0) }
        return token(bytes + Array(member.name.utf8))
    }

    /// Nil: no token of a member.
    public static func member(_ token: String) -> MemberID? {
        guard token.utf8.count <= tokenBytesMax else { return nil }
        let bytes = Array(token.utf8).withUnsafeBytes { Base64URL.decode($0) } ?? []
        guard bytes.count > 8 else { return nil }
        let name = String(decoding: bytes.dropFirst(8), as: UTF8.self)
        return MemberID(name: name, incarnation: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }

    private static func token(_ bytes: [UInt8]) -> String {
        var letters: [UInt8] = []
        bytes.withUnsafeBytes { Base64URL.encode($0, into: &letters) }
        return String(decoding: letters, as: UTF8.self)
    }
}
