// A named group of interchangeable instances, published under one path, with the choice among them.
internal import Synchronization
public import TransportAPI

/// One upstream of the config.
public final class UpstreamGroup: Sendable {
    /// What the gateway does for this upstream beyond forwarding.
    public struct Options: Sendable {
        /// Forward the client's `Authorization`.
        public var forwardsAuthorization = false
        /// Further header names to forward, lower case.
        public var forwardedHeaders: [[UInt8]] = []
        /// Tag `requestState`, cursors and task ids of 2026-07-28 with their instance.
        public var tagsInstances = true
        /// Milliseconds to wait for the first byte of an answer.
        public var answerTimeoutMilliseconds: Int64 = 300_000
        /// Milliseconds that an answer's stream may stay without a byte.
        public var idleTimeoutMilliseconds: Int64 = 3_600_000
        /// Number and keep the events of stateful sessions, so that clients can resume their streams.
        public var isResumable = true
        public var health = HealthPolicy()

        public init() {}
    }

    public let index: Int
    public let name: String
    public let digest: UInt64
    public let path: String
    /// Those of the configuration; empty where instances attach themselves.
    private let configured: [Instance]
    /// Its instances come by themselves, through attachments.
    public let takesAttachments: Bool
    private let attached = Mutex<[Instance]>([])
    public let transport: any Upstream
    public let options: Options
    /// Its instances are shown who is asking.
    let showsCredentials: Bool

    public init(
        index: Int, name: String, digest: UInt64, path: String, instances: [Instance], transport: any Upstream,
        options: Options, takesAttachments: Bool = false
    ) {
        self.index = index
        self.name = name
        self.digest = digest
        self.path = path
        configured = instances
        self.takesAttachments = takesAttachments
        self.transport = transport
        self.options = options
        showsCredentials = options.forwardsAuthorization || !options.forwardedHeaders.isEmpty
    }

    /// All instances that are known. The list of the configuration never changes, so that it takes no lock.
    public var instances: [Instance] { takesAttachments ? attached.withLock { $0 } : configured }

    /// Attached instances that are remembered, those included that have left. Beyond: the first that has left is
    /// forgotten, and without one a newcomer is not taken in.
    static let attachedMax = 1024

    /// The attached instance of this digest, made if it is not known. Nil at the bound.
    func attachedInstance(digest: UInt64, name: String?, now: UInt32) -> Instance? {
        attached.withLock { all in
            if let known = all.first(where: { $0.digest == digest }) { return known }
            if all.count >= Self.attachedMax {
                guard let gone = all.firstIndex(where: { $0.member == nil && $0.isUnused }) else { return nil }
                all.remove(at: gone)
            }
            let index = (all.last?.index ?? -1) + 1
            let instance = Instance(
                index: index, name: name ?? String(digest, radix: 16), digest: digest,
                hasStreamEndpoint: false, isAttached: true, now: now)
            all.append(instance)
            return instance
        }
    }

    /// What a request needs of the instance that serves it.
    enum Need {
        /// A new stateful session.
        case session
        /// A stateful request without a session: only instances that keep none.
        case sessionless
        /// A 2026-07-28 request.
        case stateless
        /// A 2024-11-05 stream.
        case stream

        func isMet(by instance: Instance) -> Bool {
            let era = instance.currentEra
            return switch self {
            case .session: era == .unknown || !era.isDisjoint(with: [.stateful, .sessionless])
            case .sessionless: era == .unknown || era.contains(.sessionless)
            case .stateless: era == .unknown || era.contains(.stateless)
            case .stream: instance.hasStreamEndpoint
            }
        }
    }

    /// The less loaded of two random eligible instances, `excluded` (a bit set of indices) left out; nil if none is.
    func choose(_ need: Need, excluding excluded: UInt64 = 0, random: inout FastRandom) -> Instance? {
        var eligible = 0
        let instances = instances
        for instance in instances where isCandidate(instance, need, excluded) { eligible += 1 }
        guard eligible > 0 else { return nil }
        // Another event loop may have filled one meanwhile.
        let drawn = candidate(instances, random.below(eligible), need, excluded)
        guard let first = drawn ?? candidate(instances, 0, need, excluded) else { return nil }
        guard eligible > 1, let second = candidate(instances, random.below(eligible), need, excluded) else {
            return first
        }
        return second.isLessLoaded(than: first) ? second : first
    }

    /// True if some instance could meet the need, whether or not it is up.
    func couldMeet(_ need: Need) -> Bool {
        let instances = instances
        return takesAttachments && instances.isEmpty || instances.contains { need.isMet(by: $0) }
    }

    /// True if every instance that could serve it now holds as much as it is made for.
    func isFull(_ need: Need) -> Bool {
        let able = instances.filter { $0.isEligible && need.isMet(by: $0) }
        return !able.isEmpty && able.allSatisfy(\.isFull)
    }

    private func isCandidate(_ instance: Instance, _ need: Need, _ excluded: UInt64) -> Bool {
        let bit: UInt64 = instance.index < 64 ? 1 &<< UInt64(instance.index) : 0
        return instance.isEligible && excluded & bit == 0 && need.isMet(by: instance) && !instance.isFull
    }

    private func candidate(
        _ instances: [Instance], _ wanted: Int, _ need: Need, _ excluded: UInt64
    ) -> Instance? {
        var left = wanted
        for instance in instances where isCandidate(instance, need, excluded) {
            if left == 0 { return instance }
            left -= 1
        }
        return nil
    }

    func instance(digest: UInt64) -> Instance? { instances.first { $0.digest == digest } }
}

/// xorshift64*: for balancing only, never for secrets.
struct FastRandom {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    /// 0 ..< bound; bound is positive and small, so the bias is too.
    mutating func below(_ bound: Int) -> Int { Int(next() >> 33) % max(bound, 1) }
}
