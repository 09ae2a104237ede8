// One stateful conversation, shared by all event loops of the node. What changes is atomic; what does not is plain.
internal import MCPWire
internal import NIOCore
internal import Synchronization

/// The identity of a session: 128 random bits, never shown to anyone in the clear.
public struct SessionID: Hashable, Sendable {
    let high: UInt64
    let low: UInt64
}

/// A digest of who is speaking. All zero is the anonymous principal.
public struct Principal: Hashable, Sendable {
    public var high: UInt64 = 0
    public var low: UInt64 = 0
    public init() {}
    public static let anonymous = Principal()
}

/// A session that lives on one instance.
public final class Session: Sendable {
    let id: SessionID
    let upstream: UpstreamGroup
    let instance: Instance
    /// The instance's own id. Never shown to clients.
    let upstreamSessionID: [UInt8]
    /// The header line that names it at its instance, ready to be copied; empty where there is none.
    let upstreamLine: [UInt8]
    let principal: Principal
    /// Grows with each session that this process makes.
    let number = made.add(1, ordering: .relaxed).newValue
    private static let made = Atomic<UInt64>(0)
    /// Whom it counts for when shares are given out.
    let owner: Owner
    /// The credentials that the instance has accepted last, where it is shown any.
    let accepted = Mutex<(credentials: Credentials, began: NIODeadline)?>(nil)
    /// Where its messages go, for 2024-11-05 only.
    let messagePath: String?
    /// Seconds on the node's monotonic clock at which it ends, whatever happens.
    let endsAt: UInt32
    /// Made from a token of an earlier start of the node.
    let isRestored: Bool

    private let ended = Atomic<Bool>(false)
    private let forgotten = Atomic<Bool>(false)
    private let counts = Atomic<Bool>(true)
    /// It could not be put on record when it began: nobody else may end it, or know that it lives.
    let isUnrecorded = Atomic<Bool>(false)
    /// When its use was put on record last, in seconds on the node's clock.
    let recordedAt: Atomic<UInt32>
    private let lastSeen: Atomic<UInt32>
    /// How many gaps the node had seen when it knew last what is on record of it.
    private let readAfter: Atomic<UInt32>
    /// From when on the record is to be read all the same, since it could not be; 0 for not.
    private let readAgain: Atomic<UInt32>
    /// It began elsewhere, and nobody has read here yet whether it still lives.
    private let unverified: Atomic<Bool>
    private let negotiated = Atomic<UInt8>(.max)
    /// Counts the instances that it has lived on.
    let epoch: UInt32 = 0
    let calls = Atomic<Int>(0)
    let streams = Atomic<Int>(0)
    /// The packed name of the session's own stream where a loop of this node holds it, else 0.
    let heldStream = Atomic<UInt64>(0)
    private let kinds = Atomic<UInt8>(0)
    private let seal = AtomicLazyReference<SealedText>()

    private final class SealedText: Sendable {
        let text: [UInt8]
        init(_ text: [UInt8]) { self.text = text }
    }

    init(
        id: SessionID, upstream: UpstreamGroup, instance: Instance, upstreamSessionID: [UInt8], principal: Principal,
        owner: Owner = .unknown, messagePath: String?, now: UInt32, endsAt: UInt32, isRestored: Bool = false,
        gaps: UInt32 = 0
    ) {
        self.id = id
        self.upstream = upstream
        self.instance = instance
        self.upstreamSessionID = upstreamSessionID
        upstreamLine = upstreamSessionID.isEmpty
            ? [] : Array("Mcp-Session-Id: ".utf8) + upstreamSessionID + Array("\r\n".utf8)
        self.principal = principal
        self.owner = owner
        self.messagePath = messagePath
        self.endsAt = endsAt
        self.isRestored = isRestored
        lastSeen = Atomic(now)
        recordedAt = Atomic(now)
        readAfter = Atomic(gaps)
        // From a token alone: with its first request it is read what is on record.
        readAgain = Atomic(isRestored ? 1 : 0)
        unverified = Atomic(isRestored)
        instance.sessions.add(1, ordering: .relaxed)
    }

