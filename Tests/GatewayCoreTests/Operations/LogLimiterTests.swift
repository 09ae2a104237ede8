// Which repeated lines of the log are left out, and that each of them is counted and told.
import Testing

@testable import GatewayCore

@Suite("Repeated lines of the log")
struct LogLimiterTests {
    private let start = ContinuousClock.now

    private func time(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func fill(_ limiter: inout LogLimiter, _ key: String, _ lines: Int, at seconds: Int) -> Int {
        (0..<lines).count { _ in limiter.verdict(on: key, at: time(seconds)) != .suppress }
    }

    @Test("Five lines of a kind pass in ten seconds, and each kind has its own five")
    func limit() {
        var limiter = LogLimiter()
        #expect(fill(&limiter, "a", 100, at: 0) == LogLimiter.linesMax)
        #expect(fill(&limiter, "b", 3, at: 1) == 3)
        #expect(fill(&limiter, "a", 100, at: 9) == 0)
        #expect(fill(&limiter, "b", 100, at: 9) == 2)
    }

    @Test("The first line after a window says how many were left out")
    func nextLine() {
        var limiter = LogLimiter()
        _ = fill(&limiter, "a", 12, at: 0)
        #expect(limiter.verdict(on: "b", at: time(10)) == .write(suppressed: 0))
        #expect(limiter.verdict(on: "a", at: time(11)) == .write(suppressed: 7))
        #expect(limiter.verdict(on: "a", at: time(11)) == .write(suppressed: 0))
        #expect(limiter.summary(at: time(60)).kinds.isEmpty)
    }

    @Test("If no line comes, a summary says it, once, and only of windows that are over")
    func summary() {
        var limiter = LogLimiter()
        _ = fill(&limiter, "b", 7, at: 0)
        _ = fill(&limiter, "a", 6, at: 1)
        _ = fill(&limiter, "c", 5, at: 1)
        _ = fill(&limiter, "d", 6, at: 5)
        #expect(limiter.summary(at: time(9)).kinds.isEmpty)
        let told = limiter.summary(at: time(11))
        #expect(told.kinds.map(\.key) == ["a", "b"] && told.kinds.map(\.suppressed) == [1, 2])
        #expect(told.others == 0)
        #expect(limiter.summary(at: time(12)).kinds.isEmpty)
        #expect(limiter.summary(at: time(15)).kinds.map(\.key) == ["d"])
        #expect(limiter.verdict(on: "a", at: time(15)) == .write(suppressed: 0))
    }

    @Test("Beyond the bound of kinds the oldest window is over, and nothing that was left out is forgotten")
    func keys() {
        var limiter = LogLimiter(keysMax: 2)
        _ = fill(&limiter, "a", 8, at: 0)
        _ = fill(&limiter, "b", 9, at: 0)
        #expect(fill(&limiter, "c", 10, at: 1) == LogLimiter.linesMax)
        #expect(fill(&limiter, "b", 1, at: 1) == 0)
        // Its count is still there.
        #expect(limiter.verdict(on: "a", at: time(1)) == .write(suppressed: 3))
        for key in ["d", "e", "f"] { _ = fill(&limiter, key, 6, at: 2) }
        let told = limiter.summary(at: time(30))
        #expect(told.kinds.count <= 2)
        #expect(told.kinds.reduce(told.others) { $0 + $1.suppressed } == 5 + 5 + 3)
    }

    @Test("A flood of kinds takes no more than the bound, and each line of it is written or counted")
    func flood() {
        var limiter = LogLimiter()
        var written = 0
        var counted = 0
        var lines = 0
        for round in 0..<20 {
            for number in 0..<3_000 {
                for _ in 0..<3 {
                    lines += 1
                    let verdict = limiter.verdict(on: "kind \(number * (round % 3 + 1))", at: time(round))
                    guard case .write(let suppressed) = verdict else { continue }
                    written += 1
                    counted += suppressed
                }
            }
        }
        let told = limiter.summary(at: time(1_000))
        #expect(told.kinds.count <= LogLimiter.keysMax)
        #expect(written + counted + told.others + told.kinds.reduce(0) { $0 + $1.suppressed } == lines)
        #expect(limiter.summary(at: time(2_000)).kinds.isEmpty)
    }
}
