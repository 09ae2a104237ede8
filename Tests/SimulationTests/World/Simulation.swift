// One run: three nodes, their clients and the instances behind them, first with faults, then without, until all has
// come to rest. The seed decides everything.

import MemoryTransport
import NIOCore
import TransportAPI

@testable import GatewayCore

final class Simulation {
    let world: World
    let ledger = Ledger()
    let scenario: Scenario
    let backend: MemoryBackend
    let instances: [FakeInstance]
    private(set) var clients: [SimulatedClient] = []
    /// By place. One that was killed stays until its successor starts.
    var nodes: [SimulatedNode] = []
    /// The faults are over.
    private(set) var isHealed = false
    private(set) var isEnding = false
    static let nodeCount = 3
    /// How long everything may take to come right once the faults are over.
    private static let settling = TimeAmount.seconds(60)

    init(seed: UInt64, scenario make: (inout Generator) -> Scenario) throws {
        let world = World(seed: seed)
        self.world = world
        let scenario = make(&world.random)
        self.scenario = scenario
        let clock = world.clock
        backend = MemoryBackend(clock: { clock.now }, incarnation: 1)
        let ledger = ledger
        instances = scenario.keepsEvents.enumerated().map { place, keepsEvents in
            FakeInstance(world, ledger, place: place, keepsEvents: keepsEvents)
        }
        for instance in instances { instance.isHostile = scenario.hostileInstances }
        world.note(scenario.text)
        for place in 0..<Self.nodeCount { nodes.append(try makeNode(place)) }
        clients = (0..<scenario.clients).map { SimulatedClient(self, name: "c\($0)") }
    }

    func makeNode(_ place: Int) throws -> SimulatedNode {
        try SimulatedNode(world, scenario, place: place, instances, backend)
    }

    var upNodes: [SimulatedNode] { nodes.filter(\.isUp) }

    /// Where a balancer may send a client: now and then to a node that is gone.
    func anyNode() -> SimulatedNode {
        let up = upNodes
        return world.random.pick(up.isEmpty || world.random.chance(2) ? nodes : up) ?? nodes[0]
    }

    /// The header lines by which an instance knows who is asking, where it wants to.
    func credentials(of name: String) -> [(String, String)] {
        scenario.hostileClients && name != Conversation.nobody ? [("Authorization", "Bearer \(name)")] : []
    }

    /// A server's session with this mark has ended or was lost.
    func mayBeGone(_ mark: String) -> Bool { instances.contains { $0.gone.contains(mark) } }

    // MARK: Run

    @discardableResult
    func run() -> World {
        pass(.seconds(2), step: 100)
        world.expect(nodes.allSatisfy { $0.workers[0].members.count == 2 }, "not all nodes know each other")
        disturb()
        pass(scenario.length, step: 20)
        heal()
        pass(Self.settling, step: 50) { self.hasSettled }
        judgeClients()
        if !world.violations.isEmpty { noteNodes() }
        probeEnds()
        pass(.seconds(3), step: 50)
        end()
        judgeRest()
        world.stop()
        for node in nodes { node.forgetConnections() }
        return world
    }

    /// Lets time pass, in steps of so many milliseconds at most, or until `isDone`.
    func pass(_ amount: TimeAmount, step: Int64, until isDone: () -> Bool = { false }) {
        let end = world.now + amount
        var checks = 0
        while world.now < end, world.violations.isEmpty {
            let next = min(end, world.now + .milliseconds(step), world.nextAction ?? end)
            world.advance(to: next)
            for node in nodes { node.advance() }
            checks += 1
            if checks % 16 == 0 {
                checkBounds()
                if isDone() { return }
            }
        }
    }

    private func disturb() {
        for client in clients { act(client) }
        chat()
        disturbAll()
    }

    private func act(_ client: SimulatedClient) {
        world.after(world.random.milliseconds(10...500)) { [self] in
            guard !isHealed else { return }
            client.step()
            act(client)
        }
    }

    /// The servers say something now and then.
    private func chat() {
        world.after(world.random.milliseconds(50...400)) { [self] in
            guard !isEnding else { return }
            let all = instances.flatMap(\.liveSessions)
            if !isHealed { world.random.pick(all)?.say() }
            if world.random.chance(10) { for session in all { session.comment() } }
            chat()
        }
    }

    /// The faults end: what is broken stays broken only if the product leaves it so.
    private func heal() {
        world.note("the faults are over")
        isHealed = true
        backend.setFaults(nil)
        backend.heal()
        for instance in instances {
            instance.breakPercent = 0
            instance.restart()
        }
        for place in nodes.indices { restart(place) }
    }

    func restart(_ place: Int) {
        guard !nodes[place].isUp else { return }
        world.note("node \(place) starts again")
        do { nodes[place] = try makeNode(place) } catch { world.violated("node \(place) cannot start: \(error)") }
    }

    private var conversations: [Conversation] { clients.flatMap(\.conversations) }

    /// Every call has ended, and who wants to listen does.
    private var hasSettled: Bool {
        clients.allSatisfy { !$0.isBeginning }
            && conversations.allSatisfy { conversation in
                let isHeard = conversation.stream?.isOpen == true && heardSession(of: conversation) != nil
                return conversation.calls.allSatisfy { $0.outcome != .open } && conversation.openReceipts == 0
                    && (!conversation.isListening || isHeard)
            }
    }

    private func end() {
        world.note("the clients go")
        isEnding = true
        for conversation in conversations { conversation.stream?.close() }
        // What is kept for clients that might come back, and what a relay waits for one that was lost.
        pass(.seconds(65), step: 250) { self.isAtRest }
        // A stream whose client left is use as long as it is held. A session that could not be put on record is so when
        // it is idle, and has its idle time once more.
        if scenario.idlesAtEnd {
            pass(scenario.waits.detachedStream + scenario.waits.sessionIdle + .seconds(90), step: 250)
        }
    }
}
