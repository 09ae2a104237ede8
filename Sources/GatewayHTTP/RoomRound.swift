// Makes room when one of a listener's shared bounds is exceeded: goes over all event loops and has them cut off whoever
// gives least for what he takes, the worst first, until there is room again.
internal import NIOCore
internal import Synchronization

/// Rounds over the event loops, one at a time.
///
/// A round goes down a ladder of scores. At each step every loop cuts off those of its connections that score so much
/// or more, the highest first, and stops once there is room. So the worst of all loops go first, although no loop sees
/// another's connections. Whoever scores less than the last step is left alone.
final class RoomRound: Sendable {
    /// What the bound is of.
    enum Kind: Sendable {
        /// Bytes of requests that are not there whole. Scores are milliseconds.
        ///
        /// First go those that have sent nothing for a second or more. Then those that have been sending for longest:
        /// age is what an attacker cannot buy. To push out an upload that has taken a second, others have to fill the
        /// whole bound within that second, and whoever trickles to look busy grows old. Nobody is cut off in his first
        /// second: if all are that young, it is the newcomer that is refused.
        case received
        /// Bytes that clients have not taken. Scores are milliseconds.
        ///
        /// First go those that have taken nothing for a second or more. Then those that would need longest to take what
        /// waits for them, at their pace of the last half second: who takes a byte now and then to look busy needs
        /// for ever, and who reads as fast as it can is among the last, however much it has asked for.
        case queued
    }

    /// Above every score of a connection that still moves.
    static let stalledScore = 1_000_000
    /// A connection on which nothing has moved for so long has stalled.
    static let stalledAfter = TimeAmount.seconds(1)
    /// Connections that one event loop cuts off in one step, so that it does not stop for its other clients.
    static let cutsMax = 64

    private let kind: Kind
    private let steps: [Int]
    private let isUnderWay = Atomic<Bool>(false)

    init(_ kind: Kind) {
        self.kind = kind
        switch kind {
        case .received: steps = [Self.stalledScore, 16_000, 8000, 4000, 2000, 1000]
        case .queued: steps = [Self.stalledScore, 64_000, 16_000, 4000, 1000, 0]
        }
    }

    /// Starts a round, unless one is under way. To be called on the table's event loop, from where connections may be
    /// cut off. If there is one loop only, the round is over when this returns.
    func begin(on table: ConnectionTable) {
        let (isFirst, _) = isUnderWay.compareExchange(
            expected: false, desired: true, ordering: .sequentiallyConsistent)
        if isFirst { take(0, on: table, table.ledger.members(besides: table)) }
    }

    private func take(_ step: Int, on table: ConnectionTable, _ others: [LoopMember]) {
        guard step < steps.count, !table.isRelieved(kind) else { return end(on: table, others) }
        let score = steps[step]
        table.cutOff(kind, from: score)
        guard let loop = table.loop, !others.isEmpty else { return take(step + 1, on: table, others) }
        let kind = kind
        let answers = others.map { other in other.loop.submit { other.table?.cutOff(kind, from: score) } }
        EventLoopFuture.whenAllComplete(answers, on: loop).assumeIsolated().whenComplete { _ in
            self.take(step + 1, on: table, others)
        }
    }

    /// Who came meanwhile and waits is told on each loop, in any case after this.
    private func end(on table: ConnectionTable, _ others: [LoopMember]) {
        isUnderWay.store(false, ordering: .sequentiallyConsistent)
        guard kind == .received else { return }
        table.settleWaiting()
        for other in others { other.loop.execute { other.table?.settleWaiting() } }
    }
}
