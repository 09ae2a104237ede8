// One instance of an upstream as every event loop sees it: its identity, its health, its load. All that changes is
// atomic, so that choosing an instance takes no lock.
public import Synchronization
internal import TransportAPI

/// One running MCP server process.
public final class Instance: Sendable {
    /// Whether new work may go there.
    public enum Health: UInt8, AtomicRepresentable, Sendable {
        /// Nothing is known yet. Used like a healthy one, but does not make the node ready.
        case unchecked
        case healthy
        /// Failed too often in a row; gets nothing new until a check succeeds.
        case ejected
    }

    /// Place in the upstream's list, which is also the transport's.
    public let index: Int
    /// The name in logs, metrics and the config.
    public var name: String { isAttached ? offer.withLock { $0.name } : givenName }
    private let givenName: String
    /// What sealed ids name it by: the first bytes of a SHA-256 of the name.
    public let digest: UInt64
    /// Offers the 2024-11-05 transport.
    public var hasStreamEndpoint: Bool { isAttached ? offer.withLock { $0.hasStreamEndpoint } : hasGivenStreamEndpoint }
    private let hasGivenStreamEndpoint: Bool

    /// Reached through an attachment, which hosts its exchanges, and not by this node itself.
    public let isAttached: Bool
    /// What an attachment says of it, and who that is now, if anybody.
    private struct Offer {
        var name: String
        var hasStreamEndpoint: Bool
        var member: MemberID?
        /// Seconds on the node's clock; since when nobody puts it on the bus.
        var awaySince: UInt32
    }
    private let offer: Mutex<Offer>

    let health = Atomic<Health>(.unchecked)
    let isDraining = Atomic<Bool>(false)
    let era: Atomic<UInt8>
    let failuresInARow = Atomic<Int>(0)
    let successesInARow = Atomic<Int>(0)
    /// Exchanges that run now.
    let active = Atomic<Int>(0)
    /// Of these, streams of sessions, which each session may have beside its calls.
    let streams = Atomic<Int>(0)
    /// Sessions that live there.
    let sessions = Atomic<Int>(0)
    /// Of what an attachment says; it says at most 32 bits of load, so that their product is a number.
    private static let capacityMax = 1_000_000
    /// Sessions and running calls that it is made for; 0: nobody has said.
    private let capacity: Atomic<Int>
    /// What its attachment has counted of all nodes' together, and what this node has added since: sessions that it has
    /// had begun, and the difference to the calls that it had there then.
    private let reported = Atomic<Int>(0)
    private let begun = Atomic<Int>(0)
    private let callsWhenReported = Atomic<Int>(0)

    public init(
        index: Int, name: String, digest: UInt64, hasStreamEndpoint: Bool, era: Era = .unknown, capacity: Int = 0,
        isAttached: Bool = false, now: UInt32 = 0
    ) {
        self.capacity = Atomic(capacity)
        self.index = index
        givenName = name
        hasGivenStreamEndpoint = hasStreamEndpoint
        offer = Mutex(Offer(name: name, hasStreamEndpoint: hasStreamEndpoint, awaySince: now))
        // Nothing new for what only a token has told of.
        if isAttached { health.store(.ejected, ordering: .relaxed) }
        self.digest = digest
        self.era = Atomic(era.rawValue)
        self.isAttached = isAttached
    }

    /// May new sessions and stateless calls go there?
    public var isEligible: Bool { isUp && !isDraining.load(ordering: .relaxed) }

    /// Not ejected: what belongs there may go there, also while it drains.
    var isUp: Bool { health.load(ordering: .relaxed) != .ejected }

    /// A check or a request has shown that it works.
    public var isProven: Bool { health.load(ordering: .relaxed) == .healthy }

    public var currentEra: Era { Era(rawValue: era.load(ordering: .relaxed)) }

    private var calls: Int { max(0, active.load(ordering: .relaxed) - streams.load(ordering: .relaxed)) }

    /// Nothing of this node needs it.
    var isUnused: Bool { active.load(ordering: .relaxed) == 0 && sessions.load(ordering: .relaxed) == 0 }

    /// Calls that run plus sessions that live there, for the choice of the least loaded: those that this node knows or,
    /// where an attachment counts, those of all nodes. Which sessions a node knows says nothing there: it learns of one
    /// by its first use, and forgets it when it is idle.
    var load: Int {
        guard isAttached else { return calls + sessions.load(ordering: .relaxed) }
        let added = begun.load(ordering: .relaxed) + calls - callsWhenReported.load(ordering: .relaxed)
        return max(0, reported.load(ordering: .relaxed) + added)
    }

    /// It holds as much as it is made for. Nothing new goes there while that is so.
    var isFull: Bool {
        let capacity = capacity.load(ordering: .relaxed)
        return capacity > 0 && load >= capacity
    }

    /// It holds a smaller part of what it is made for. Where that is not known of both, it simply holds less.
    func isLessLoaded(than other: Instance) -> Bool {
        let (own, others) = (capacity.load(ordering: .relaxed), other.capacity.load(ordering: .relaxed))
        guard own > 0, others > 0 else { return load < other.load }
        return load * others < other.load * own
    }

    /// The attachment that puts it on the bus; nil for an instance that the node reaches by itself, or that is gone.
    var member: MemberID? { offer.withLock { $0.member } }

    /// An attachment puts it on the bus.
    /// - Parameter capacity: 0: it does not say.
    func attach(_ member: MemberID, name: String, hasStreamEndpoint: Bool, capacity: UInt32 = 0) {
        offer.withLock {
            $0 = Offer(name: name, hasStreamEndpoint: hasStreamEndpoint, member: member, awaySince: 0)
        }
        self.capacity.store(min(Int(capacity), Self.capacityMax), ordering: .relaxed)
    }

    /// Its attachment has counted so much there, of all nodes together. Comes with every sign of life.
    func noteLoad(_ load: UInt32) {
        reported.store(Int(load), ordering: .relaxed)
        callsWhenReported.store(calls, ordering: .relaxed)
        begun.store(0, ordering: .relaxed)
    }

    /// A session has begun there through this node.
    func noteBegun() { begun.add(1, ordering: .relaxed) }

    /// Nobody does any more.
    func detach(now: UInt32) {
        offer.withLock { offer in
            if offer.member != nil { offer.awaySince = now }
            offer.member = nil
        }
        health.store(.ejected, ordering: .relaxed)
        noteLoad(0)
    }

    /// The time of those that could not be heard does not count.
    func countAway(from now: UInt32) {
        offer.withLock { if $0.member == nil { $0.awaySince = now } }
    }

    /// For how many seconds nobody has put it on the bus; 0 while somebody does.
    func away(_ now: UInt32) -> UInt32 {
        offer.withLock { $0.member == nil ? now &- min($0.awaySince, now) : 0 }
    }

    /// Takes an instance out of the choice for new work; what runs goes on.
    public func drain() { isDraining.store(true, ordering: .relaxed) }
}

/// Which generations of the protocol an instance speaks, as far as is known (2026-07-28 versioning; cached verdicts).
public struct Era: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let unknown: Era = []
    /// Speaks 2026-07-28 or later.
    public static let stateless = Era(rawValue: 1)
    /// Answers `initialize` with a session id.
    public static let stateful = Era(rawValue: 2)
    /// Answers `initialize` without a session id: any instance serves any request.
    public static let sessionless = Era(rawValue: 4)
    /// Speaks 2024-11-05 only.
    public static let streamOnly = Era(rawValue: 8)
}
