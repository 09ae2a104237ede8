// What the event loops of one listener share: its bounds with what they hold, and counts of whom it has cut off. No
// request touches it that arrives in one piece and whose answer is taken.
internal import NIOCore
internal import Synchronization

/// The accounts of a listener.
final class DoorLedger: Sendable {
    /// Connections that may be open beyond the bound while they are told so. Beyond: nothing is accepted meanwhile.
    static let refusedAtOnceMax = 16

    let options: ListenerOptions
    /// Connections that are served.
    let connections: SharedBound
    /// Files: connections, and those that are being turned away.
    let files: SharedBound
    /// Bytes of requests that are not there whole.
    let received: SharedBound
    /// Bytes that clients have not taken.
    let queued: SharedBound
    let receivedRound: RoomRound
    let queuedRound: RoomRound
    private let members = Mutex<[LoopMember]>([])

    private let full = Atomic<Int>(0)
    private let noFiles = Atomic<Int>(0)
    private let stalledUpload = Atomic<Int>(0)
    private let noRoom = Atomic<Int>(0)
    private let slowRequest = Atomic<Int>(0)
    private let notReading = Atomic<Int>(0)
    private let queuedTotal = Atomic<Int>(0)

    init(_ options: ListenerOptions) {
        self.options = options
        connections = SharedBound(max: options.connectionsMax)
        files = SharedBound(max: options.connectionsMax + Self.refusedAtOnceMax)
        received = SharedBound(max: options.incomingBytesMax)
        queued = SharedBound(max: options.queuedTotalMax)
        receivedRound = RoomRound(.received)
        queuedRound = RoomRound(.queued)
    }

    /// Called once for each event loop, before the listener is bound.
    func join(_ member: LoopMember) { members.withLock { $0.append(member) } }

    /// The parts of the listener on the other event loops. Asked in a round only, when a bound is exceeded.
    func members(besides table: ConnectionTable) -> [LoopMember] {
        members.withLock { all in all.filter { !$0.holds(table) } }
    }

    func note(_ end: DoorEnd) { counter(end) { $0.wrappingAdd(1, ordering: .relaxed) } }

    var counts: DoorCounts {
        var counts = DoorCounts()
        counts.connections = connections.count
        counts.receivedBytes = received.count
        counts.queuedBytes = queued.count
        for end in DoorEnd.allCases { counter(end) { counts.ends[end.rawValue] = $0.load(ordering: .relaxed) } }
        return counts
    }

    private func counter(_ end: DoorEnd, _ body: (borrowing Atomic<Int>) -> Void) {
        switch end {
        case .full: body(full)
        case .files: body(noFiles)
        case .stalledUpload: body(stalledUpload)
        case .noRoom: body(noRoom)
        case .slowRequest: body(slowRequest)
        case .notReading: body(notReading)
        case .queuedTotal: body(queuedTotal)
        }
    }
}

/// A listener's table on one event loop, for other loops to hand work to. The table is touched on its loop only.
final class LoopMember: @unchecked Sendable {
    let loop: any EventLoop
    private(set) weak var table: ConnectionTable?
    private let identity: ObjectIdentifier

    init(_ loop: any EventLoop, _ table: ConnectionTable) {
        self.loop = loop
        self.table = table
        identity = ObjectIdentifier(table)
    }

    func holds(_ table: ConnectionTable) -> Bool { identity == ObjectIdentifier(table) }
}
