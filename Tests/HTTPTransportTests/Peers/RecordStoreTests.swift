// The records of one node, without sockets and with a clock of the test's own.
import NIOCore
import Testing
import TransportAPI

@testable import HTTPTransport

@Suite("Records of a node")
struct RecordStoreTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let key = Key128(high: 1, low: 2)
    private let first = ByteBuffer(string: "first")
    private let second = ByteBuffer(string: "second")

    /// A store that `#expect` can change.
    private final class Box {
        var store: RecordStore
        init(_ store: RecordStore) { self.store = store }

        func adopt(_ key: Key128, _ record: StoredRecord, now: NIODeadline) -> Bool {
            store.adopt(key, record, holders: [], now: now)
        }
    }

    private func store(records: Int = 100, bytes: Int = 10_000) -> Box {
        Box(RecordStore(recordsMax: records, bytesMax: bytes, now: start))
    }

    private func apply(
        _ call: DirectoryCall, _ box: Box, after: TimeAmount = .zero
    ) -> DirectoryReply? {
        box.store.apply(call, isSure: true, now: start + after, random: 400)
    }

    private func create(_ box: Box, lifetime: TimeAmount, after: TimeAmount = .zero) -> UInt64? {
        guard case .write(.written(let revision)) = apply(.create(key, first, lifetime: lifetime), box, after: after)
        else { return nil }
        return revision
    }

    @Test("What is not here is nobody's only when that is sure")
    func asksTheOthers() {
        let box = store()
        for call in [DirectoryCall.read(key), .create(key, first, lifetime: .hours(1)), .delete(key, from: 1)] {
            let reply = box.store.apply(call, isSure: false, now: start, random: 1)
            #expect(reply == nil)
        }
        #expect(apply(.read(key), box) == .read(.unknown))
        #expect(apply(.delete(key, from: 1), box) == .write(.lost(nil)))
        #expect(apply(.update(key, first, from: 1, lifetime: .hours(1)), box) == .write(.lost(nil)))
    }

    @Test("A write needs the revision that stands there")
    func comparesRevisions() throws {
        let box = store()
        let revision = try #require(create(box, lifetime: .hours(1)))
        let stands = DirectoryRecord(value: first, revision: revision)
        #expect(apply(.create(key, second, lifetime: .hours(1)), box) == .write(.lost(stands)))
        #expect(apply(.update(key, second, from: revision &+ 1, lifetime: .hours(1)), box) == .write(.lost(stands)))
        let update = apply(.update(key, second, from: revision, lifetime: .hours(1)), box)
        #expect(update == .write(.written(revision + 1)))
        #expect(apply(.delete(key, from: revision), box)
            == .write(.lost(DirectoryRecord(value: second, revision: revision + 1))))
        #expect(apply(.delete(key, from: revision + 1), box) == .write(.written(revision + 2)))
        #expect(apply(.read(key), box) == .read(.unknown))
        #expect(create(box, lifetime: .hours(1)) == revision + 3)
    }

    @Test("A record is there until its time and not after it, and its memory is given back")
    func expires() {
        let box = store()
        #expect(create(box, lifetime: .seconds(10)) != nil)
        #expect(box.store.entry(key, now: start + .nanoseconds(9_999_999_999)) != nil)
        #expect(box.store.entry(key, now: start + .seconds(10)) == nil)
        box.store.sweep(now: start + .seconds(9))
        #expect(box.store.count == 1)
        box.store.sweep(now: start + .seconds(12))
        #expect(box.store.count == 0)
        #expect(box.store.bytes == 0)
    }

    @Test("Lifetimes that grow and shrink are kept to the second", arguments: [UInt64(1), 7, 99])
    func changingLifetimes(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let box = store(records: 1000, bytes: 1 << 20)
        var expected: [Key128: (revision: UInt64, expiry: NIODeadline)] = [:]
        var now = start
        for step in 0..<4000 {
            now = now + .milliseconds(Int64(generator.next() % 300))
            let key = Key128(high: 0, low: generator.next() % 40)
            let lifetime = TimeAmount.milliseconds(Int64(generator.next() % 20_000))
            let live = expected[key].flatMap { $0.expiry > now ? $0 : nil }
            let call = live.map { DirectoryCall.update(key, second, from: $0.revision, lifetime: lifetime) }
                ?? .create(key, first, lifetime: lifetime)
            let reply = box.store.apply(call, isSure: true, now: now, random: generator.next())
            guard case .write(.written(let revision)) = reply else {
                Issue.record("seed \(seed), step \(step): \(String(describing: reply))")
                return
            }
            expected[key] = (revision, now + lifetime)
            box.store.sweep(now: now)
            for (key, record) in expected {
                #expect((box.store.entry(key, now: now) != nil) == (record.expiry > now), "seed \(seed), step \(step)")
            }
        }
        box.store.sweep(now: now + .seconds(30))
        #expect(box.store.count == 0, "seed \(seed)")
        #expect(box.store.bytes == 0, "seed \(seed)")
    }

    @Test("The later revision of two copies stays")
    func adopts() throws {
        let box = store()
        let revision = try #require(create(box, lifetime: .hours(1)))
        for (change, value) in [(-1, first), (0, first), (1, second)] {
            let copy = StoredRecord(
                value: second, revision: UInt64(Int(revision) + change), isDeleted: false, remaining: .hours(2))
            #expect(box.adopt(key, copy, now: start))
            #expect(box.store.entry(key, now: start)?.value == value)
        }
        let gone = StoredRecord(value: first, revision: .max, isDeleted: false, remaining: .zero)
        #expect(box.adopt(key, gone, now: start))
        #expect(box.store.entry(key, now: start)?.value == second)
    }

    @Test("Beyond its bounds a store takes nothing new, and changes nothing")
    func bounded() {
        let few = store(records: 1)
        #expect(create(few, lifetime: .hours(1)) != nil)
        let other = Key128(high: 3, low: 4)
        #expect(apply(.create(other, first, lifetime: .hours(1)), few) == .failed(.overloaded))
        #expect(few.store.entry(other, now: start) == nil)
        let small = store(bytes: 8)
        #expect(create(small, lifetime: .hours(1)) != nil)
        #expect(apply(.create(other, first, lifetime: .hours(1)), small) == .failed(.overloaded))
        let copy = StoredRecord(value: first, revision: 1, isDeleted: false, remaining: .hours(1))
        #expect(!small.adopt(other, copy, now: start))
        #expect(small.store.bytes == 5)
    }

    @Test("Records spread over nodes; when one goes only its records move, to the next in order")
    func rendezvous() throws {
        let nodes = try (1...5).map { try #require(MemberID(name: "n\($0)", incarnation: UInt64($0) * 77)) }
        var homes: [MemberID: Int] = [:]
        for low in 0..<2000 {
            let key = Key128(high: 9, low: UInt64(low))
            let order = Rendezvous.order(nodes, for: key)
            #expect(Rendezvous.order(nodes.reversed(), for: key) == order)
            homes[order[0], default: 0] += 1
            #expect(Rendezvous.order(nodes.filter { $0 != order[0] }, for: key) == Array(order.dropFirst()))
        }
        #expect(homes.values.allSatisfy { (300...500).contains($0) }, "\(homes)")
        #expect(Rendezvous.view(nodes) == Rendezvous.view(nodes.reversed()))
        #expect(Rendezvous.view(nodes) != Rendezvous.view(Array(nodes.dropLast())))
    }
}

/// Repeatable random numbers.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ bits &>> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits &>> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits &>> 31
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
}