    deinit { leaveInstance() }

    /// It counts for its instance's load no more; once.
    private func leaveInstance() {
        if counts.exchange(false, ordering: .relaxed) { instance.sessions.subtract(1, ordering: .relaxed) }
    }

    var hasEnded: Bool { ended.load(ordering: .acquiring) }

    /// Messages of other nodes were lost since it was known what is on record of it; they may have ended it.
    func isUnread(since gaps: UInt32) -> Bool { readAfter.load(ordering: .relaxed) != gaps }

    /// Nothing that cannot be taken back is done for it before its record was read, or could not be.
    var isUnverified: Bool { unverified.load(ordering: .relaxed) }

    /// True for the first who asks when it is time to read again what could not be read.
    func takeReading(now: UInt32) -> Bool {
        let again = readAgain.load(ordering: .relaxed)
        guard again != 0, now >= again else { return false }
        return readAgain.compareExchange(expected: again, desired: 0, ordering: .relaxed).exchanged
    }

    /// - Parameter again: when to read it again, because it could not be read; 0 for not.
    func noteRead(after gaps: UInt32, again: UInt32 = 0) {
        unverified.store(false, ordering: .relaxed)
        readAgain.store(again, ordering: .relaxed)
        readAfter.store(gaps, ordering: .relaxed)
    }

    /// Something of it runs here.
    var isBusy: Bool { calls.load(ordering: .relaxed) > 0 || streams.load(ordering: .relaxed) > 0 }

    /// This node holds it no more, though it may live: the next request finds it anew by its token.
    var isForgotten: Bool { forgotten.load(ordering: .acquiring) }

    func forget() {
        forgotten.store(true, ordering: .releasing)
        leaveInstance()
    }

    /// Ends it for good. Returns false if it had ended before.
    @discardableResult
    func end() -> Bool {
        guard !ended.exchange(true, ordering: .acquiringAndReleasing) else { return false }
        leaveInstance()
        return true
    }

    /// A call of 2024-11-05 was answered on the stream. Never below zero: instances may answer what nobody asked.
    func noteAnswered() {
        if calls.subtract(1, ordering: .relaxed).newValue < 0 { calls.add(1, ordering: .relaxed) }
    }

    func touch(_ now: UInt32) {
        if lastSeen.load(ordering: .relaxed) != now { lastSeen.store(now, ordering: .relaxed) }
    }

    /// When it was used last, in seconds on the node's clock.
    var seenAt: UInt32 { lastSeen.load(ordering: .relaxed) }

    /// Quiet for `idle` seconds with nothing running, or too old.
    func isExpired(_ now: UInt32, idle: UInt32) -> Bool {
        if now >= endsAt { return true }
        let quiet = now &- min(now, lastSeen.load(ordering: .relaxed))
        return quiet >= idle && !isBusy
    }

    /// The raw value of the negotiated revision, or nil while unknown (after a restart with the same secret).
    var revisionValue: UInt8? {
        get {
            let value = negotiated.load(ordering: .relaxed)
            return value == .max ? nil : value
        }
        set { negotiated.store(newValue ?? .max, ordering: .relaxed) }
    }

    /// The kinds of list that the server announces changes of.
    var listKinds: ListKinds {
        get { ListKinds(rawValue: kinds.load(ordering: .relaxed)) }
        set { kinds.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// The negotiated revision; the first one with sessions while it is unknown, which asks the least of a client.
    var revision: Revision { revisionValue.flatMap { Revision(rawValue: $0) } ?? .v2025_03_26 }

    /// The sealed part of this session's event ids, made by the first who needs it.
    func streamSeal(_ make: () -> [UInt8]) -> [UInt8] {
        (seal.load() ?? seal.storeIfNil(SealedText(make()))).text
    }
}
