// The random source fills whole buffers and does not repeat itself, and the constant-time comparison compares.
import SealedBox
import Testing

struct SecureRandomTests {
    @Test func fillsEveryByte() {
        // Each of 300 bytes must leave zero within 64 fills; by chance that fails once in 2^503.
        var seen = [UInt8](repeating: 0, count: 300)
        for _ in 0..<64 {
            for (index, byte) in SecureRandom.bytes(seen.count).enumerated() { seen[index] |= byte }
        }
        #expect(!seen.contains(0))
        #expect(SecureRandom.bytes(0).isEmpty)
    }

    @Test func leavesNeighboursAlone() {
        var buffer = [UInt8](repeating: 0xA5, count: 48)
        buffer.withUnsafeMutableBytes { SecureRandom.fill(UnsafeMutableRawBufferPointer(rebasing: $0[16..<32])) }
        #expect(buffer[..<16] == ArraySlice(repeating: 0xA5, count: 16))
        #expect(buffer[32...] == ArraySlice(repeating: 0xA5, count: 16))
        #expect(buffer[16..<32] != ArraySlice(repeating: 0xA5, count: 16))
    }

    @Test func doesNotRepeat() {
        #expect(Set((0..<1_000).map { _ in SecureRandom.uint64() }).count == 1_000)
        #expect(SecureRandom.bytes(16) != SecureRandom.bytes(16))
    }
}

struct ConstantTimeTests {
    @Test func equalBytes() {
        #expect(ConstantTime.equal([], []))
        #expect(ConstantTime.equal([1, 2, 3], [1, 2, 3]))
        #expect(ConstantTime.equal(UnsafeRawBufferPointer(start: nil, count: 0), .init(start: nil, count: 0)))
    }

    @Test func everyDifferentBit() {
        let secret: [UInt8] = Array(0..<32)
        for index in secret.indices {
            for bit in 0..<8 {
                var other = secret
                other[index] ^= 1 << bit
                #expect(!ConstantTime.equal(secret, other), "byte \(index), bit \(bit)")
            }
        }
    }

    @Test func otherLength() {
        #expect(!ConstantTime.equal([1, 2, 3], [1, 2]))
        #expect(!ConstantTime.equal([1, 2], [1, 2, 3]))
        #expect(!ConstantTime.equal([], [0]))
    }
}
