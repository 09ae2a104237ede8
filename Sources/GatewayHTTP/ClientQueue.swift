// What was written for one client and what it has taken of it, as far as was looked. Writing is a plain addition; the
// looks are the connection's, twice a second, and at each write for a client that has stopped reading.
internal import NIOCore

/// The account of one client's queue.
struct ClientQueue {
    private static let tickMilliseconds = Int(ConnectionTable.tickInterval.nanoseconds / 1_000_000)

    private var written = 0
    private var taken = 0
    private var takenAt = NIODeadline.uptimeNanoseconds(0)
    /// Bytes taken in a tick, of late: each tick counts half as much as the next one. A queue that is new counts as
    /// taken within a tick.
    private var pace = 0
    /// Something was written since the queue was last seen empty.
    private(set) var mayHold = false
    /// Bytes that waited when that was last looked at: what this client adds to the count of all.
    private(set) var counted = 0

    mutating func add(_ bytes: Int) {
        written &+= bytes
        mayHold = true
    }

    /// Notes how many bytes wait.
    /// - Returns: by how much that differs from what was counted.
    mutating func count(_ queued: Int, now: NIODeadline) -> Int {
        if counted == 0, queued > 0 {
            // The clock begins now, not when an earlier queue was taken.
            takenAt = now
            taken = written &- queued
            pace = queued
        }
        defer { counted = queued }
        return queued - counted
    }

    /// The same, once in a tick: notes as well whether the client has taken anything since the last one.
    mutating func look(_ queued: Int, now: NIODeadline) -> Int {
        let isNew = counted == 0
        let change = count(queued, now: now)
        if queued == 0 { mayHold = false }
        guard !isNew else { return change }
        let takenNow = written &- queued
        pace = (pace &+ takenNow &- taken) / 2
        guard takenNow != taken else { return change }
        taken = takenNow
        takenAt = now
        return change
    }

    /// For how long the client has taken nothing, although something waits.
    func idle(_ now: NIODeadline) -> TimeAmount { counted > 0 ? now - takenAt : .zero }

    /// How bad this client is, see ``RoomRound/Kind/queued``.
    func score(_ now: NIODeadline) -> Int {
        let idle = idle(now)
        guard idle < RoomRound.stalledAfter else {
            return RoomRound.stalledScore + Int(clamping: idle.nanoseconds / 1_000_000)
        }
        let ticks = min(counted / max(pace, 1), (RoomRound.stalledScore - 1) / Self.tickMilliseconds)
        return ticks * Self.tickMilliseconds
    }
}
