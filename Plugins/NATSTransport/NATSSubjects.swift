// What is said of subjects in NATS alone: where the server answers that nobody hears a member. Pure.
internal import TransportAPI
internal import TransportKit

/// The names of subjects.
typealias NATSSubjects = PlaceNames

extension NATSSubjects {
    init(prefix: String, own: MemberID) { self.init(prefix: prefix, own: own, separator: ".") }

    /// Where the server answers that nobody hears a member's inbox: this, a dot and the receipt.
    func absence(of member: MemberID) -> String { join("gone", Self.token(own), Self.token(member)) }

    /// All subjects of ``absence(of:)``.
    var absences: String { join("gone", Self.token(own), "*", "*") }

    /// The member and the receipt of which a subject made by ``absence(of:)`` speaks.
    func absentee(_ subject: String) -> (member: MemberID, receipt: UInt64)? {
        let tokens = subject.utf8.split(separator: UInt8(ascii: ".")).suffix(2).map { String($0) }
        guard tokens.count == 2, let receipt = UInt64(tokens[1] ?? ""), let member = tokens[0].flatMap(Self.member)
        else { return nil }
        return (member, receipt)
    }
}
