// The last events of one stream, kept so that a client that comes back can be given what it has not seen.
internal import NIOCore

/// A bounded row of events with consecutive numbers. Beyond a bound the oldest go first; the newest stays, unless all
/// are forgotten on purpose.
struct EventRing {
    private var events: [ByteBuffer] = []
    /// Place of the oldest in `events`; the places before it are empty.
    private var head = 0
    /// The number of the oldest event that is kept, or of the next one when none is.
    private(set) var first: UInt64 = 1
    private(set) var bytes = 0

    var count: Int { events.count - head }

    /// The number that the next event gets. The first is 1: 0 is the position before everything.
    var next: UInt64 { first &+ UInt64(count) }

    mutating func append(_ event: ByteBuffer, eventsMax: Int, bytesMax: Int) {
        events.append(event)
        bytes += event.readableBytes
        while count > 1, count > eventsMax || bytes > bytesMax { removeFirst() }
    }

    /// Forgets every event. The numbers go on.
    mutating func removeAll() {
        first = next
        events = []
        head = 0
        bytes = 0
    }

    private mutating func removeFirst() {
        bytes -= events[head].readableBytes
        events[head] = ByteBuffer()
        head += 1
        first &+= 1
        // Each element moves once at most per time that it is kept, so this costs nothing on average.
        if head > 32, head * 2 > events.count {
            events.removeFirst(head)
            head = 0
        }
    }

    /// The events after a position, or nil when some of them are not kept any more, or the position is none of this
    /// stream.
    func events(after position: UInt64) -> ArraySlice<ByteBuffer>? {
        guard position < next, position &+ 1 >= first else { return nil }
        let skipped = Int(clamping: position &+ 1 &- first)
        guard skipped <= count else { return nil }
        return events[(head + skipped)...]
    }
}
