// What this member has sent where: the numbers that receivers count, and which places went quiet since, so that they
// are told the last number once. Pure. Belongs to the sending thread.
public import NIOCore
public import TransportAPI

/// The sending side of all places of one member.
public struct SentPlaces {
    /// One subject that was sent to.
    public struct Sent {
        public let name: String
        public let place: [UInt8]
        /// Where the broker says that nobody heard; for inboxes.
        public let reply: String?
        /// Of the last piece.
        public fileprivate(set) var number: UInt64
        public fileprivate(set) var sentAt: NIODeadline
    }

    /// Places that are remembered. Beyond: all are forgotten, and numbers go on above the highest.
    public static let placesMax = 65_536
    /// A place is quiet when nothing was sent there for so long: longer than between two heartbeats.
    public static let quietAfter = TimeAmount.milliseconds(1_500)
    /// What was sent before a connection broke may have been lost, unless it is older than this.
    public static let doubtFor = TimeAmount.seconds(60)

    private let names: PlaceNames
    private let reply: (MemberID) -> String?
    private let placesMax: Int
    private var sent: [Subject: Sent] = [:]
    private var byPlace: [[UInt8]: Subject] = [:]
    /// Subjects whose receivers were not told the last number since.
    private var unmarked: Set<Subject> = []
    private var highest: UInt64 = 0
    private var brokeAt: NIODeadline?

    /// - Parameter reply: where the broker says that nobody hears a member's inbox, if it does so by a message.
    public init(
        _ names: PlaceNames, placesMax: Int = placesMax, reply: @escaping (MemberID) -> String? = { _ in nil }
    ) {
        self.names = names
        self.reply = reply
        self.placesMax = placesMax
    }

    /// The place of a subject, with its number raised by the pieces that go there now.
    /// - Returns: the place, and the number of the first of them.
    public mutating func take(_ subject: Subject, pieces: Int, now: NIODeadline) -> (place: Sent, first: UInt64) {
        var place = sent[subject] ?? make(subject, now: now)
        let first = place.number &+ 1
        place.number &+= UInt64(clamping: pieces)
        place.sentAt = now
        unmarked.insert(subject)
        sent[subject] = place
        return (place, first)
    }

    private mutating func make(_ subject: Subject, now: NIODeadline) -> Sent {
        if sent.count >= placesMax {
            highest = sent.values.reduce(highest) { max($0, $1.number) }
            sent = [:]
            byPlace = [:]
            unmarked = []
        }
        let name = names.name(subject)
        var reply: String?
        if case .inbox(let member) = subject { reply = self.reply(member) }
        let place = Array(name.utf8)
        byPlace[place] = subject
        return Sent(name: name, place: place, reply: reply, number: highest, sentAt: now)
    }

    /// The last number at a place and how long ago it was used.
    public func last(at place: [UInt8], now: NIODeadline) -> (number: UInt64, age: TimeAmount) {
        guard let subject = byPlace[place], let found = sent[subject] else { return (highest, .hours(24 * 365)) }
        return (found.number, max(.zero, now - found.sentAt))
    }

    /// Places that went quiet; each is told once.
    public mutating func takeQuiet(now: NIODeadline) -> [Sent] {
        let quiet = unmarked.filter { sent[$0].map { now - $0.sentAt >= Self.quietAfter } ?? true }
        unmarked.subtract(quiet)
        return quiet.compactMap { sent[$0] }
    }

    /// A connection broke: what was sent shortly before may have been lost, and what is numbered until there is another
    /// one is.
    public mutating func connectionBroke(now: NIODeadline) {
        brokeAt = brokeAt ?? now
    }

    /// Places at which something may have been lost, once there is a connection again.
    public mutating func takeDoubtful() -> [Sent] {
        guard let brokeAt else { return [] }
        self.brokeAt = nil
        return sent.values.filter { brokeAt - $0.sentAt < Self.doubtFor }
    }
}
