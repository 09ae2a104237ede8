// What the server's clock shows, known between two bounds. Lifetimes count from the server's time of a message, so they
// are over when the server's clock says so, whatever the wall clock here shows. Pure.
internal import NIOCore

/// An estimate of the server's clock, made from messages that were written and read back.
struct ServerClock {
    /// After this time the estimate is made anew.
    static let refreshEvery = TimeAmount.seconds(20)
    /// How much the two clocks may drift apart, as a part of the time since the estimate.
    private static let driftDivisor: Int64 = 2_000
    /// A wider estimate than this is worth another try, for it is how late an expiry may be noticed.
    static let spreadGood = TimeAmount.milliseconds(250)

    private struct Estimate {
        /// Server's nanoseconds less ours, at least.
        var offset: Int64
        var spread: Int64
        var takenAt: NIODeadline
        var isDoubtful = false
    }

    private var estimate: Estimate?
    /// Until then nobody else tries to make a new estimate.
    private var triedUntil: NIODeadline?

    /// A message was sent and acknowledged at these times here, and bears this time of the server.
    mutating func note(serverTime: Int64, sent: NIODeadline, acknowledged: NIODeadline) {
        let offset = serverTime &- Self.nanoseconds(acknowledged)
        let spread = max(0, (acknowledged - sent).nanoseconds)
        if let old = estimate, !old.isDoubtful, old.spread < spread, acknowledged - old.takenAt < Self.refreshEvery {
            return
        }
        estimate = Estimate(offset: offset, spread: spread, takenAt: acknowledged)
    }

    /// The server may be another one: the estimate is to be made anew, and holds until then.
    mutating func doubt() {
        estimate?.isDoubtful = true
        triedUntil = nil
    }

    /// Nothing is known yet.
    var isUnknown: Bool { estimate == nil }

    /// The last estimate is good enough not to be improved at once.
    var isGood: Bool { estimate.map { $0.spread <= Self.spreadGood.nanoseconds } ?? false }

    /// Whether the caller shall make an estimate. Of several callers one is told so, again after `patience`.
    mutating func takeTurn(now: NIODeadline, patience: TimeAmount) -> Bool {
        if let estimate {
            guard estimate.isDoubtful || now - estimate.takenAt >= Self.refreshEvery else { return false }
            if let triedUntil, now < triedUntil { return false }
        }
        triedUntil = now + patience
        return true
    }

    /// Whether a message of this server time has lived so long for sure. Never true before; late by the width of the
    /// estimate at most. Without an estimate nothing has.
    func isOver(since serverTime: Int64, lifetime: Int64, now: NIODeadline) -> Bool {
        guard let estimate else { return false }
        let (end, isForever) = serverTime.addingReportingOverflow(lifetime)
        let age = max(0, (now - estimate.takenAt).nanoseconds)
        return !isForever && Self.nanoseconds(now) &+ estimate.offset &- age / Self.driftDivisor >= end
    }

    private static func nanoseconds(_ time: NIODeadline) -> Int64 { Int64(clamping: time.uptimeNanoseconds) }
}
