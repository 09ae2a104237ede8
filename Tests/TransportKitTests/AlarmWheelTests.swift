// The wheel against the obvious way: a list that is searched.
import NIOCore
import Testing

@testable import TransportKit

@Suite("Alarm wheel")
struct AlarmWheelTests {
    @Test("Every alarm comes up once, at the first look after its time")
    func model() {
        for seed in UInt64(0)..<200 { compare(seed) }
    }

    private func compare(_ seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        var wheel = AlarmWheel<Int>()
        var model: [Int: NIODeadline] = [:]
        var now = NIODeadline.uptimeNanoseconds(UInt64.random(in: 0...1_000_000_000, using: &numbers))
        for key in 0..<200 {
            let wait = TimeAmount.milliseconds(Int64.random(in: -100...60_000, using: &numbers))
            let deadline = max(now + wait, .uptimeNanoseconds(0))
            wheel.set(key, at: deadline)
            model[key] = deadline
            guard key % 3 == 0 else { continue }
            now = now + .milliseconds(Int64.random(in: 1...(key % 30 == 0 ? 40_000 : 2_000), using: &numbers))
            let due = wheel.due(now)
            // Up to one slot late, never early.
            #expect(due.allSatisfy { model[$0.key] == $0.deadline && $0.deadline <= now }, "seed \(seed)")
            for alarm in due { model[alarm.key] = nil }
            #expect(!model.values.contains { $0 + .milliseconds(500) < now }, "seed \(seed)")
            #expect(wheel.count == model.count, "seed \(seed)")
        }
        wheel.keep { $0.key % 2 == 0 }
        model = model.filter { $0.key % 2 == 0 }
        #expect(wheel.count == model.count)
        #expect(Set(wheel.due(now + .seconds(120)).map(\.key)) == Set(model.keys), "seed \(seed)")
        #expect(wheel.count == 0)
    }
}
