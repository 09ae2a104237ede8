// The numbered streams of one event loop, by name. Live ones and, for a while, complete ones, within a bound of bytes.
// Names are places in an array with a stamp each, so that neither a call nor its end costs a hash.
internal import NIOCore

/// The streams that one event loop holds.
struct StreamTable {
    private struct Place {
        var stamp: UInt32 = 0
        var stream: HostedStream?
    }

    private struct Complete {
        var name: StreamName
        var expires: NIODeadline
        var bytes: Int
    }

    /// Places that a name can tell apart. Beyond: a stream gets no name, and its client cannot come back to it.
    static let placesMax = 1 << 24

    private let loop: UInt8
    private let bytesMax: Int
    private let liveBytesMax: Int
    private var places: [Place] = []
    private var free: [UInt32] = []
    private var complete: [Complete] = []
    /// Place of the oldest in `complete`.
    private var oldest = 0
    /// Kept by complete streams.
    private(set) var completeBytes = 0
    /// Kept by live streams.
    private(set) var liveBytes = 0
    private(set) var count = 0

    /// - Parameters:
    ///   - bytesMax: kept by complete streams. Beyond: the oldest are forgotten.
    ///   - liveBytesMax: kept by live ones. Beyond: those that keep most forget all they have, until there is room.
    init(loop: UInt8, bytesMax: Int, liveBytesMax: Int = .max) {
        self.loop = loop
        self.bytesMax = bytesMax
        self.liveBytesMax = liveBytesMax
    }

    /// Makes a name and puts there what `make` returns for it. Nil when there is no place.
    mutating func insert(_ kind: StreamName.Kind, _ make: (StreamName) -> HostedStream) -> HostedStream? {
        let slot: UInt32
        if let reused = free.popLast() {
            slot = reused
        } else {
            guard places.count < Self.placesMax else { return nil }
            slot = UInt32(truncatingIfNeeded: places.count)
            places.append(Place())
        }
        places[Int(slot)].stamp = max(places[Int(slot)].stamp &+ 1, 1)
        let stream = make(StreamName(kind: kind, loop: loop, slot: slot, stamp: places[Int(slot)].stamp))
        places[Int(slot)].stream = stream
        count += 1
        liveBytes += stream.bytes
        return stream
    }

    /// A live stream has kept an event.
    mutating func noteKept(by stream: HostedStream, before: Int) {
        liveBytes += stream.bytes - before
        if liveBytes > liveBytesMax { makeRoom() }
    }

    /// Those that keep most go first, so that a flood of large events costs nobody else the few that he keeps. More
    /// than need be, so that it is done seldom.
    private mutating func makeRoom() {
        let wanted = liveBytesMax - liveBytesMax / Self.roomShare
        let live = places.compactMap { $0.stream }.filter { $0.exchange != nil && $0.ring.count > 0 }
        let inOrder = live.sorted { one, other in
            (other.bytes, one.name.packed) < (one.bytes, other.name.packed)
        }
        for stream in inOrder {
            guard liveBytes > wanted else { return }
            let kept = stream.bytes
            stream.forgetEvents()
            liveBytes -= kept - stream.bytes
            forgotten += 1
        }
    }

    /// What is made free at once: one part in so many of the bound.
    private static let roomShare = 8
    /// Streams that have forgotten what they kept because all together kept too much.
    private(set) var forgotten: UInt64 = 0

    /// Complete streams that the log does not have whole yet, though it takes events.
    var finishing: Int { complete.dropFirst(oldest).count { find($0.name)?.recorder?.isFinishing == true } }

    func find(_ name: StreamName) -> HostedStream? {
        guard name.loop == loop, Int(name.slot) < places.count else { return nil }
        let place = places[Int(name.slot)]
        return place.stamp == name.stamp && place.stream?.name.kind == name.kind ? place.stream : nil
    }

    /// The stream gets no more events. It is kept until `expires`, or until the bound needs its bytes.
    mutating func close(_ stream: HostedStream, expires: NIODeadline) {
        liveBytes -= stream.bytes
        complete.append(Complete(name: stream.name, expires: expires, bytes: stream.bytes))
        completeBytes += stream.bytes
        while completeBytes > bytesMax, oldest < complete.count { removeOldest() }
    }

    /// A live stream is over, and nobody can come back to it.
    mutating func remove(_ stream: HostedStream) {
        guard find(stream.name) != nil else { return }
        liveBytes -= stream.bytes
        remove(stream.name)
    }

    /// Forgets complete streams whose time is over.
    mutating func tick(now: NIODeadline) {
        while oldest < complete.count, complete[oldest].expires <= now { removeOldest() }
    }

    private mutating func removeOldest() {
        let entry = complete[oldest]
        oldest += 1
        completeBytes -= entry.bytes
        remove(entry.name)
        if oldest > 64, oldest * 2 > complete.count {
            complete.removeFirst(oldest)
            oldest = 0
        }
    }

    private mutating func remove(_ name: StreamName) {
        guard find(name) != nil else { return }
        places[Int(name.slot)].stream = nil
        free.append(name.slot)
        count -= 1
    }
}
