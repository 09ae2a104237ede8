// How much of answers may be held whole at once: results that need a look, events that have not arrived whole. When
// there is no more room, instances are read on one after the other, so that every answer comes that would come alone.
internal import NIOCore
internal import TransportAPI

/// The bytes that one event loop's exchanges hold of answers that are not whole, or that their clients have not taken.
///
/// Beyond the bound whoever wants to hold more waits: its instance is not read on. If all wait for each other, the one
/// that waits longest goes on, so that the bound is passed by one answer, and by what each has read before it waits.
/// Who has room and is too slow with it while others wait is given up.
final class HeldBudget {
    /// Bytes of one exchange that are not counted, so that small answers cost nothing here.
    static let freeBytes = 16 * 1024
    /// While others wait for room, whoever has some moves so many bytes in so long: receives them, or hands them over.
    /// Who does not is given up.
    static let paceWindow = TimeAmount.seconds(10)
    static let paceBytes = 256 * 1024

    let bytesMax: Int
    private(set) var bytes = 0
    private var holders: [Exchange] = []
    /// Those of them that wait for room, in order.
    private var waiters: [Exchange] = []
    /// When the pace is looked at, and what had been moved when that was decided.
    private var paceAt: NIODeadline?

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    var waitingCount: Int { waiters.count }

    /// The exchange holds so much now.
    func note(_ exchange: Exchange, _ size: Int) {
        let counted = size > Self.freeBytes ? size : 0
        let before = exchange.heldBytes
        guard counted != before else { return }
        bytes += counted - before
        exchange.heldBytes = counted
        exchange.heldMoved &+= abs(counted - before)
        if before == 0 { holders.append(exchange) }
        if counted == 0 { forget(exchange) }
        if counted > before, bytes > bytesMax, othersWillGo(exchange), !exchange.pauses.contains(.room) {
            waiters.append(exchange)
            exchange.pause(for: .room)
        }
        if counted < before { admit() }
    }

    /// Somebody else's bytes will go without this one's doing.
    private func othersWillGo(_ exchange: Exchange) -> Bool {
        holders.contains { $0 !== exchange && !$0.pauses.contains(.room) }
    }

    private func forget(_ exchange: Exchange) {
        holders.removeAll { $0 === exchange }
        waiters.removeAll { $0 === exchange }
        exchange.resume(from: .room)
    }

    private func admit() {
        while let first = waiters.first, bytes < bytesMax || !holders.contains(where: { !$0.pauses.contains(.room) }) {
            waiters.removeFirst()
            first.resume(from: .room)
        }
    }

    /// What the exchange holds is whole: it needs no more room.
    func noteWhole(_ exchange: Exchange) {
        guard exchange.pauses.contains(.room) else { return }
        waiters.removeAll { $0 === exchange }
        exchange.resume(from: .room)
    }

    func tick(now: NIODeadline) {
        guard !waiters.isEmpty else { return paceAt = nil }
        guard let at = paceAt else {
            paceAt = now + Self.paceWindow
            for exchange in holders { exchange.heldMoved = 0 }
            return
        }
        guard now >= at else { return }
        paceAt = nil
        for exchange in holders where !exchange.pauses.contains(.room) && exchange.heldMoved < Self.paceBytes {
            exchange.giveUpRoom()
        }
    }
}

extension Exchange {
    /// Why an instance is not read on.
    struct Pauses: OptionSet {
        let rawValue: UInt8
        /// The client takes nothing.
        static let client = Pauses(rawValue: 1)
        /// There is no room for more of answers like this.
        static let room = Pauses(rawValue: 2)
        /// The session is being put on record.
        static let record = Pauses(rawValue: 4)
    }

    func pause(for reason: Pauses) {
        if pauses.isEmpty { handle?.pause() }
        pauses.insert(reason)
    }

    func resume(from reason: Pauses) {
        guard pauses.contains(reason) else { return }
        pauses.remove(reason)
        guard pauses.isEmpty else { return }
        // The silence of an instance that was paused is not its own.
        lastRead = worker.now
        handle?.resume()
    }

    /// It is too slow with memory that others wait for: its client, or its instance.
    fileprivate func giveUpRoom() {
        if case .delivering = phase, let sink { return closeSlowClient(sink) }
        if pauses.contains(.client), let sink { return closeSlowClient(sink) }
        giveUp("its answer came too slowly while others waited for the memory that it takes")
    }
}
