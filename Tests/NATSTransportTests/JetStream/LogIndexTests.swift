// The index of a log: it grows, is cut off, and comes back from bytes as it went in.
#if NATS
import NIOCore
import Testing

@testable import NATSTransport

@Suite("JetStream: index of a log")
struct LogIndexTests {
    /// Appends lots of one to three entries until there are so many lots, each in messages of its own.
    private static func filled(
        _ count: Int, limits: LogLimits, seed: UInt64, check: (LogIndex) -> Void = { _ in }
    ) -> LogIndex {
        var random = Numbers(seed)
        var index = LogIndex(floor: 5)
        var sequence: UInt64 = 100
        var head: UInt64 = 0
        for _ in 0..<count {
            let first = (index.top ?? index.floor) + 1
            let entries = random.next(below: 3) + 1
            var pieces: [UInt64] = []
            for _ in 0..<random.next(below: 3) {
                sequence += UInt64(random.next(below: 4) + 1)
                pieces.append(sequence)
            }
            sequence += UInt64(random.next(below: 4) + 1)
            let lot = LogIndex.Lot(
                first: first, top: first + UInt64(entries) - 1, entries: entries, bytes: entries * 10,
                pieces: pieces + [LogIndex.own])
            index.add([lot], head: head, limits: limits)
            // Now and then, for it takes its time.
            var buffer = ByteBuffer()
            if index.lots.count % 7 == 1 { index.write(into: &buffer) }
            index.resolve(own: sequence)
            if buffer.readableBytes > 0 {
                #expect(LogIndex(&buffer, own: sequence) == index, "seed \(seed)")
                #expect(buffer.readableBytes == 0)
            }
            head = sequence
            check(index)
        }
        return index
    }

    @Test("What is written is read, with the carrier's sequence in place", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(seed: UInt64) {
        _ = Self.filled(500, limits: LogLimits(entries: 300, bytes: 10_000), seed: seed)
    }

    @Test("No more entries and bytes are kept than the limits say, without a hole")
    func limits() {
        let limits = LogLimits(entries: 300, bytes: 2_000)
        _ = Self.filled(600, limits: limits, seed: 4) { index in
            let entries = index.chapters.reduce(0) { $0 + $1.entries } + index.lots.reduce(0) { $0 + $1.entries }
            #expect(entries <= limits.entries && entries * 10 <= limits.bytes)
            var number = index.floor
            for (first, top) in index.chapters.map({ ($0.first, $0.top) }) + index.lots.map({ ($0.first, $0.top) }) {
                #expect(first == number + 1)
                number = top
            }
            #expect(index.first == index.floor + 1)
        }
    }

    @Test("The newest lot stays, however large")
    func newestStays() {
        var index = LogIndex(floor: 0)
        let limits = LogLimits(entries: 1, bytes: 1)
        for number: UInt64 in 1...3 {
            let lot = LogIndex.Lot(first: number, top: number, entries: 1, bytes: 1_000, pieces: [LogIndex.own])
            index.add([lot], head: number - 1, limits: limits)
            index.resolve(own: number)
        }
        #expect(index.first == 3 && index.top == 3 && index.floor == 2 && index.begin == 3)
    }

    @Test("An index of a full log stays small")
    func size() {
        var buffer = ByteBuffer()
        Self.filled(6_000, limits: LogLimits(entries: 10_000, bytes: 16 << 20), seed: 5).write(into: &buffer)
        #expect(buffer.readableBytes < 4_000, "\(buffer.readableBytes) bytes")
    }

    @Test("Bytes of anything else are refused or read, and never crash", arguments: [6, 7] as [UInt64])
    func garbled(seed: UInt64) {
        var random = Numbers(seed)
        var whole = ByteBuffer()
        Self.filled(60, limits: LogLimits(entries: 100, bytes: 10_000), seed: seed).write(into: &whole)
        for _ in 0..<5_000 {
            var bytes = Array(whole.readableBytesView.prefix(random.next(below: whole.readableBytes) + 1))
            for _ in 0..<random.next(below: 4) {
                bytes[random.next(below: bytes.count)] = UInt8(random.next(below: 256))
            }
            var buffer = ByteBuffer(bytes: bytes)
            guard let index = LogIndex(&buffer, own: .max) else { continue }
            #expect(index.lots.allSatisfy { $0.first <= $0.top && !$0.pieces.isEmpty })
        }
    }
}

/// Repeatable numbers.
struct Numbers {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(max(1, bound)))
    }
}

#endif
