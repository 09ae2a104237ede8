// What an append does, decided without a server.
#if NATS
import NIOCore
import Testing
import TransportAPI

@testable import NATSTransport

@Suite("JetStream: plan of an append")
struct LogPlanTests {
    private func entries(_ numbers: [UInt64], size: Int = 1) -> [LogEntry] {
        numbers.map { LogEntry(number: $0, event: ByteBuffer(repeating: 1, count: size)) }
    }

    private var upToFive: LogIndex {
        var index = LogIndex(floor: 0)
        index.lots = [LogIndex.Lot(first: 1, top: 5, entries: 5, bytes: 5, pieces: [1])]
        return index
    }

    @Test("Behind the end it goes on, behind a hole it begins anew, at or below the end it is stale")
    func verdicts() {
        let index = upToFive
        #expect(LogPlan.verdict(entries([6, 7]), after: 5, behind: index) == .goOn)
        #expect(LogPlan.verdict(entries([9]), after: 5, behind: index) == .goOn)
        #expect(LogPlan.verdict(entries([9]), after: 8, behind: index) == .beginAnew)
        #expect(LogPlan.verdict(entries([5]), after: 4, behind: index) == .stale(top: 5))
        #expect(LogPlan.verdict(entries([6]), after: 4, behind: index) == .stale(top: 5))
        #expect(LogPlan.verdict(entries([6]), after: 6, behind: index) == .stale(top: 5))
        #expect(LogPlan.verdict(entries([7, 7]), after: 5, behind: index) == .stale(top: 5))
        #expect(LogPlan.verdict(entries([1]), after: 0, behind: LogIndex(floor: 0)) == .beginAnew)
        #expect(LogPlan.verdict(entries([.max]), after: .max - 1, behind: LogIndex(floor: 0)) == .beginAnew)
    }

    @Test("Entries are grouped by number and bytes, and a large one stands alone")
    func lots() {
        let limits = LogLimits(entries: 80, bytes: 8_000)
        let small = LogPlan.lots(entries(Array(1...25)), limits: limits)
        #expect(small.map(\.lot.entries) == [10, 10, 5])
        #expect(small.map(\.lot.first) == [1, 11, 21])
        let large = LogPlan.lots(entries([1, 2]) + entries([3], size: 5_000) + entries([4]), limits: limits)
        #expect(large.map(\.lot.entries) == [2, 1, 1])
        #expect(large.map(\.lot.bytes) == [2, 5_000, 1])
        #expect(LogPlan.lots([], limits: limits).isEmpty)
    }

    @Test("Pieces put together are the whole", arguments: [0, 1, 9, 10, 11, 30, 31])
    func pieces(count: Int) {
        let whole = ByteBuffer(bytes: (0..<count).map { UInt8($0) })
        let pieces = LogPlan.pieces(whole, of: 10)
        #expect(pieces.count == max(1, (count + 9) / 10))
        #expect(pieces.allSatisfy { $0.readableBytes <= 10 })
        #expect(pieces.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) } == whole)
    }

    @Test("What a thread remembers of ends is bounded, and no longer used when its time may be over")
    func heads() {
        var heads = LogHeads()
        let head = LogHead(sequence: 1, writeID: nil, index: upToFive, aliveUntil: .uptimeNanoseconds(100))
        let key = Key128(high: 0, low: 0)
        func takes(_ time: UInt64) -> LogHead? { heads.take(key, now: .uptimeNanoseconds(time)) }
        heads.put(head, of: key)
        #expect([takes(99), takes(99)] == [head, nil])
        heads.put(head, of: key)
        #expect(takes(100) == nil as LogHead?)
        for low in 0..<UInt64(LogHeads.countMax + 10) { heads.put(head, of: Key128(high: 1, low: low)) }
        #expect(heads.count == LogHeads.countMax)
    }
}

#endif
