// Time, chance and the record of what has happened. Everything in a simulation that takes time is an action here, so
// that a run is one row of steps that the seed alone decides.

import NIOCore
import Synchronization

/// What all parts of one simulation share. Lives on one thread.
final class World {
    /// What the nodes' clocks read; it goes across the `Sendable` closures that they are made with.
    final class Clock: Sendable {
        private let nanoseconds = Atomic<UInt64>(World.start.uptimeNanoseconds)

        var now: NIODeadline {
            get { .uptimeNanoseconds(nanoseconds.load(ordering: .relaxed)) }
            set { nanoseconds.store(newValue.uptimeNanoseconds, ordering: .relaxed) }
        }

        /// The wall clock runs along with it.
        var unixSeconds: UInt32 { UInt32(1_700_000_000 + now.uptimeNanoseconds / 1_000_000_000) }
    }

    private struct Action {
        var time: NIODeadline
        var order: Int
        var body: () -> Void
    }

    static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    /// Steps in the report of a failure.
    private static let traceMax = 120
    private static let violationsMax = 8

    let seed: UInt64
    let clock = Clock()
    var random: Generator
    /// For what the nodes draw: ids, seeds. By itself, so that a change in the core leaves the scenario as it is.
    let numbers: Numbers
    /// Latest last.
    private var actions: [Action] = []
    private var order = 0
    private(set) var trace: [String] = []
    /// Of the whole trace: two runs of one seed have the same.
    private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var violations: [String] = []
    /// How often something happened that a run should contain now and then.
    private(set) var counts: [String: Int] = [:]

    /// Numbers for the nodes.
    final class Numbers: Sendable {
        private let generator: Mutex<Generator>

        init(seed: UInt64) { generator = Mutex(Generator(seed: seed)) }

        func next() -> UInt64 { generator.withLock { $0.next() } }
    }

    init(seed: UInt64) {
        self.seed = seed
        random = Generator(seed: seed)
        numbers = Numbers(seed: seed ^ 0x5EED_0F_A_C1E57E2)
    }

    var now: NIODeadline { clock.now }

    // MARK: Actions

    func after(_ amount: TimeAmount, _ body: @escaping () -> Void) { at(now + amount, body) }

    func at(_ time: NIODeadline, _ body: @escaping () -> Void) {
        order += 1
        let action = Action(time: max(time, now), order: order, body: body)
        var place = actions.count
        while place > 0, actions[place - 1].time <= action.time { place -= 1 }
        actions.insert(action, at: place)
    }

    var nextAction: NIODeadline? { actions.last?.time }

    /// Sets the time, and does what is due by then.
    func advance(to time: NIODeadline) {
        while let next = actions.last, next.time <= time {
            actions.removeLast()
            clock.now = max(clock.now, next.time)
            next.body()
        }
        clock.now = max(clock.now, time)
    }

    /// Drops what was still to come, and with it whom it holds.
    func stop() { actions = [] }

    // MARK: Record

    func note(_ text: @autoclosure () -> String) {
        let line = "\((now - Self.start).nanoseconds / 1_000_000) ms  " + text()
        for byte in line.utf8 { digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        trace.append(line)
    }

    func count(_ name: String) { counts[name, default: 0] += 1 }

    /// Something happened that must never happen.
    func violated(_ text: @autoclosure () -> String) {
        let text = text()
        note("VIOLATION: " + text)
        if violations.count < Self.violationsMax { violations.append(text) }
    }

    func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition { violated(text()) }
    }

    var report: String {
        """
        seed \(seed): \(violations.joined(separator: "\n  "))
        the last steps:
        \(trace.suffix(Self.traceMax).joined(separator: "\n"))
        again: PATCHBAY_SEED=\(seed) swift test --filter SimulationTests
        """
    }
}
