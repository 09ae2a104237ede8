// What this member has sent where: the numbers that receivers count, and which places went quiet since, so that they
// are told the last number once. Pure. Belongs to the sending thread.
internal import NIOCore
internal import TransportAPI

struct SentPlaces {
    /// One subject that was sent to.
    struct Sent {
        let name: String
        let place: [UInt8]
        /// Where the server says that nobody heard; for inboxes.
        let reply: String?
        /// Of the last piece.
        var number: UInt64
        var sentAt: NIODeadline
    }

    /// Places that are remembered. Beyond: all are forgotten, and numbers go on above the highest.
    static let placesMax = 65_536
    /// A place is quiet when nothing was sent there for so long: longer than between two heartbeats.
    static let quietAfter = TimeAmount.milliseconds(1_500)
    /// What was sent before a connection broke may have been lost, unless it is older than this.
    static let doubtFor = TimeAmount.seconds(60)

    private let subjects: NATSSubjects
    private let placesMax: Int
    private var sent: [Subject: Sent] = [:]
    private var byPlace: [[UInt8]: Subject] = [:]
    /// Subjects whose receivers were not told the last number since.
    private var unmarked: Set<Subject> = []
    private var highest: UInt64 = 0
    private var brokeAt: NIODeadline?

    init(subjects: NATSSubjects, placesMax: Int = placesMax) {
        self.subjects = subjects
        self.placesMax = placesMax
    }

    /// The place of a subject, with its number raised by the pieces that go there now.
    /// - Returns: the place, and the number of the first of them.
    mutating func take(_ subject: Subject, pieces: Int, now: NIODeadline) -> (place: Sent, first: UInt64) {
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
        let name = subjects.name(subject)
        var reply: String?
        if case .inbox(let member) = subject { reply = subjects.absence(of: member) }
        let place = Array(name.utf8)
        byPlace[place] = subject
        return Sent(name: name, place: place, reply: reply, number: highest, sentAt: now)
    }

    /// The last number at a place and how long ago it was used.
    func last(at place: [UInt8], now: NIODeadline) -> (number: UInt64, age: TimeAmount) {
        guard let subject = byPlace[place], let found = sent[subject] else { return (highest, .hours(24 * 365)) }
        return (found.number, max(.zero, now - found.sentAt))
    }

    /// Places that went quiet; each is told once.
    mutating func takeQuiet(now: NIODeadline) -> [Sent] {
        let quiet = unmarked.filter { sent[$0].map { now - $0.sentAt >= Self.quietAfter } ?? true }
        unmarked.subtract(quiet)
        return quiet.compactMap { sent[$0] }
    }

    /// A connection broke: what was sent shortly before may have been lost, and what is numbered until there is another
    /// one is.
    mutating func connectionBroke(now: NIODeadline) {
        brokeAt = brokeAt ?? now
    }

    /// Places at which something may have been lost, once there is a connection again.
    mutating func takeDoubtful() -> [Sent] {
        guard let brokeAt else { return [] }
        self.brokeAt = nil
        return sent.values.filter { brokeAt - $0.sentAt < Self.doubtFor }
    }
}
