// What a connection keeps of a request that is not there whole, and since when: what the listener's bound on received
// bytes counts, and what decides who is cut off when it is exceeded.
internal import NIOCore

/// The unfinished request of one connection.
struct PendingRequest {
    /// Bytes of storage, which is what a client takes of the memory, whether it has filled them or not.
    private(set) var held = 0
    var bodyStorage = 0
    private var began = NIODeadline.uptimeNanoseconds(0)
    private var arrived = NIODeadline.uptimeNanoseconds(0)
    /// More was received than fits, and a round looks whether room can be made. Nothing is read meanwhile.
    var waitsForRoom = false

    /// Some of its head has come.
    mutating func noteArrival(_ now: NIODeadline) { arrived = now }

    /// Bytes of its body have been read. Lengths of chunks and the like do not count as such.
    mutating func noteBody(storage: Int, grew: Bool, _ now: NIODeadline) {
        bodyStorage = storage
        if grew { noteArrival(now) }
    }

    /// - Returns: by how much it has changed.
    mutating func hold(_ bytes: Int, _ now: NIODeadline) -> Int {
        if held == 0, bytes > 0 {
            began = now
            arrived = now
        }
        defer { held = bytes }
        return bytes - held
    }

    /// How bad it is, see ``RoomRound/Kind/received``.
    func score(_ now: NIODeadline) -> Int {
        let silence = now - arrived
        guard silence < RoomRound.stalledAfter else {
            return RoomRound.stalledScore + Int(clamping: silence.nanoseconds / 1_000_000)
        }
        return min(Int(clamping: (now - began).nanoseconds / 1_000_000), RoomRound.stalledScore - 1)
    }
}
