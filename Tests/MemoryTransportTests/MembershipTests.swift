// Joining and leaving a memory backend, and its bounds on members and subscriptions.
import MemoryTransport
import NIOCore
import NIOEmbedded
import Testing
import TransportAPI

@Suite("Memory transport: members")
struct MembershipTests {
    @Test("A transport refuses everything before it is started, and after it is closed")
    func life() throws {
        let loop = EmbeddedEventLoop()
        let id = try #require(MemberID(name: "a", incarnation: 1))
        let transport = MemoryTransport(member: id)
        let bus = try #require(transport.bus)
        let directory = try #require(transport.directory)
        let log = try #require(transport.log)
        func refusals() -> [TransportError.Code?] {
            [
                failure { try bus.publish(.text("x"), to: .everyone) },
                failure { try bus.subscribe(to: .everyone, capacity: .init(), on: loop, Recorder()).wait() },
                failure { try directory.read(Key128(high: 1, low: 1), on: loop).wait() },
                failure { try log.remove(Key128(high: 1, low: 1), on: loop).wait() },
            ]
        }
        #expect(refusals() == [.closed, .closed, .closed, .closed])
        try transport.start(on: loop).wait()
        #expect(refusals() == [nil, nil, nil, nil])
        let closed = transport.close(on: loop)
        loop.run()
        try closed.wait()
        #expect(refusals() == [.closed, .closed, .closed, .closed])
    }

    @Test("The same member cannot join twice, and a transport not start again")
    func twice() throws {
        let cluster = try EmbeddedCluster()
        let again = MemoryTransport(member: cluster.members[0], backend: cluster.backend)
        #expect(failure { try again.start(on: cluster.loop).wait() } == .refused)
        // Closing what never came in must not throw the other out.
        try again.close(on: cluster.loop).wait()
        try cluster.publish("x", from: 0, to: .inbox(cluster.members[0]))
        let closed = cluster.transports[0].close(on: cluster.loop)
        cluster.loop.run()
        try closed.wait()
        #expect(failure { try cluster.transports[0].start(on: cluster.loop).wait() } == .refused)
    }

    @Test("Beyond the limits members and subscriptions are refused")
    func limits() throws {
        var limits = MemoryLimits()
        limits.members = 2
        limits.subscriptions = 2
        let cluster = try EmbeddedCluster(limits: limits)
        let third = try #require(MemberID(name: "c", incarnation: 3))
        let transport = MemoryTransport(member: third, backend: cluster.backend)
        #expect(failure { try transport.start(on: cluster.loop).wait() } == .overloaded)
        let (_, subscription) = try cluster.listen(0, to: .everyone)
        _ = try cluster.listen(1, to: .everyone)
        #expect(failure { try cluster.listen(0, to: .topic("t")) } == .overloaded)
        subscription.end()
        _ = try cluster.listen(0, to: .topic("t"))
    }

    @Test("A successor takes the place of a crashed member of its name")
    func successor() throws {
        var limits = MemoryLimits()
        limits.members = 2
        let cluster = try EmbeddedCluster(limits: limits)
        cluster.backend.crash(cluster.members[1])
        let id = try #require(MemberID(name: "b", incarnation: 77))
        let successor = MemoryTransport(member: id, backend: cluster.backend)
        try successor.start(on: cluster.loop).wait()
        #expect(failure { try cluster.publish("x", from: 0, to: .inbox(cluster.members[1])) } == .unreachable)
        try cluster.publish("x", from: 0, to: .inbox(id))
    }

    @Test("Nothing holds on to a receiver whose transport was closed")
    func letGo() throws {
        let cluster = try EmbeddedCluster()
        weak var released: Recorder?
        do {
            let (recorder, _) = try cluster.listen(0, to: .everyone)
            released = recorder
        }
        #expect(released != nil)
        let closed = cluster.transports[0].close(on: cluster.loop)
        cluster.loop.run()
        try closed.wait()
        #expect(released == nil)
    }
}
