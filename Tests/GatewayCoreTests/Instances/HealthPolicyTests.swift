// When an instance is ejected and when it comes back.

import Testing

@testable import GatewayCore

@Suite struct HealthPolicyTests {
    private let instance = Instance(index: 0, name: "one", digest: 1, hasStreamEndpoint: false)
    private var policy = HealthPolicy()

    init() {
        policy.unhealthyAfter = 3
        policy.healthyAfter = 2
    }

    private func fail(isRefusal: Bool = false) -> Bool { instance.noteFailure(policy, isRefusal: isRefusal) }
    private func answer(isCheck: Bool) -> Bool { instance.noteAnswer(policy, isCheck: isCheck) }

    @Test func isProvenByAnyAnswer() {
        #expect(!instance.isProven)
        #expect(instance.isEligible)
        #expect(answer(isCheck: false))
        #expect(instance.isProven)
        #expect(!answer(isCheck: false))
    }

    @Test func isEjectedAfterSoManyFailuresInARow() {
        #expect(!fail())
        #expect(!fail())
        #expect(answer(isCheck: false))
        #expect(!fail())
        #expect(!fail())
        #expect(instance.isEligible)
        #expect(fail())
        #expect(!instance.isEligible)
        #expect(!instance.isProven)
        // Said once.
        #expect(!fail())
    }

    @Test func isEjectedAtOnceByARefusedConnection() {
        #expect(fail(isRefusal: true))
        #expect(!instance.isEligible)
    }

    @Test func comesBackByChecksInARowOnly() {
        #expect(fail(isRefusal: true))
        #expect(!answer(isCheck: false))
        #expect(!answer(isCheck: false))
        #expect(!instance.isEligible)
        #expect(!answer(isCheck: true))
        #expect(!fail())
        #expect(!answer(isCheck: true))
        #expect(!instance.isEligible)
        #expect(answer(isCheck: true))
        #expect(instance.isEligible)
        #expect(instance.isProven)
    }

    @Test func staysOutWhileItDrains() {
        #expect(answer(isCheck: true))
        instance.drain()
        #expect(!instance.isEligible)
        #expect(instance.isProven)
    }
}
