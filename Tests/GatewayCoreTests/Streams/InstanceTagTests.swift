// The sealed prefix on echoed values.

import SealedBox
import Testing

@testable import GatewayCore

@Suite struct InstanceTagTests {
    private let sealer: Sealer
    private let owner: Principal
    private let tag: InstanceTag

    init() throws {
        sealer = try Sealer(keys: [SealingKey(secret: Array("one secret".utf8))])
        var owner = Principal()
        owner.high = 0x0102_0304_0506_0708
        owner.low = .max
        self.owner = owner
        tag = InstanceTag(instance: .max - 1, principal: owner, expires: 1000)
    }

    private func read(_ text: [UInt8], now: UInt32 = 999, by principal: Principal? = nil) -> String {
        let reading = text.withUnsafeBytes {
            InstanceTag.read($0, sealer, principal: principal ?? owner, now: now)
        }
        return switch reading {
        case .none: "none"
        case .invalid: "invalid"
        case .valid(let tag): "instance \(tag.instance)"
        }
    }

    @Test func returnsItsInstanceWhateverFollows() {
        let text = tag.seal(sealer)
        #expect(text.count == InstanceTag.textBytes)
        #expect(text.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
        #expect(read(text) == "instance \(UInt64.max - 1)")
        #expect(read(text + Array("opaque".utf8)) == "instance \(UInt64.max - 1)")
        #expect(read(text + text) == "instance \(UInt64.max - 1)")
    }

    @Test(arguments: ["", "p", "pb1", "pb2.x", "opaque", "PB1.", " pb1."])
    func leavesOtherTextsAlone(_ text: String) { #expect(read(Array(text.utf8)) == "none") }

    @Test func refusesWhatOnlyLooksLikeATag() {
        let text = tag.seal(sealer)
        for place in 4..<text.count {
            var other = text
            other[place] ^= 1
            #expect(read(other) == "invalid", "byte \(place)")
            #expect(read(Array(text.prefix(place))) == "invalid", "cut to \(place)")
        }
    }

    @Test func endsWithItsTime() {
        let text = tag.seal(sealer)
        #expect(read(text, now: 999).hasPrefix("instance"))
        #expect(read(text, now: 1000) == "invalid")
    }

    @Test func belongsToItsPrincipal() {
        let text = tag.seal(sealer)
        #expect(read(text, by: .anonymous) == "invalid")
        var other = owner
        other.low -= 1
        #expect(read(text, by: other) == "invalid")
    }
}
