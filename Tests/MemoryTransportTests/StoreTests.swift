// Directory and log of the memory transport: bounds, expiry, sweeping, and calls that fail as a plan says.
import MemoryTransport
import NIOCore
import NIOEmbedded
import Testing
import TransportAPI

@Suite("Memory directory and log")
struct StoreTests {
    private let hour = TimeAmount.hours(1)

    private func key(_ number: Int) -> Key128 { Key128(high: 0, low: UInt64(number)) }

    private func entries(_ numbers: ClosedRange<UInt64>, bytes: Int = 1) -> [LogEntry] {
        numbers.map { LogEntry(number: $0, event: ByteBuffer(repeating: 0x65, count: bytes)) }
    }

    // MARK: Directory

    @Test("A record is there until the nanosecond of its time, and not after")
    func expiry() throws {
        let cluster = try EmbeddedCluster()
        let directory = try cluster.directory(0)
        _ = try directory.create(key(1), ByteBuffer(string: "x"), lifetime: .seconds(5), on: cluster.loop).wait()
        cluster.loop.advanceTime(by: .seconds(5) - .nanoseconds(1))
        #expect(try directory.read(key(1), on: cluster.loop).wait() != .absent)
        cluster.loop.advanceTime(by: .nanoseconds(1))
        #expect(try directory.read(key(1), on: cluster.loop).wait() == .absent)
    }

    @Test("A full directory refuses new records until old ones expire; updates go on")
    func recordBound() throws {
        var limits = MemoryLimits()
        limits.records = 3
        let cluster = try EmbeddedCluster(limits: limits)
        let (loop, directory) = (cluster.loop, try cluster.directory(0))
        var revision: UInt64 = 0
        for number in 0..<3 {
            let write = try directory.create(key(number), ByteBuffer(), lifetime: .seconds(10), on: loop).wait()
            if case .written(let now) = write { revision = now }
        }
        #expect(failure { try directory.create(key(3), ByteBuffer(), lifetime: hour, on: loop).wait() } == .overloaded)
        #expect(try directory.read(key(3), on: loop).wait() == .absent)
        let value = ByteBuffer(string: "y")
        let update = try directory.update(key(2), value, from: revision, lifetime: hour, on: loop).wait()
        #expect(update == .written(revision + 1))
        loop.advanceTime(by: .seconds(10))
        let write = try directory.create(key(3), ByteBuffer(), lifetime: hour, on: loop).wait()
        #expect(write == .written(revision + 2))
    }

