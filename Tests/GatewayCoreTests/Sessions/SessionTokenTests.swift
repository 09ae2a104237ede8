// The sealed session id: what it carries, what it refuses, and how long it gets.

import GatewayCore
import SealedBox
import Testing

@testable import GatewayCore

@Suite struct SessionTokenTests {
    private static func token(_ upstreamID: [UInt8]?) -> SessionToken {
        var principal = Principal()
        principal.high = .max
        principal.low = 3
        return SessionToken(
            session: SessionID(high: 1, low: .max), incarnation: 4, upstream: 5, instance: 6, node: 7,
            principal: principal, minted: 1_790_000_000, expires: .max, upstreamSessionID: upstreamID)
    }

    private let sealer: Sealer

    init() throws { sealer = try Sealer(keys: [SealingKey(secret: Array("one secret".utf8))]) }

    private func open(_ text: [UInt8], _ sealer: Sealer) -> SessionToken? {
        text.withUnsafeBytes { SessionToken.open($0, sealer) }
    }

    @Test(arguments: [0, 1, 32, 36, 63, 64])
    func returnsWhatWasSealed(_ count: Int) {
        let token = Self.token((0..<count).map { UInt8(0x21 + $0) })
        #expect(open(token.seal(sealer), sealer) == token)
    }

    @Test(arguments: [65, 300])
    func leavesOutALongUpstreamID(_ count: Int) {
        let token = Self.token(Array(repeating: 0x61, count: count))
        #expect(open(token.seal(sealer), sealer) == Self.token(nil))
    }

    @Test func isVisibleASCIIAndAtMost256Bytes() {
        for count in [0, 64, 65] {
            let text = Self.token(Array(repeating: 0xFF, count: count)).seal(sealer)
            #expect(text.count <= 256)
            #expect(text.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        }
    }

    @Test func opensToNothingWhenAnyByteIsChanged() {
        let text = Self.token(Array("abc".utf8)).seal(sealer)
        for place in text.indices {
            for change in [UInt8(1), 0x20, 0x80] {
                var other = text
                other[place] ^= change
                #expect(open(other, sealer) == nil, "byte \(place) changed by \(change)")
            }
        }
    }

    @Test func opensToNothingWhenCutOrExtended() {
        let text = Self.token(Array("abc".utf8)).seal(sealer)
        for count in 0..<text.count { #expect(open(Array(text.prefix(count)), sealer) == nil) }
        for byte in UInt8(0x20)...0x7E { #expect(open(text + [byte], sealer) == nil) }
    }

    @Test func opensWithItsOwnKeyOnly() throws {
        let text = Self.token([]).seal(sealer)
        let other = SealingKey(secret: Array("another secret".utf8))
        #expect(open(text, try Sealer(keys: [other])) == nil)
        // While a secret is rotated, the old key still opens.
        let rotating = try Sealer(keys: [other, SealingKey(secret: Array("one secret".utf8))])
        #expect(open(text, rotating) == Self.token([]))
    }

    @Test func doesNotOpenWhatWasSealedForAnotherPurpose() {
        let tag = InstanceTag(instance: 1, principal: .anonymous, expires: .max).seal(sealer)
        #expect(open(Array(tag.dropFirst(4).dropLast()), sealer) == nil)
    }

    @Test func neverRepeatsItself() {
        let token = Self.token([])
        #expect(token.seal(sealer) != token.seal(sealer))
    }
}
