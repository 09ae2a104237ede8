// What a sealed token promises: it opens with its own key and context, and every other token gives nil.
import Testing

@testable import SealedBox

struct SealerTests {
    private let old = SealingKey(secret: "the secret of last month, 32 letters".utf8)
    private let new = SealingKey(secret: "the secret of this month, 32 letters".utf8)

    private func seal(_ plaintext: [UInt8], with sealer: Sealer) -> [UInt8] {
        plaintext.withUnsafeBytes { sealer.seal($0, context: "session") }
    }

    private func open(_ sealed: [UInt8], with sealer: Sealer) -> [UInt8]? {
        sealed.withUnsafeBytes { sealer.open($0, context: "session") }
    }

    @Test func opensWhatItSealed() throws {
        let seed: UInt64 = 20_251_125
        var generator = SeededGenerator(seed: seed)
        let sealer = try Sealer(keys: [new])
        for count in [0, 1, 15, 16, 17, 31, 32, 33, 200, 4_096, 70_000] {
            let plaintext = generator.bytes(count)
            let sealed = seal(plaintext, with: sealer)
            #expect(sealed.count == Sealer.sealedCount(plaintextCount: count), "seed \(seed), \(count) bytes")
            #expect(open(sealed, with: sealer) == plaintext, "seed \(seed), \(count) bytes")
        }
        #expect(Sealer.sealedCount(plaintextCount: 0) == 30)
    }

    /// A token put together by hand as the layout says, authentic under `key`.
    private func token(version: UInt8, key: SealingKey, plaintext: [UInt8]) throws -> [UInt8] {
        let cipher = try AES256GCM(key: key.bytes, direction: .seal)
        let header = [version, key.id]
        let nonce = [UInt8](repeating: 7, count: AES256GCM.nonceCount)
        var output = [UInt8](repeating: 0, count: plaintext.count + AES256GCM.tagCount)
        let sealed = plaintext.withUnsafeBytes { plaintext in
            nonce.withUnsafeBytes { nonce in
                header.withUnsafeBytes { header in
                    Array("session".utf8).withUnsafeBytes { label in
                        output.withUnsafeMutableBytes {
                            cipher.seal(plaintext, nonce: nonce, header: header, label: label, into: $0)
                        }
                    }
                }
            }
        }
        try #require(sealed)
        return header + nonce + output
    }

    @Test func layoutIsVersionKeyNonceTextTag() throws {
        let plaintext = Array("plaintext".utf8)
        let sealer = try Sealer(keys: [new, old])
        #expect(open(try token(version: 1, key: old, plaintext: plaintext), with: sealer) == plaintext)
        #expect(seal(plaintext, with: sealer)[..<2] == [1, new.id])
    }

    /// Authentic, so only the check of the version can refuse it: a later layout must not be read as this one.
    @Test(arguments: [UInt8(0), 2, 255]) func anotherVersionIsRefused(version: UInt8) throws {
        #expect(open(try token(version: version, key: new, plaintext: [1]), with: try Sealer(keys: [new])) == nil)
    }

    @Test func everyFlippedBitIsRefused() throws {
        // With two keys, so that a flip in the key id byte can name the other one.
        let sealer = try Sealer(keys: [new, old])
        let plaintext = Array("session 1 of instance 2".utf8)
        let sealed = seal(plaintext, with: sealer)
        for index in sealed.indices {
            for bit in 0..<8 {
                var tampered = sealed
                tampered[index] ^= 1 << bit
                #expect(open(tampered, with: sealer) == nil, "byte \(index), bit \(bit)")
            }
        }
        #expect(open(sealed, with: sealer) == plaintext)
    }

    @Test func everyOtherVersionAndKeyIDIsRefused() throws {
        let sealer = try Sealer(keys: [new, old])
        let sealed = seal([1, 2, 3], with: sealer)
        for index in 0..<2 {
            for value in UInt8.min...UInt8.max where value != sealed[index] {
                var tampered = sealed
                tampered[index] = value
                #expect(open(tampered, with: sealer) == nil, "byte \(index) set to \(value)")
            }
        }
    }