    @Test("The bytes of all values are bounded, and counted right over updates and deletes")
    func directoryBytes() throws {
        var limits = MemoryLimits()
        limits.directoryBytes = 1_000
        let cluster = try EmbeddedCluster(limits: limits)
        let (loop, directory) = (cluster.loop, try cluster.directory(0))
        func value(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 0, count: count) }
        #expect(try directory.create(key(1), value(600), lifetime: hour, on: loop).wait() == .written(1))
        #expect(failure { try directory.create(key(2), value(401), lifetime: hour, on: loop).wait() } == .overloaded)
        #expect(try directory.create(key(2), value(400), lifetime: hour, on: loop).wait() == .written(2))
        let tooMuch = directory.update(key(1), value(601), from: 1, lifetime: hour, on: loop)
        #expect(failure { try tooMuch.wait() } == .overloaded)
        #expect(try directory.update(key(1), value(100), from: 1, lifetime: hour, on: loop).wait() == .written(3))
        #expect(try directory.update(key(2), value(900), from: 2, lifetime: hour, on: loop).wait() == .written(4))
        #expect(try directory.delete(key(2), from: 4, on: loop).wait() == .written(5))
        #expect(try directory.create(key(3), value(900), lifetime: hour, on: loop).wait() == .written(6))
    }

    @Test("What is kept is a copy of its own, not a slice of the buffer that it came in")
    func copies() throws {
        let cluster = try EmbeddedCluster()
        let directory = try cluster.directory(0)
        let large = ByteBuffer(repeating: 0x61, count: 100_000)
        let slice = try #require(large.getSlice(at: 50, length: 10))
        _ = try directory.create(key(1), slice, lifetime: hour, on: cluster.loop).wait()
        guard case .found(let record) = try directory.read(key(1), on: cluster.loop).wait() else {
            Issue.record("nothing is there")
            return
        }
        #expect(record.value == slice)
        #expect(record.value.storageCapacity < 1_000)
    }

    // MARK: Log

    @Test("Beyond the entries or bytes of a stream the oldest go, and the newest always stays")
    func streamBounds() throws {
        var limits = MemoryLimits()
        limits.streamEntries = 4
        limits.streamBytes = 1_000
        let cluster = try EmbeddedCluster(limits: limits)
        let (loop, log) = (cluster.loop, try cluster.log(0))
        _ = try log.append(entries(1...6), to: key(1), after: 0, lifetime: hour, on: loop).wait()
        #expect(try log.read(key(1), after: 1, limit: 10, on: loop).wait() == .lost(first: 3))
        #expect(try log.read(key(1), after: 2, limit: 10, on: loop).wait() == .page(entries(3...6)))
        _ = try log.append(entries(7...7, bytes: 5_000), to: key(1), after: 6, lifetime: hour, on: loop).wait()
        #expect(try log.read(key(1), after: 5, limit: 10, on: loop).wait() == .lost(first: 7))
        #expect(try log.read(key(1), after: 6, limit: 10, on: loop).wait() == .page(entries(7...7, bytes: 5_000)))
    }

    @Test("A full log refuses new streams until old ones expire")
    func logBounds() throws {
        var limits = MemoryLimits()
        limits.streams = 2
        limits.logBytes = 100
        let cluster = try EmbeddedCluster(limits: limits)
        let (loop, log) = (cluster.loop, try cluster.log(0))
        func append(_ number: Int, bytes: Int) throws -> LogAppend {
            let one = entries(1...1, bytes: bytes)
            return try log.append(one, to: key(number), after: 0, lifetime: .seconds(9), on: loop).wait()
        }
        #expect(try append(1, bytes: 60) == .appended)
        #expect(failure { try append(2, bytes: 41) } == .overloaded)
        #expect(try append(2, bytes: 40) == .appended)
        #expect(failure { try append(3, bytes: 0) } == .overloaded)
        #expect(try log.read(key(3), after: 0, limit: 1, on: loop).wait() == .lost(first: nil))
        loop.advanceTime(by: .seconds(9))
        #expect(try append(3, bytes: 100) == .appended)
    }

    @Test("Entries that contradict themselves or what stands there are refused as a whole")
    func disorder() throws {
        let cluster = try EmbeddedCluster()
        let (loop, log) = (cluster.loop, try cluster.log(0))
        let wrong = entries(1...2) + entries(2...3)
        #expect(try log.append(wrong, to: key(1), after: 0, lifetime: hour, on: loop).wait() == .stale(top: 0))
        #expect(try log.read(key(1), after: 0, limit: 9, on: loop).wait() == .lost(first: nil))
        #expect(try log.append(entries(5...6), to: key(1), after: 5, lifetime: hour, on: loop).wait() == .stale(top: 0))
        // Nor may an append deny that there is something before it.
        _ = try log.append(entries(1...5), to: key(1), after: 0, lifetime: hour, on: loop).wait()
        #expect(try log.append(entries(6...6), to: key(1), after: 3, lifetime: hour, on: loop).wait() == .stale(top: 5))
    }

    // MARK: Faults

    @Test("A call that times out ends with its time, whether it happened or not")
    func timeouts() throws {
        var plan = FaultPlan(seed: 3)
        plan.timeouts = 1
        let cluster = try EmbeddedCluster(faults: plan)
        let (loop, directory) = (cluster.loop, try cluster.directory(0))
        let futures = (0..<40).map { directory.create(key($0), ByteBuffer(), lifetime: hour, on: loop) }
        loop.advanceTime(by: directory.timeout - .nanoseconds(1))
        #expect(futures.allSatisfy { !$0.isFulfilled })
        loop.advanceTime(by: .nanoseconds(1))
        for future in futures { #expect(failure { try future.wait() } == .timedOut) }
        cluster.backend.setFaults(nil)
        let happened = try (0..<40).count { try directory.read(key($0), on: loop).wait() != .absent }
        #expect(happened > 5 && happened < 35)
    }

    @Test("Late calls come late, and all of them happen")
    func lateCalls() throws {
        var plan = FaultPlan(seed: 3)
        plan.lateCalls = 1
        let cluster = try EmbeddedCluster(faults: plan)
        let (loop, log) = (cluster.loop, try cluster.log(0))
        let futures = (0..<20).map {
            log.append(entries(1...2), to: key($0), after: 0, lifetime: hour, on: loop)
        }
        #expect(futures.allSatisfy { !$0.isFulfilled })
        loop.advanceTime(by: .milliseconds(50))
        for future in futures { #expect(try future.wait() == .appended) }
    }

    @Test("Who is cut off from the store times out without effect, until it heals")
    func cutOff() throws {
        let cluster = try EmbeddedCluster()
        let (loop, directory) = (cluster.loop, try cluster.directory(0))
        cluster.backend.cutOffStore(from: [cluster.members[0]])
        let future = directory.create(key(1), ByteBuffer(), lifetime: hour, on: loop)
        #expect(try cluster.directory(1).read(key(1), on: loop).wait() == .absent)
        loop.advanceTime(by: directory.timeout)
        #expect(failure { try future.wait() } == .timedOut)
        cluster.backend.heal()
        #expect(try directory.read(key(1), on: loop).wait() == .absent)
    }

    @Test("Forgetting loses everything and changes the incarnation")
    func forget() throws {
        let cluster = try EmbeddedCluster()
        let (loop, directory, log) = (cluster.loop, try cluster.directory(0), try cluster.log(0))
        _ = try directory.create(key(1), ByteBuffer(), lifetime: hour, on: loop).wait()
        _ = try log.append(entries(1...2), to: key(1), after: 0, lifetime: hour, on: loop).wait()
        #expect(try directory.incarnation(on: loop).wait() == 1)
        cluster.backend.forget()
        #expect(try directory.incarnation(on: loop).wait() == 2)
        #expect(try directory.read(key(1), on: loop).wait() == .absent)
        #expect(try log.read(key(1), after: 2, limit: 1, on: loop).wait() == .lost(first: nil))
    }
}

extension EventLoopFuture {
    /// Whether it has come out already. On its loop's thread only.
    fileprivate var isFulfilled: Bool {
        let box = NIOLoopBoundBox(false, eventLoop: eventLoop)
        whenComplete { _ in box.value = true }
        return box.value
    }
}
