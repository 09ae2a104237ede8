// Another member as this one sees it: its links, and what has arrived from it. Belongs to the cluster's loop.
internal import NIOCore
internal import TransportAPI

final class PeerMember {
    let id: MemberID
    let role: PeerRole
    /// The link that this side dialled.
    var dialled: PeerLink?
    /// The link that the member dialled.
    var accepted: PeerLink?
    var acceptedAt: NIODeadline?
    var received = ReceivedCounts()
    /// It hands its records over, or has said goodbye.
    var isLeaving = false
    /// It was told to operators that this member has no address for it.
    var isReported = false

    init(id: MemberID, role: PeerRole) {
        self.id = id
        self.role = role
    }

    var links: [PeerLink] { [dialled, accepted].compactMap(\.self) }

    /// Silent on all its links.
    var isSuspect: Bool { links.allSatisfy(\.isSuspect) }

    /// The link that its envelopes come on.
    func inbound(at own: PeerRole) -> PeerLink? { own == .attachment ? dialled : accepted }

    /// The link that envelopes for it go on.
    func outbound(at own: PeerRole) -> PeerLink? { own == .attachment || role == .node ? dialled : accepted }
}
