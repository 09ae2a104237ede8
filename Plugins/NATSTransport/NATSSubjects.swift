// The names of subjects. They are made of members, topics and our own words only, and nothing that stands in them can
// be a wildcard, a space or a dot of its own. Pure.
internal import SealedBox
internal import TransportAPI

struct NATSSubjects {
    let prefix: String
    let own: MemberID

    /// Where envelopes to a subject go. It names the place in seals too.
    func name(_ subject: Subject) -> String {
        switch subject {
        case .inbox(let member): "\(prefix).inbox.\(Self.token(member))"
        case .everyone: "\(prefix).all"
        case .topic(let topic): "\(prefix).topic.\(Self.token(Array(topic.utf8)))"
        }
    }

    /// Where a member hears questions and answers.
    func desk(of member: MemberID) -> String { "\(prefix).desk.\(Self.token(member))" }

    /// Where the server answers that nobody hears a member's inbox: this, a dot and the receipt.
    func absence(of member: MemberID) -> String { "\(prefix).gone.\(Self.token(own)).\(Self.token(member))" }

    /// All subjects of ``absence(of:)``.
    var absences: String { "\(prefix).gone.\(Self.token(own)).*.*" }

    /// The member and the receipt of which a subject made by ``absence(of:)`` speaks.
    func absentee(_ subject: String) -> (member: MemberID, receipt: UInt64)? {
        let tokens = subject.utf8.split(separator: UInt8(ascii: ".")).suffix(2).map { String($0) }
        guard tokens.count == 2, let receipt = UInt64(tokens[1] ?? ""), let member = tokens[0].flatMap(Self.member)
        else { return nil }
        return (member, receipt)
    }

    private static func member(_ token: String) -> MemberID? {
        guard token.utf8.count <= tokenBytesMax else { return nil }
        var bytes = Array(token.utf8).withUnsafeBytes { Base64URL.decode($0) } ?? []
        guard bytes.count > 8 else { return nil }
        let name = String(decoding: bytes.dropFirst(8), as: UTF8.self)
        bytes = Array(bytes.prefix(8))
        return MemberID(name: name, incarnation: bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }

    private static let tokenBytesMax = 128

    private static func token(_ member: MemberID) -> String {
        let bytes = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: member.incarnation >> $0) }
        return token(bytes + Array(member.name.utf8))
    }

    private static func token(_ bytes: [UInt8]) -> String {
        var letters: [UInt8] = []
        bytes.withUnsafeBytes { Base64URL.encode($0, into: &letters) }
        return String(decoding: letters, as: UTF8.self)
    }
}
