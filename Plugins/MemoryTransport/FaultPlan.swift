// Which deliveries and calls go wrong, decided by a seed. Pure: the same seed, lane and number give the same fault, so
// that a failing run can be repeated.
public import NIOCore

/// Faults for a ``MemoryBackend``. Shares are from 0 to 1; all are 0 to begin with.
///
/// The first group stays **within the contract**: layers above have to stand it, for every transport may do it. The
/// second goes **beyond the contract**: no transport may do it, and a layer that stands it all the same is hardened.
public struct FaultPlan: Sendable {
    public var seed: UInt64

    // MARK: Within the contract

    /// Deliveries that are lost, whereupon the subscription ends as interrupted.
    public var noticedLosses = 0.0
    /// How soon after a loss the subscription ends, at the latest.
    public var noticeMax = TimeAmount.milliseconds(50)
    /// Deliveries that are late, with everything behind them.
    public var delays = 0.0
    /// How late, at most.
    public var delayMax = TimeAmount.milliseconds(50)
    /// Publishes that are refused as overloaded.
    public var refusedPublishes = 0.0
    /// Calls of directory and log that time out; half of them have happened.
    public var timeouts = 0.0
    /// Calls that fail at once as unreachable, and have not happened.
    public var unreachables = 0.0
    /// Calls that are late by up to ``delayMax``; half of them happen at the beginning of that time, half at the end.
    public var lateCalls = 0.0

    // MARK: Beyond the contract

    /// Deliveries that are lost, and nobody is told.
    public var silentLosses = 0.0
    /// Deliveries that come twice.
    public var duplicates = 0.0
    /// Deliveries that are late by up to ``delayMax``, and may be passed by later ones.
    public var reorders = 0.0
    /// Whether messages between the sides of a partition are lost without the subscription's end.
    public var partitionsAreSilent = false

    public init(seed: UInt64) { self.seed = seed }

    /// Some of everything that a transport may do.
    public static func withinContract(seed: UInt64) -> FaultPlan {
        var plan = FaultPlan(seed: seed)
        plan.noticedLosses = 0.01
        plan.delays = 0.1
        plan.refusedPublishes = 0.01
        plan.timeouts = 0.02
        plan.unreachables = 0.02
        plan.lateCalls = 0.2
        return plan
    }

    /// Some of everything, also of what no transport may do.
    public static func beyondContract(seed: UInt64) -> FaultPlan {
        var plan = withinContract(seed: seed)
        plan.silentLosses = 0.02
        plan.duplicates = 0.05
        plan.reorders = 0.1
        plan.partitionsAreSilent = true
        return plan
    }

    // MARK: Decisions

    /// What becomes of one delivery.
    public enum DeliveryFault: Sendable, Equatable {
        case pass
        /// Lost; the subscription ends after that time, or never.
        case lost(noticedAfter: TimeAmount?)
        case duplicate
        case delayed(TimeAmount, keepsOrder: Bool)
    }

    /// What becomes of one call of directory or log.
    public enum CallFault: Sendable, Equatable {
        case pass
        case unreachable
        case timedOut(hasHappened: Bool)
        case late(TimeAmount, happensFirst: Bool)
    }

    /// The fate of the `number`th delivery on a lane. A lane is what is counted by itself: from one publisher to one
    /// subscriber of one subject, or the calls of one member.
    public func delivery(_ number: UInt64, on lane: UInt64) -> DeliveryFault {
        var draw = FaultDraw(seed, lane, number)
        return switch draw.choice([noticedLosses, silentLosses, duplicates, delays, reorders]) {
        case 0: .lost(noticedAfter: draw.time(upTo: noticeMax))
        case 1: .lost(noticedAfter: nil)
        case 2: .duplicate
        case 3: .delayed(draw.time(upTo: delayMax), keepsOrder: true)
        case 4: .delayed(draw.time(upTo: delayMax), keepsOrder: false)
        default: .pass
        }
    }

    /// The fate of a member's `number`th call of directory or log.
    public func call(_ number: UInt64, on lane: UInt64) -> CallFault {
        var draw = FaultDraw(seed, lane, number)
        return switch draw.choice([timeouts, unreachables, lateCalls]) {
        case 0: .timedOut(hasHappened: draw.isHeads())
        case 1: .unreachable
        case 2: .late(draw.time(upTo: delayMax), happensFirst: draw.isHeads())
        default: .pass
        }
    }

    /// Whether a member's `number`th publish is refused.
    public func refusesPublish(_ number: UInt64, on lane: UInt64) -> Bool {
        var draw = FaultDraw(seed, lane, number)
        return draw.choice([refusedPublishes]) != nil
    }
}

/// Numbers for one decision (SplitMix64). Not for anything secret.
struct FaultDraw {
    private var state: UInt64

    init(_ seed: UInt64, _ lane: UInt64, _ number: UInt64) {
        state = seed
        state = next() ^ lane
        state = next() ^ number
    }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// The index of one of these shares, or nil for what they leave of 1.
    mutating func choice(_ shares: [Double]) -> Int? {
        var rest = Double(next() >> 11) / Double(1 << 53)
        for (index, share) in shares.enumerated() {
            rest -= share
            if rest < 0 { return index }
        }
        return nil
    }

    mutating func isHeads() -> Bool { next() & 1 == 0 }

    /// More than nothing, at most `longest`.
    mutating func time(upTo longest: TimeAmount) -> TimeAmount {
        .nanoseconds(1 + Int64(next() % UInt64(max(1, longest.nanoseconds))))
    }
}
