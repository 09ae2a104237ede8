// Who is there, and what becomes of them.
public import NIOCore
public import TransportAPI

/// When a silent member is doubted and given up.
public struct PresenceTiming: Sendable {
    /// How often a member says something.
    public var heartbeat: TimeAmount
    /// Silent for this long: nothing new for it.
    public var suspectAfter: TimeAmount
    /// Silent for this long: it counts as gone.
    public var goneAfter: TimeAmount

    public init(
        heartbeat: TimeAmount = .seconds(1), suspectAfter: TimeAmount = .seconds(3), goneAfter: TimeAmount = .seconds(5)
    ) {
        self.heartbeat = heartbeat
        self.suspectAfter = suspectAfter
        self.goneAfter = goneAfter
    }
}

/// A member that is there.
public struct PresentMember: Sendable {
    public let id: MemberID
    /// What it said last.
    public internal(set) var heartbeat: Heartbeat
    /// It has been silent for too long, or was found unreachable.
    public internal(set) var isSuspect: Bool
    /// By the observer's own clock.
    public internal(set) var lastHeard: NIODeadline
    /// From when on its silence counts: ``lastHeard``, or later when the observer itself was stopped.
    var silentFrom: NIODeadline
    /// Heard since it was suspected.
    var isCleared = false
}

/// A change of the table.
public enum PresenceChange: Sendable {
    public enum LeaveReason: Sendable {
        /// Not heard for too long. It may come back, as the same member.
        case silent
        case goodbye
        /// A new start of the same name was heard.
        case replaced
    }

    case joined(PresentMember)
    /// It says something else of itself than before, be it only its load.
    case changed(PresentMember)
    case suspected(PresentMember)
    case recovered(PresentMember)
    case left(PresentMember, LeaveReason)
}
