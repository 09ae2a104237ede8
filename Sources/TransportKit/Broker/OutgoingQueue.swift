// Envelopes that wait to be handed to a broker, and what may not get in: bounded, and never waited at by publishers.
// Pure; its owner puts it behind a lock.
public import NIOCore
public import TransportAPI

/// The door between publishers on any thread and the one place that sends.
public struct OutgoingQueue {
    public struct Post: Sendable {
        public var envelope: Envelope
        public var subject: Subject
    }

    /// The bounds of a queue.
    public struct Limits: Sendable {
        /// Envelopes, and bytes of them. Beyond: `.overloaded`.
        public var countMax: Int
        public var bytesMax: Int
        /// How long a member whose inbox nobody heard is taken for absent, unless it is heard from.
        public var absentFor: TimeAmount

        public init(countMax: Int, bytesMax: Int, absentFor: TimeAmount) {
            self.countMax = countMax
            self.bytesMax = bytesMax
            self.absentFor = absentFor
        }
    }

    /// Members that are remembered as absent. Beyond: all are forgotten, and asked anew.
    private static let absentMax = 1_024
    /// What an envelope costs besides its bytes.
    private static let postCost = 64
    /// Bytes of a topic.
    private static let topicBytesMax = 64

    private let limits: Limits
    /// For error texts, such as `the NATS server`.
    private let broker: String
    private var posts = CircularBuffer<Post>()
    private var bytes = 0
    /// Members whose inbox nobody heard, and until when that is believed.
    private var absent: [MemberID: NIODeadline] = [:]
    /// While it is not, nothing gets in.
    public var isConnected = false
    /// Nothing more gets in; what is in is still sent.
    public var isClosed = false

    public init(_ limits: Limits, broker: String) {
        self.limits = limits
        self.broker = broker
    }

    public var isEmpty: Bool { posts.isEmpty }

    /// - Returns: why it was refused, or nil.
    public mutating func offer(_ envelope: Envelope, to subject: Subject) -> TransportError? {
        let cost = envelope.count + Self.postCost
        if isClosed { return Self.closed }
        guard isConnected else { return Self.unreachable("there is no connection to \(broker)") }
        if !absent.isEmpty, case .inbox(let member) = subject, let until = absent[member] {
            if until > .now() { return Self.unreachable("nobody hears the inbox of \(member)") }
            absent[member] = nil
        }
        if !posts.isEmpty, posts.count >= limits.countMax || bytes + cost > limits.bytesMax {
            return TransportError(
                .overloaded, .notDelivered,
                "More than \(limits.countMax) envelopes or \(limits.bytesMax) bytes wait for \(broker).")
        }
        posts.append(Post(envelope: envelope, subject: subject))
        bytes += cost
        return nil
    }

    /// Why this envelope to this subject can never be sent; nil if it can.
    public static func refusal(_ envelope: Envelope, to subject: Subject, envelopeBytesMax: Int) -> TransportError? {
        guard envelope.count <= envelopeBytesMax else {
            return TransportError(
                .tooLarge, .notDelivered,
                "An envelope of \(envelope.count) bytes is above the limit of \(envelopeBytesMax).")
        }
        return refusal(subject)
    }

    /// Why nothing can be sent to or heard at a subject; nil if it can.
    public static func refusal(_ subject: Subject) -> TransportError? {
        guard case .topic(let topic) = subject, !(1...topicBytesMax).contains(topic.utf8.count) else { return nil }
        return TransportError(.tooLarge, .notDelivered, "A topic has 1 to \(topicBytesMax) bytes.")
    }

    public static let closed = TransportError(.closed, .notDelivered, "The transport was closed.")

    private static func unreachable(_ reason: String) -> TransportError {
        TransportError(.unreachable, .notDelivered, "Not sent: \(reason).")
    }

    /// The oldest ones, at most so many, and no more behind so many bytes.
    public mutating func take(atMost count: Int, bytes bytesMax: Int = .max) -> [Post] {
        var taken: [Post] = []
        var takenBytes = 0
        while taken.count < count, takenBytes < bytesMax, let post = posts.popFirst() {
            takenBytes += post.envelope.count
            bytes -= post.envelope.count + Self.postCost
            taken.append(post)
        }
        return taken
    }

    // MARK: Absent members

    /// The broker says that nobody hears that member's inbox.
    public mutating func noteAbsent(_ member: MemberID) {
        if absent.count >= Self.absentMax { absent = [:] }
        absent[member] = .now() + limits.absentFor
    }

    /// Something authentic came of that member.
    public mutating func noteHeard(_ member: MemberID) { if !absent.isEmpty { absent[member] = nil } }
}
