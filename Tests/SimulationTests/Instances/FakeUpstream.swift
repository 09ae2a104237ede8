// The way from one node to the fake instances that all nodes share.

import NIOCore
import TransportAPI

final class FakeUpstream: Upstream, @unchecked Sendable {
    let world: World
    let instances: [FakeInstance]
    private(set) var lanes: [FakeLane] = []

    init(_ world: World, _ instances: [FakeInstance]) {
        self.world = world
        self.instances = instances
    }

    func makeLane(on loop: any EventLoop) -> any UpstreamLane {
        let lane = FakeLane(self)
        lanes.append(lane)
        return lane
    }

    /// The node's process is gone.
    func nodeCrashed() { for lane in lanes { lane.nodeCrashed() } }
}

final class FakeLane: UpstreamLane {
    private unowned let upstream: FakeUpstream
    private var wires: [Wire] = []
    private var isDead = false

    init(_ upstream: FakeUpstream) { self.upstream = upstream }

    func open(
        _ request: ExchangeRequest, toInstance index: Int, for receiver: any ExchangeReceiver
    ) -> (any ExchangeHandle)? {
        let world = upstream.world
        let instance = upstream.instances[index]
        if !instance.isUp, world.random.chance(50) {
            receiver.exchangeFailed(TransportError(.refused, .notDelivered, "Connection refused."))
            return nil
        }
        let wire = Wire(world, request, receiver)
        if isDead { return wire }
        wires.removeAll { $0.isOver }
        wires.append(wire)
        world.after(world.random.milliseconds(0...15)) {
            wire.requestLeft()
            instance.arrived(wire)
        }
        return wire
    }

    func tick(now: NIODeadline) {}

    func close() {}

    func nodeCrashed() {
        isDead = true
        for wire in wires { wire.nodeCrashed() }
        wires = []
    }
}
