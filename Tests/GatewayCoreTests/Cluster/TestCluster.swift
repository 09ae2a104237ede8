// Nodes that share a memory backend, all on embedded event loops of one thread.

import MemoryTransport
import NIOCore
import NIOEmbedded
import Synchronization
import Testing
import TransportAPI
import TransportKit

@testable import GatewayCore

final class TestCluster {
    let backend = MemoryBackend()
    private(set) var nodes: [TestNode] = []
    private var transports: [MemoryTransport] = []

    /// What `pass` moves, for all nodes.
    private let seconds = Seconds()

    private final class Seconds: Sendable {
        let passed = Atomic<UInt32>(0)
    }

    init(
        _ count: Int, options: @escaping (inout UpstreamGroup.Options) -> Void = { _ in },
        parts: @escaping (inout Gateway.Parts) -> Void = { _ in }
    ) throws {
        for index in 0..<count { try addNode(UInt64(index) + 11, options: options, parts: parts) }
        settle()
    }

    private func addNode(
        _ incarnation: UInt64, options: (inout UpstreamGroup.Options) -> Void,
        parts change: (inout Gateway.Parts) -> Void
    ) throws {
        let member = try #require(MemberID(name: "node-\(incarnation)", incarnation: incarnation))
        let transport = MemoryTransport(member: member, backend: backend)
        let node = try TestNode(
            options: {
                $0.isResumable = true
                options(&$0)
            },
            parts: { parts in
                parts.member = member
                guard let bus = transport.bus else { return }
                var cluster = ClusterParts(bus: bus, directory: transport.directory, isAlone: false)
                cluster.log = transport.log
                parts.cluster = cluster
                let seconds = seconds
                parts.clock = NodeClock(
                    now: { .now() }, unixSeconds: { 1_000_000 + seconds.passed.load(ordering: .relaxed) })
                change(&parts)
            })
        transports.append(transport)
        nodes.append(node)
        try transport.start(on: node.loop).wait()
        _ = node.gateway.join(on: node.loop)
        node.runLoops()
    }

    /// Lets what is under way arrive, heartbeats included.
    func settle() {
        for _ in 0..<8 {
            for node in nodes {
                node.tick()
                node.runLoops()
            }
        }
    }

    /// Lets time pass everywhere.
    func pass(_ amount: TimeAmount) {
        var left = amount
        while left > .zero {
            for node in nodes { node.pass(.milliseconds(250)) }
            settle()
            left = left - .milliseconds(250)
        }
    }

    /// Lets a long time pass at once, in steps in which every node looks after its sessions.
    func passLong(_ whole: UInt32) {
        seconds.passed.add(whole, ordering: .relaxed)
        for _ in 0..<20 {
            for node in nodes { node.pass(.seconds(Int64(whole) / 20)) }
            settle()
        }
    }

    /// A node is gone without a word.
    func kill(_ index: Int) {
        let node = nodes.remove(at: index)
        backend.crash(node.gateway.parts.member)
        transports.remove(at: index)
        settle()
    }

    subscript(index: Int) -> TestNode { nodes[index] }
}
