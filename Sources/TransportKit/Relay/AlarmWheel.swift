// Many deadlines, looked at a few times a second. Setting one and finding those that are due costs the same however
// many there are.
internal import NIOCore

/// A timing wheel. An alarm cannot be taken back: its owner looks whether it still means something.
struct AlarmWheel<Key: Hashable> {
    struct Alarm {
        var key: Key
        var deadline: NIODeadline
    }

    private static var slotCount: Int { 64 }
    private static var slotNanoseconds: UInt64 { 250_000_000 }

    private var slots = [[Alarm]](repeating: [], count: slotCount)
    /// The slot that was looked at last, counted from the beginning of time.
    private var position: UInt64 = 0
    /// Alarms that have not come up, those that mean nothing any more included.
    private(set) var count = 0

    /// Comes up at the first ``due(_:)`` at or after `deadline`, or at the next one if that is past.
    mutating func set(_ key: Key, at deadline: NIODeadline) {
        let wanted = (deadline.uptimeNanoseconds &+ Self.slotNanoseconds &- 1) / Self.slotNanoseconds
        put(Alarm(key: key, deadline: deadline), at: max(wanted, position &+ 1))
        count += 1
    }

    private mutating func put(_ alarm: Alarm, at place: UInt64) {
        slots[Int(place % UInt64(Self.slotCount))].append(alarm)
    }

    /// Takes out what is due.
    mutating func due(_ now: NIODeadline) -> [Alarm] {
        let target = now.uptimeNanoseconds / Self.slotNanoseconds
        guard target > position else { return [] }
        var due: [Alarm] = []
        let first = target - position > UInt64(Self.slotCount) ? target - UInt64(Self.slotCount) + 1 : position + 1
        position = target
        for place in first...target {
            let slot = Int(place % UInt64(Self.slotCount))
            let alarms = slots[slot]
            if alarms.isEmpty { continue }
            slots[slot] = alarms.filter { $0.deadline > now }
            due += alarms.lazy.filter { $0.deadline <= now }
        }
        count -= due.count
        return due
    }

    /// Throws out what means nothing any more.
    mutating func keep(where isMeant: (Alarm) -> Bool) {
        count = 0
        for slot in slots.indices {
            slots[slot].removeAll { !isMeant($0) }
            count += slots[slot].count
        }
    }
}
