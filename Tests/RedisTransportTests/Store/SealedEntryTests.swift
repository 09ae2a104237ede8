// Entries of logs as the server keeps them: each opens in its own stream, at its own place there, and nowhere else.
#if Redis
import NIOCore
import Testing
import TransportAPI
import TransportKit

@testable import RedisTransport

@Suite("Redis: sealed entries")
struct SealedEntryTests {
    private let stream = Key128(high: 1, low: 2)
    private let entry = LogEntry(number: 9, event: ByteBuffer(string: "event"))

    private func seal(_ secrets: [[UInt8]] = [[1, 1, 1]], place: String = "p/0") throws -> StoreSeal {
        try StoreSeal(secrets: secrets, broker: "redis", place: place, role: "patchbay redis log 1")
    }

    /// The event as text, when opened with these.
    private func open(
        _ bytes: [UInt8], number: UInt64 = 9, after: UInt64 = 7, in stream: Key128? = nil, _ seal: StoreSeal
    ) -> String? {
        SealedEntry.open(ByteBuffer(bytes: bytes), number: number, after: after, in: stream ?? self.stream, seal)
            .map { String(buffer: $0) }
    }

    @Test("An entry opens as it was sealed, and has the size that was announced")
    func opens() throws {
        let seal = try seal()
        let sealed = SealedEntry.seal(entry, after: 7, in: stream, seal)
        #expect(open(sealed, seal) == "event")
        #expect(sealed.count == SealedEntry.overhead + 5)
        let empty = SealedEntry.seal(LogEntry(number: .max, event: ByteBuffer()), after: 0, in: stream, seal)
        #expect(open(empty, number: .max, after: 0, seal) == "")
        #expect(!sealed.indices.contains { sealed[$0...].starts(with: "event".utf8) })
        #expect(SealedEntry.seal(entry, after: 7, in: stream, seal) != sealed, "never twice the same")
    }

    @Test("It is bound to its stream, its number and the one before it")
    func bound() throws {
        let seal = try seal()
        let sealed = SealedEntry.seal(entry, after: 7, in: stream, seal)
        #expect(open(sealed, number: 8, seal) == nil)
        #expect(open(sealed, number: 10, seal) == nil)
        #expect(open(sealed, after: 6, seal) == nil)
        #expect(open(sealed, number: 7, after: 9, seal) == nil)
        for other in [Key128(high: 2, low: 1), Key128(high: 1, low: 3), Key128(high: 0, low: 2)] {
            #expect(open(sealed, in: other, seal) == nil)
        }
    }

    @Test("Another secret, place or role does not open it; an older secret does while it is rotated")
    func keys() throws {
        let sealed = SealedEntry.seal(entry, after: 7, in: stream, try seal())
        #expect(open(sealed, try seal([[2, 2, 2]])) == nil)
        #expect(open(sealed, try seal(place: "p/1")) == nil)
        #expect(open(sealed, try seal(place: "q/0")) == nil)
        let records = try StoreSeal(
            secrets: [[1, 1, 1]], broker: "redis", place: "p/0", role: "patchbay redis record 1")
        #expect(open(sealed, records) == nil)
        #expect(open(sealed, try seal([[2, 2, 2], [1, 1, 1]])) == "event")
        let rotated = SealedEntry.seal(entry, after: 7, in: stream, try seal([[2, 2, 2], [1, 1, 1]]))
        #expect(open(rotated, try seal()) == nil)
    }

    @Test("Garbled, cut and extended bytes do not open")
    func garbled() throws {
        let seal = try seal()
        let sealed = SealedEntry.seal(entry, after: 7, in: stream, seal)
        for place in sealed.indices {
            for bit in 0..<8 {
                var bent = sealed
                bent[place] ^= 1 << bit
                #expect(open(bent, seal) == nil, "byte \(place), bit \(bit)")
            }
            #expect(open(Array(sealed[..<place]), seal) == nil)
        }
        #expect(open(sealed + [0], seal) == nil)
        #expect(open([], seal) == nil)
        // Sealed by a member, and too short for an entry.
        #expect(open(seal.seal(ByteBuffer(bytes: Array(repeating: 0, count: 31))), seal) == nil)
    }
}
#endif