    @Test func everyCutAndEveryAdditionIsRefused() throws {
        let sealer = try Sealer(keys: [new])
        for plaintext in [[], Array("some plaintext".utf8)] {
            let sealed = seal(plaintext, with: sealer)
            for count in 0..<sealed.count {
                #expect(open(Array(sealed[..<count]), with: sealer) == nil, "first \(count) bytes")
                #expect(open(Array(sealed[(sealed.count - count)...]), with: sealer) == nil, "last \(count) bytes")
            }
            #expect(open(sealed + [0], with: sealer) == nil)
            #expect(open(sealed + sealed, with: sealer) == nil)
        }
        #expect(sealer.open(UnsafeRawBufferPointer(start: nil, count: 0), context: "session") == nil)
    }

    @Test func anotherContextIsRefused() throws {
        let sealer = try Sealer(keys: [new])
        let sealed = seal([1, 2, 3], with: sealer)
        sealed.withUnsafeBytes { sealed in
            #expect(sealer.open(sealed, context: "event") == nil)
            #expect(sealer.open(sealed, context: "sessio") == nil)
            #expect(sealer.open(sealed, context: "sessions") == nil)
            #expect(sealer.open(sealed, context: "") == nil)
            #expect(sealer.open(sealed, context: "session") == [1, 2, 3])
        }
    }

    @Test func randomBytesAreRefused() throws {
        let seed: UInt64 = 42
        var generator = SeededGenerator(seed: seed)
        let sealer = try Sealer(keys: [new, old])
        for round in 0..<2_000 {
            var token = generator.bytes(Int.random(in: 0...64, using: &generator))
            if token.count > 1 { token[0...1] = [1, round.isMultiple(of: 2) ? new.id : old.id] }
            #expect(open(token, with: sealer) == nil, "seed \(seed), round \(round)")
        }
    }

    @Test func rotation() throws {
        let before = try Sealer(keys: [old])
        let during = try Sealer(keys: [new, old])
        let after = try Sealer(keys: [new])
        let sealedBefore = seal([1], with: before)
        let sealedDuring = seal([2], with: during)
        #expect(open(sealedBefore, with: during) == [1])
        #expect(open(sealedDuring, with: during) == [2])
        #expect(open(sealedDuring, with: after) == [2])
        #expect(open(sealedBefore, with: after) == nil)
        #expect(open(sealedDuring, with: before) == nil)
    }

    /// The first secret in order whose key has the id of `key`, and is another.
    private func namesake(of key: SealingKey) throws -> SealingKey {
        let others = (0..<10_000).lazy.map { SealingKey(secret: "a secret of month \($0)".utf8) }
        return try #require(others.first { $0.id == key.id })
    }

    /// 1 of 256 pairs of an old and a new secret has one id for both.
    @Test func keysOfOneIDCanBeRotated() throws {
        let twin = try namesake(of: old)
        #expect(twin.bytes != old.bytes)
        let before = try Sealer(keys: [old])
        let during = try Sealer(keys: [twin, old])
        let after = try Sealer(keys: [twin])
        #expect(open(seal([1], with: before), with: during) == [1])
        let sealed = seal([2], with: during)
        #expect(open(sealed, with: during) == [2])
        #expect(open(sealed, with: after) == [2])
        #expect(open(sealed, with: before) == nil)
        #expect(open(seal([3], with: try Sealer(keys: [try namesake(of: new)])), with: during) == nil)
        for index in sealed.indices {
            var tampered = sealed
            tampered[index] ^= 1
            #expect(open(tampered, with: during) == nil, "byte \(index)")
        }
    }

    @Test func anotherSealerOfTheSameSecretOpens() throws {
        let sealed = seal([7, 8, 9], with: try Sealer(keys: [new]))
        let sameSecret = SealingKey(secret: "the secret of this month, 32 letters".utf8)
        #expect(open(sealed, with: try Sealer(keys: [sameSecret])) == [7, 8, 9])
    }

    @Test func noncesDiffer() throws {
        let sealer = try Sealer(keys: [new])
        let nonces = Set((0..<10_000).map { _ in seal([], with: sealer)[2..<14] })
        #expect(nonces.count == 10_000)
    }

    @Test func impossibleKeySetsAreRefused() throws {
        #expect(throws: SealError.keyCount(0)) { try Sealer(keys: []) }
        #expect(throws: SealError.keyCount(3)) { try Sealer(keys: [new, old, .random()]) }
        #expect("\(SealError.keyCount(3))".contains("3 keys"))
    }
}
