// The client connections of one event loop: looks at their deadlines and queues twice a second, cuts off the worst when
// a bound of the listener is exceeded, closes them in a drain. One timer for all, so that a request sets its deadlines
// with a plain store.
internal import NIOCore

/// The client connections of one listener on one event loop.
final class ConnectionTable {
    static let tickInterval = TimeAmount.milliseconds(500)

    let options: ListenerOptions
    let ledger: DoorLedger
    /// Nil only in tests, where connections of one table have loops of their own.
    let loop: (any EventLoop)?
    private var connections: [HTTP1Connection] = []
    /// Those that have received above the bound and are not read on until room was made, or not.
    private var waiting: [HTTP1Connection] = []
    /// Asked on rare events only. Tests set it.
    var clock: () -> NIODeadline = { .now() }
    private var isReliefDue = false
    var isDraining = false

    init(_ ledger: DoorLedger, loop: (any EventLoop)? = nil) {
        self.ledger = ledger
        self.loop = loop
        options = ledger.options
    }

    var count: Int { connections.count }

    func start(on loop: any EventLoop) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleRepeatedTask(initialDelay: Self.tickInterval, delay: Self.tickInterval) { _ in
            bound.value.tick(now: bound.value.clock())
        }
    }

    func tick(now: NIODeadline) {
        for connection in connections { connection.tick(now: now) }
        if ledger.queued.isExceeded { ledger.queuedRound.begin(on: self) }
    }

    func add(_ connection: HTTP1Connection) {
        connection.slot = connections.count
        connections.append(connection)
    }

    func remove(_ connection: HTTP1Connection) {
        guard connection.slot < connections.count, connections[connection.slot] === connection else { return }
        let last = connections.removeLast()
        guard last !== connection else { return }
        connections[connection.slot] = last
        last.slot = connection.slot
    }

    /// From now on every answer ends its connection; idle ones end at once.
    func drain() {
        isDraining = true
        for connection in connections { connection.closeIfIdle() }
    }

    /// NIO closes behind the writes that wait, so nothing that was handed over is lost.
    func closeWhenWritten() { for connection in connections { connection.closeBehindWrites() } }

    // MARK: Shared bounds

    /// A connection has received something that does not fit any more. It is told what became of it.
    func makeRoom(for connection: HTTP1Connection) {
        waiting.append(connection)
        ledger.receivedRound.begin(on: self)
    }

    /// The round is over: whoever waited is read on while there is room, or else refused.
    func settleWaiting() {
        let all = waiting
        waiting = []
        for connection in all { connection.endWait(hasRoom: !ledger.received.isExceeded) }
    }

    /// What clients do not take has become too much. Whoever is closed for it has an exchange that hears of it, so this
    /// is never done from within the work of another one.
    func relieveSoon(on loop: any EventLoop) {
        guard !isReliefDue else { return }
        isReliefDue = true
        loop.assumeIsolated().execute { [self] in
            isReliefDue = false
            if ledger.queued.isExceeded { ledger.queuedRound.begin(on: self) }
        }
    }

    func isRelieved(_ kind: RoomRound.Kind) -> Bool { bound(kind).isRelieved }

    /// Cuts off connections that score so much or more, the highest first, until there is room.
    func cutOff(_ kind: RoomRound.Kind, from least: Int) {
        let bound = bound(kind)
        guard !bound.isRelieved else { return }
        let now = clock()
        var found: [(score: Int, connection: HTTP1Connection)] = []
        for connection in connections {
            if let score = connection.score(kind, now: now), score >= least { found.append((score, connection)) }
        }
        found.sort { $0.score > $1.score }
        for (score, connection) in found.prefix(RoomRound.cutsMax) where !bound.isRelieved {
            connection.cutOff(kind, hasStalled: score >= RoomRound.stalledScore)
        }
    }

    private func bound(_ kind: RoomRound.Kind) -> SharedBound {
        switch kind {
        case .received: ledger.received
        case .queued: ledger.queued
        }
    }
}
