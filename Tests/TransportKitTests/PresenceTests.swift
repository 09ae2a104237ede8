// Who is there: heartbeats as bytes, and the table with a clock of its own.
import NIOCore
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Heartbeat")
struct HeartbeatTests {
    static let attached = Heartbeat.Attached(
        upstream: "tools", instance: "i-1", label: "v2", era: 3, hasStreamEndpoint: true, capacity: 200)

    @Test("It is read as it was written", arguments: [
        Heartbeat(role: .node, isDraining: false, isReady: true, load: 0),
        Heartbeat(role: .node, isDraining: true, isReady: false, load: .max),
        Heartbeat(role: .attachment, isDraining: false, isReady: true, load: 7, attached: attached),
    ])
    func roundTrip(_ heartbeat: Heartbeat) {
        #expect(Heartbeat(heartbeat.envelope()) == heartbeat)
        #expect(EnvelopeKind(of: heartbeat.envelope()) == .heartbeat)
    }

    @Test("A goodbye is none")
    func goodbye() {
        #expect(EnvelopeKind(of: Heartbeat.goodbye()) == .goodbye)
        #expect(Heartbeat(Heartbeat.goodbye()) == nil)
    }

    @Test("Texts out of bounds are refused", arguments: [
        ("", "i", "l"), ("u", "", "l"), (String(repeating: "u", count: 129), "i", "l"),
        ("u", String(repeating: "é", count: 65), "l"), ("u", "i", String(repeating: "l", count: 257)),
        ("u\n", "i", "l"), ("u", "i\u{0}", "l"), ("u", "i", "\u{7F}"),
    ])
    func texts(_ upstream: String, _ instance: String, _ label: String) {
        var heartbeat = Heartbeat(role: .attachment, isDraining: false, isReady: true, load: 0)
        heartbeat.attached = .init(
            upstream: upstream, instance: instance, label: label, era: 1, hasStreamEndpoint: false)
        #expect(Heartbeat(heartbeat.envelope()) == nil)
    }

    @Test("Fields of a later program are passed over; wrong ones and a later version are refused")
    func fields() {
        func read(_ version: UInt8, role: UInt64, load: UInt64) -> Heartbeat? {
            var fields = FieldWriter(version: version)
            fields.write(200, "later")
            fields.write(1, role)
            fields.write(2, 0)
            fields.write(3, load)
            let header = ByteBuffer(integer: EnvelopeKind.heartbeat.rawValue)
            return Heartbeat(Envelope(header: header, body: fields.buffer))
        }
        #expect(read(1, role: 1, load: 5)?.load == 5)
        #expect(read(2, role: 1, load: 5) == nil)
        #expect(read(1, role: 3, load: 5) == nil)
        #expect(read(1, role: 257, load: 5) == nil)
        #expect(read(1, role: 1, load: 1 << 32) == nil)
    }

    @Test("Changed bytes are refused or read, and nothing else")
    func noise() {
        let whole = Heartbeat(role: .attachment, isDraining: false, isReady: true, load: 7, attached: Self.attached)
            .envelope()
        for seed in UInt64(0)..<5_000 {
            var numbers = SeededNumbers(seed: seed)
            var changed = whole
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                changed.body.setInteger(
                    UInt8.random(in: 0...255, using: &numbers),
                    at: Int.random(in: 0..<changed.body.writerIndex, using: &numbers))
            }
            changed.body.moveWriterIndex(to: Int.random(in: 0...changed.body.writerIndex, using: &numbers))
            if let read = Heartbeat(changed), let attached = read.attached {
                #expect(!attached.upstream.isEmpty && attached.upstream.utf8.count <= Heartbeat.nameBytesMax)
            }
        }
    }
}

@Suite("Presence")
struct PresenceTests {
    /// A table with its clock, and what it said, in short.
    private struct Watch {
        var table: PresenceTable
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        let own = MemberID(name: "own", incarnation: 1)!

        init(membersMax: Int = 10) { table = PresenceTable(own: own, membersMax: membersMax) }

        static func id(_ name: String, _ incarnation: UInt64) -> MemberID {
            MemberID(name: name, incarnation: incarnation)!
        }

        mutating func beat(_ member: MemberID, load: UInt32 = 0) -> [String] {
            let heartbeat = Heartbeat(role: .node, isDraining: false, isReady: true, load: load)
            return table.heard(heartbeat, from: member, now: now).map(Self.short)
        }

        /// Ticks as a process does, with members that beat each second.
        mutating func pass(_ milliseconds: Int64, alive: [MemberID] = []) -> [String] {
            var changes: [String] = []
            for step in 1...(milliseconds / 250) {
                now = now + .milliseconds(250)
                if step % 4 == 0 { for member in alive { changes += beat(member) } }
                changes += table.tick(now: now).map(Self.short)
            }
            return changes
        }

        static func short(_ change: PresenceChange) -> String {
            switch change {
            case .joined(let member): "\(member.id.name) joined"
            case .changed(let member): "\(member.id.name) changed"
            case .suspected(let member): "\(member.id.name) suspected"
            case .recovered(let member): "\(member.id.name) recovered"
            case .left(let member, let reason): "\(member.id.name)\(member.id.incarnation) left \(reason)"
            }
        }
    }

    private static let a = Watch.id("a", 10)
    private static let b = Watch.id("b", 20)

    @Test("A member joins, changes, and stays while it beats")
    func beats() {
        var watch = Watch()
        #expect(watch.beat(Self.a) == ["a joined"])
        #expect(watch.beat(Self.a) == [])
        #expect(watch.beat(Self.a, load: 5) == ["a changed"])
        #expect(watch.table.member(incarnation: 10)?.heartbeat.load == 5)
        #expect(watch.beat(Self.a) == ["a changed"])
        #expect(watch.pass(60_000, alive: [Self.a]) == [])
        #expect(watch.table.members.map(\.id) == [Self.a])
        #expect(!watch.table.wasPaused)
    }

