// The same instance and principal get the same tag for a while, and nobody else gets it.

import SealedBox
import Testing

@testable import GatewayCore

@Suite struct TagTableTests {
    private let table = TagTable()
    private let sealer: Sealer

    init() throws { sealer = try Sealer(keys: [SealingKey(secret: Array(repeating: 7, count: 32))]) }

    private func tag(_ instance: UInt64, _ principal: Principal = .anonymous, now: UInt32 = 1_000) -> [UInt8] {
        table.tag(instance, principal, lifetime: 3_600, now: now, sealer)
    }

    private var ann: Principal {
        var principal = Principal()
        principal.low = 1
        return principal
    }

    @Test func isTheSameForAWhile() {
        let first = tag(1)
        #expect(tag(1, now: 1_000 + 12 * 3600 - 1) == first)
        #expect(tag(1, now: 1_000 + 12 * 3600) != first)
    }

    @Test func differsByInstanceAndPrincipal() {
        #expect(tag(1) != tag(2))
        #expect(tag(1) != tag(1, ann))
    }

    @Test func staysValidForItsLifetimeAfterItsLastUse() {
        let now: UInt32 = 1_000 + 12 * 3600 - 1
        let text = tag(1) + Array("rest".utf8)
        func reading(_ time: UInt32, _ principal: Principal = .anonymous) -> InstanceTag.Reading {
            text.withUnsafeBytes { InstanceTag.read($0, sealer, principal: principal, now: time) }
        }
        guard case .valid(let tag) = reading(now + 3_600) else { return #expect(Bool(false), "it is not valid") }
        #expect(tag.instance == 1)
        guard case .invalid = reading(now + 3_602) else { return #expect(Bool(false), "it is valid for too long") }
        guard case .invalid = reading(now, ann) else { return #expect(Bool(false), "it is valid for somebody else") }
    }
}
