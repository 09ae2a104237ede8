// What goes wrong in a run, and when.

import NIOCore
import TransportAPI

extension Simulation {
    func disturbAll() {
        backend.setFaults(scenario.plan)
        for instance in instances {
            instance.mayAnswerLate = scenario.losesNotes
            instance.isReliable = scenario.isReliable
        }
        if scenario.breaksStreams { for instance in instances { instance.breakPercent = 3 } }
        if scenario.breaksStreams { again(300...2_000) { self.breakSomething() } }
        if scenario.crashesInstances { again(2_000...6_000) { self.crashInstance() } }
        if scenario.crashesNodes { again(2_000...6_000) { self.crashNode() } }
        if scenario.partitions { again(1_000...5_000) { self.partition() } }
        if scenario.cutsStore { again(1_000...5_000) { self.cutStore() } }
        if scenario.interrupts { again(500...4_000) { self.interrupt() } }
    }

    /// Does something again and again, until the faults are over.
    private func again(_ pause: ClosedRange<Int>, _ body: @escaping () -> Void) {
        world.after(world.random.milliseconds(pause)) { [self] in
            guard !isHealed else { return }
            body()
            again(pause, body)
        }
    }

    private func breakSomething() {
        let session = world.random.pick(instances.flatMap(\.liveSessions))
        if world.random.chance(50) { session?.breakStream() } else { session?.breakCall() }
    }

    private func crashInstance() {
        guard let instance = world.random.pick(instances) else { return }
        instance.crash()
        world.after(world.random.milliseconds(100...3_000)) { instance.restart() }
    }

    private func crashNode() {
        guard upNodes.count > 1, let node = world.random.pick(upNodes) else { return }
        node.crash(backend)
        world.after(world.random.milliseconds(200...7_000)) { [self] in
            if nodes[node.place] === node { restart(node.place) }
        }
    }

    private func partition() {
        guard let alone = world.random.pick(nodes) else { return }
        world.note("node \(alone.place) is cut off from the others")
        backend.partition([alone.member], Set(nodes.filter { $0 !== alone }.map(\.member)))
        healLater(200...8_000)
    }

    private func cutStore() {
        let all = Set(nodes.map(\.member))
        guard let one = world.random.pick(nodes)?.member else { return }
        world.note("the directory is out of reach")
        backend.cutOffStore(from: world.random.chance(50) ? all : [one])
        healLater(200...5_000)
    }

    private func healLater(_ pause: ClosedRange<Int>) {
        world.after(world.random.milliseconds(pause)) { [self] in
            world.note("partitions end")
            backend.heal()
        }
    }

    private func interrupt() {
        guard let node = world.random.pick(upNodes) else { return }
        world.note("node \(node.place) loses its connection to the bus")
        backend.interrupt(node.member)
    }
}
