// What is kept at the server as bytes: records, messages of logs, lots, and their seals.
#if NATS
import NIOCore
import SealedBox
import Testing
import TransportAPI
import TransportKit

@testable import NATSTransport

@Suite("JetStream: bytes that are kept")
struct KeptBytesTests {
    private let key = Key128(high: 1, low: 2)
    private let other = Key128(high: 2, low: 1)

    @Test("Numbers take as few bytes as they need", arguments: [0, 1, 127, 128, 16_383, 16_384, UInt64.max - 1, .max])
    func varints(number: UInt64) {
        var buffer = ByteBuffer()
        buffer.writeVarint(number)
        #expect(buffer.readableBytes == max(1, (64 - number.leadingZeroBitCount + 6) / 7))
        let read = [buffer.readVarint(), buffer.readVarint()]
        #expect(read == [number, nil])
    }

    @Test("A number above 64 bits is refused")
    func longVarint() {
        var buffer = ByteBuffer(repeating: 0xFF, count: 9)
        buffer.writeInteger(UInt8(2))
        var endless = ByteBuffer(repeating: 0x80, count: 64)
        let read = [buffer.readVarint(), endless.readVarint()]
        #expect(read == [nil, nil])
    }

    @Test("A record is read as it was written, and under its own key only")
    func record() {
        let record = BucketRecord(key: key, lifetime: .seconds(3), writeID: 9, value: ByteBuffer(string: "value"))
        #expect(BucketRecord(record.bytes, of: key) == record)
        #expect(record.bytes.readableBytes == BucketRecord.overhead + 5)
        #expect(BucketRecord(record.bytes, of: other) == nil)
        for count in 0..<BucketRecord.overhead {
            #expect(BucketRecord(record.bytes.getSlice(at: 0, length: count) ?? ByteBuffer(), of: key) == nil)
        }
    }

    @Test("A message of a log is read as it was written, and of its own log only")
    func message() {
        var index = LogIndex(floor: 4)
        index.lots = [LogIndex.Lot(first: 5, top: 6, entries: 2, bytes: 3, pieces: [7, LogIndex.own])]
        let message = LogMessage(
            key: key, lifetime: .seconds(1), writeID: 1, index: index, piece: ByteBuffer(string: "abc"))
        #expect(LogMessage(message.bytes, of: key) == message)
        #expect(LogMessage(message.bytes, of: other) == nil)
        index.resolve(own: 9)
        #expect(message.index(at: 9) == index)
        let bytes = message.bytes
        for count in 0..<bytes.readableBytes {
            let cut = LogMessage(bytes.getSlice(at: 0, length: count) ?? ByteBuffer(), of: key)
            #expect(cut?.index(at: 9) == nil)
        }
    }

    @Test("A lot is read only if it is what the index says")
    func lot() {
        let entries = [LogEntry(number: 3, event: ByteBuffer(string: "a")), LogEntry(number: 9, event: ByteBuffer())]
        let bytes = LotBytes.write(entries)
        let lot = LogIndex.Lot(first: 3, top: 9, entries: 2, bytes: 1, pieces: [1])
        #expect(LotBytes.read(bytes, as: lot) == entries)
        var wrong = lot
        wrong.top = 8
        #expect(LotBytes.read(bytes, as: wrong) == nil)
        #expect(LotBytes.read(LotBytes.write(entries.reversed()), as: lot) == nil)
        for count in 0..<bytes.readableBytes {
            #expect(LotBytes.read(bytes.getSlice(at: 0, length: count) ?? ByteBuffer(), as: lot) == nil)
        }
    }

    @Test("What is sealed opens for the same stream, role and secret, and nothing else")
    func seal() throws {
        let secret: [[UInt8]] = [Array(repeating: 1, count: 32)]
        let seal = try StoreSeal(secrets: secret, broker: "jetstream", place: "a", role: "record")
        let sealed = seal.seal(ByteBuffer(string: "text"))
        #expect(sealed.count == StoreSeal.overhead + 4)
        #expect(seal.open(sealed) == ByteBuffer(string: "text"))
        #expect(try StoreSeal(secrets: secret, broker: "jetstream", place: "b", role: "record").open(sealed) == nil)
        #expect(try StoreSeal(secrets: secret, broker: "jetstream", place: "a", role: "log").open(sealed) == nil)
        let stranger = try StoreSeal(secrets: [[2, 2, 2]], broker: "jetstream", place: "a", role: "record")
        #expect(stranger.open(sealed) == nil)
        let both = try StoreSeal(secrets: [[3, 3, 3], secret[0]], broker: "jetstream", place: "a", role: "record")
        #expect(both.open(sealed) == ByteBuffer(string: "text"))
        for place in sealed.indices {
            var bent = sealed
            bent[place] ^= 1
            #expect(seal.open(bent) == nil)
        }
        #expect(seal.open([]) == nil)
    }
}

#endif