    @Test("Silence: suspected after three seconds, gone after five, and it may come back")
    func silence() {
        var watch = Watch()
        _ = watch.beat(Self.a)
        _ = watch.beat(Self.b)
        #expect(watch.pass(2_750, alive: [Self.b]) == [])
        #expect(watch.pass(250, alive: [Self.b]) == ["a suspected"])
        #expect(watch.table.member(incarnation: 10)?.isSuspect == true)
        _ = watch.beat(Self.b)
        #expect(watch.pass(1_750, alive: [Self.b]) == [])
        #expect(watch.pass(250) == ["a10 left silent"])
        #expect(watch.beat(Self.a) == ["a joined"])
    }

    @Test("A suspect recovers by a heartbeat at once, by any other sign at the next tick")
    func recovery() {
        var watch = Watch()
        _ = watch.beat(Self.a)
        #expect(watch.pass(3_000) == ["a suspected"])
        #expect(watch.beat(Self.a) == ["a recovered"])
        #expect(watch.pass(3_000) == ["a suspected"])
        watch.table.noteLife(Self.a, now: watch.now)
        #expect(watch.pass(250) == ["a recovered"])
        for _ in 0..<50 {
            watch.table.noteLife(Self.a, now: watch.now)
            #expect(watch.pass(1_000) == [])
        }
    }

    @Test("Unreachable is suspected at once, and gone when it stays silent")
    func unreachable() {
        var watch = Watch()
        _ = watch.beat(Self.a)
        _ = watch.pass(500)
        #expect(watch.table.unreachable(Self.a, now: watch.now).map(Watch.short) == ["a suspected"])
        #expect(watch.table.unreachable(Self.a, now: watch.now).isEmpty)
        #expect(watch.table.unreachable(Self.b, now: watch.now).isEmpty)
        #expect(watch.pass(250) == [])
        #expect(watch.beat(Self.a) == ["a recovered"])
        _ = watch.table.unreachable(Self.a, now: watch.now)
        #expect(watch.pass(5_000) == ["a10 left silent"])
    }

    @Test("A goodbye is final: what arrives late does not bring it back")
    func goodbye() {
        var watch = Watch()
        _ = watch.beat(Self.a)
        #expect(watch.table.saidGoodbye(Self.a).map(Watch.short) == ["a10 left goodbye"])
        #expect(watch.table.saidGoodbye(Self.a).isEmpty)
        #expect(watch.beat(Self.a) == [])
        #expect(watch.table.members.isEmpty)
        #expect(watch.beat(Watch.id("a", 11)) == ["a joined"])
    }

    @Test("A new start of a name replaces the old one for good")
    func replaced() {
        var watch = Watch()
        _ = watch.beat(Self.a)
        let next = Watch.id("a", 11)
        #expect(watch.beat(next) == ["a10 left replaced", "a joined"])
        for _ in 0..<100 {
            #expect(watch.beat(Self.a) == [])
            #expect(watch.pass(1_000, alive: [next]) == [])
        }
        #expect(watch.table.members.map(\.id) == [next])
    }

    @Test("Its own heartbeats, and other names with a known incarnation, are ignored")
    func ignored() {
        var watch = Watch()
        #expect(watch.beat(watch.own) == [])
        #expect(watch.table.saidGoodbye(watch.own).isEmpty)
        _ = watch.beat(Self.a)
        #expect(watch.beat(Watch.id("z", 10)) == [])
        #expect(watch.table.members.map(\.id.name) == ["a"])
    }

    @Test("The table and its memory of those that left are bounded")
    func bounds() {
        var watch = Watch(membersMax: 3)
        for number in UInt64(0)..<10 { _ = watch.beat(Watch.id("m\(number)", 100 + number)) }
        #expect(watch.table.members.map(\.id.name) == ["m0", "m1", "m2"])
        for number in UInt64(0)..<2_000 { _ = watch.table.saidGoodbye(Watch.id("g", 1_000 + number)) }
        #expect(watch.table.departed.count == PresenceTable.departedMax)
        #expect(watch.pass(5_000) == ["m2", "m1", "m0"].map { "\($0) suspected" } + [
            "m2102 left silent", "m1101 left silent", "m0100 left silent",
        ])
        _ = watch.pass(60_000)
        #expect(watch.table.departed.isEmpty)
    }

    @Test("A process that was stopped gives the others a heartbeat's time, and says that it was")
    func paused() {
        var watch = Watch()
        _ = watch.pass(250)
        _ = watch.beat(Self.a)
        _ = watch.beat(Self.b)
        watch.now = watch.now + .seconds(60)
        #expect(watch.table.tick(now: watch.now).isEmpty)
        #expect(watch.table.wasPaused)
        #expect(watch.beat(Self.b) == [])
        #expect(watch.pass(750) == [])
        #expect(!watch.table.wasPaused)
        #expect(watch.pass(250) == ["a suspected"])
        _ = watch.beat(Self.b)
        #expect(watch.pass(1_750) == [])
        #expect(watch.pass(250) == ["a10 left silent"])
    }

    @Test("A member that was silent before the pause is not forgiven more than that")
    func pausedSuspect() {
        var watch = Watch()
        _ = watch.beat(Self.a)
        #expect(watch.pass(4_000) == ["a suspected"])
        watch.now = watch.now + .seconds(60)
        #expect(watch.table.tick(now: watch.now).isEmpty)
        #expect(watch.table.member(incarnation: 10)?.isSuspect == true)
        #expect(watch.pass(3_000) == ["a10 left silent"])
    }
}
