// Tagged fields: what was written is read, and what was not is refused.
import NIOCore
import Testing

@testable import TransportKit

@Suite("Tagged fields")
struct FieldTests {
    @Test("What was written is read again")
    func roundTrip() throws {
        var writer = FieldWriter(version: 3)
        writer.write(1, [1, 2, 3])
        writer.write(2, ByteBuffer(repeating: 7, count: 70_000))
        writer.write(3, "tëxt")
        writer.write(9, [] as [UInt8])
        writer.write(1, [4])
        let fields = try #require(FieldReader(writer.buffer, versions: 1...3))
        #expect(fields.version == 3)
        #expect(fields.array(1) == [1, 2, 3])
        #expect(fields.bytes(2)?.readableBytes == 70_000)
        #expect(fields.text(3, bytesMax: 5) == "tëxt")
        #expect(fields.text(3, bytesMax: 4) == nil)
        #expect(fields.array(9) == [])
        #expect(fields.all(1).map { Array($0.readableBytesView) } == [[1, 2, 3], [4]])
        #expect(fields.bytes(77) == nil && fields.number(77) == nil && fields.all(77).isEmpty)
    }

    @Test("Numbers of any size are read again", arguments: [
        UInt64(0), 1, 127, 128, 255, 256, 65_535, 1 << 32, 1 << 56, .max - 1, .max,
    ])
    func numbers(_ number: UInt64) throws {
        var writer = FieldWriter(version: 1)
        writer.write(5, number)
        #expect(try #require(FieldReader(writer.buffer, versions: 1...1)).number(5) == number)
    }

    @Test("Lengths at the edges of their encoding", arguments: [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
    func lengths(_ count: Int) throws {
        var writer = FieldWriter(version: 1)
        writer.write(5, ByteBuffer(repeating: 1, count: count))
        writer.write(6, "end")
        let fields = try #require(FieldReader(writer.buffer, versions: 1...1))
        #expect(fields.bytes(5)?.readableBytes == count)
        #expect(fields.text(6, bytesMax: 3) == "end")
    }

    @Test("Another version, a cut and too many fields are refused")
    func refused() {
        var writer = FieldWriter(version: 2)
        writer.write(1, "abc")
        writer.write(2, ByteBuffer(repeating: 0, count: 300))
        let whole = writer.buffer
        #expect(FieldReader(whole, versions: 3...9) == nil)
        #expect(FieldReader(ByteBuffer(), versions: 0...255) == nil)
        let ends: Set<Int> = [1, 6, whole.readableBytes]
        for count in 0...whole.readableBytes {
            let isRead = FieldReader(whole.getSlice(at: 0, length: count) ?? ByteBuffer(), versions: 2...2) != nil
            #expect(isRead == ends.contains(count), "\(count) bytes")
        }
        var many = FieldWriter(version: 1)
        for _ in 0..<FieldReader.fieldsMax { many.write(1, 0) }
        #expect(FieldReader(many.buffer, versions: 1...1) != nil)
        many.write(1, 0)
        #expect(FieldReader(many.buffer, versions: 1...1) == nil)
    }

    @Test("Lengths that no buffer has are refused", arguments: [
        [1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [1, 1, 0x80], [1, 1],
        [1, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
    ] as [[UInt8]])
    func absurdLengths(_ bytes: [UInt8]) {
        #expect(FieldReader(ByteBuffer(bytes: bytes), versions: 1...1) == nil)
    }

    @Test("A number of more than eight bytes and text that is none are not there")
    func wrongTypes() throws {
        var writer = FieldWriter(version: 1)
        writer.write(1, [UInt8](repeating: 1, count: 9))
        writer.write(2, [0xFF, 0xFE])
        writer.write(3, "line\nbreak")
        let fields = try #require(FieldReader(writer.buffer, versions: 1...1))
        #expect(fields.number(1) == nil)
        #expect(fields.text(2, bytesMax: 10) == nil)
        #expect(fields.text(3, bytesMax: 100) == nil)
    }

    @Test("Noise is never read beyond its end")
    func noise() {
        for seed in UInt64(0)..<20_000 {
            var numbers = SeededNumbers(seed: seed)
            let count = Int.random(in: 0...40, using: &numbers)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...9, using: &numbers) }
            guard let fields = FieldReader(ByteBuffer(bytes: bytes), versions: 0...255) else { continue }
            let read = (UInt8(0)...9).flatMap { fields.all($0) }.reduce(0) { $0 + $1.readableBytes + 2 } + 1
            #expect(read <= count, "seed \(seed)")
        }
    }
}
