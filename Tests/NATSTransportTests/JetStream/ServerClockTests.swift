// The estimate of the server's clock: never early, late by its width at most.
#if NATS
import NIOCore
import Testing

@testable import NATSTransport

@Suite("JetStream: the server's clock")
struct ServerClockTests {
    private static let second: Int64 = 1_000_000_000
    /// The server's clock stands so far from ours.
    private static let offset: Int64 = 1_700_000_000 * second

    private func at(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds * 1e9)) }
    private func server(_ seconds: Double) -> Int64 { Self.offset + Int64(seconds * 1e9) }

    @Test("Without an estimate nothing is over")
    func unknown() {
        let clock = ServerClock()
        #expect(clock.isUnknown)
        #expect(!clock.isOver(since: 0, lifetime: 0, now: at(1_000)))
    }

    @Test("A lifetime is never over before its time, and late by the width of the estimate at most")
    func bounds() {
        for stored in [10.0, 10.1, 10.2] {
            var clock = ServerClock()
            clock.note(serverTime: server(stored), sent: at(10), acknowledged: at(10.2))
            let end = 12.0
            for now in stride(from: 10.2, to: 13, by: 0.01) {
                let isOver = clock.isOver(since: server(end) - Self.second, lifetime: Self.second, now: at(now))
                if now < end { #expect(!isOver, "stored \(stored), now \(now)") }
                if now >= end + 0.22 { #expect(isOver, "stored \(stored), now \(now)") }
            }
        }
    }

    @Test("A closer look replaces a wider one at once, a wider one the closer one only when that is old")
    func replaces() {
        var clock = ServerClock()
        clock.note(serverTime: server(10), sent: at(10), acknowledged: at(11))
        #expect(!clock.isGood)
        clock.note(serverTime: server(12), sent: at(12), acknowledged: at(12.01))
        #expect(clock.isGood)
        clock.note(serverTime: server(13), sent: at(13), acknowledged: at(14))
        #expect(clock.isGood)
        clock.note(serverTime: server(40), sent: at(40), acknowledged: at(41))
        #expect(!clock.isGood)
    }

    @Test("One caller at a time is told to look, when the last look is old")
    func turns() {
        var clock = ServerClock()
        let patience = TimeAmount.seconds(2)
        func takes(_ seconds: Double) -> Bool { clock.takeTurn(now: at(seconds), patience: patience) }
        #expect([takes(1), takes(1)] == [true, true])
        clock.note(serverTime: server(1), sent: at(1), acknowledged: at(1))
        #expect([takes(20), takes(21), takes(22), takes(23)] == [false, true, false, true])
        clock.note(serverTime: server(23), sent: at(23), acknowledged: at(23))
        // Another server: at once.
        clock.doubt()
        #expect([takes(24), takes(24)] == [true, false])
    }

    @Test("Times at the ends of the range do not overflow")
    func extremes() {
        var clock = ServerClock()
        clock.note(serverTime: .max, sent: at(1), acknowledged: at(2))
        #expect(!clock.isOver(since: .max, lifetime: .max, now: .distantFuture))
        clock.note(serverTime: .min, sent: at(30), acknowledged: at(31))
        _ = clock.isOver(since: .min, lifetime: 0, now: .uptimeNanoseconds(0))
    }
}

#endif
