// How the memory bus delivers, seen on an embedded loop where every step can be counted.
import MemoryTransport
import NIOCore
import NIOEmbedded
import Testing
import TransportAPI

@Suite("Memory bus: delivery")
struct DeliveryTests {
    private let topic = Subject.topic("t")

    @Test("Nothing comes before the loop runs, and a burst comes in one go")
    func batching() throws {
        let cluster = try EmbeddedCluster()
        let (recorder, _) = try cluster.listen(0, to: topic)
        for text in ["1", "2", "3"] { try cluster.publish(text, from: 0, to: topic) }
        #expect(recorder.heard.isEmpty)
        cluster.loop.run()
        #expect(recorder.heard == ["1<a", "2<a", "3<a", "all"])
    }

    @Test("A long burst is handed over in parts, so that the loop can do something else")
    func longBurst() throws {
        let cluster = try EmbeddedCluster()
        let (recorder, _) = try cluster.listen(1, to: topic)
        for number in 0..<300 { try cluster.publish("\(number)", from: 0, to: topic) }
        cluster.loop.run()
        #expect(recorder.bodies == (0..<300).map(String.init))
        #expect(recorder.heard.filter { $0 == "all" }.count == 3)
        #expect(recorder.heard.last == "all")
    }

    @Test("An envelope's bytes are not copied")
    func noCopy() throws {
        let cluster = try EmbeddedCluster(1)
        let receiver = AddressReceiver()
        _ = try cluster.bus(0).subscribe(to: topic, capacity: .init(), on: cluster.loop, receiver).wait()
        let body = ByteBuffer(string: "some bytes that stay where they are")
        try cluster.bus(0).publish(Envelope(header: ByteBuffer(), body: body), to: topic)
        cluster.loop.run()
        #expect(receiver.address.withLock(\.self) == body.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) })
    }

    @Test("A receiver may end its subscription within a burst, and hears nothing more")
    func endWithin() throws {
        let cluster = try EmbeddedCluster()
        let receiver = Quitter()
        let future = try cluster.bus(1).subscribe(to: topic, capacity: .init(), on: cluster.loop, receiver)
        let subscription = try future.wait()
        receiver.subscription.withLock { $0 = subscription }
        for number in 0..<5 { try cluster.publish("\(number)", from: 0, to: topic) }
        cluster.loop.run()
        #expect(receiver.heard.withLock(\.self) == ["0", "1"])
    }

    @Test("A receiver may publish to its own subject, and each answer is another hop")
    func publishWithin() throws {
        let cluster = try EmbeddedCluster(1)
        let bus = try cluster.bus(0)
        let receiver = Echo(bus: bus, subject: topic, rounds: 1_000)
        _ = try bus.subscribe(to: topic, capacity: .init(envelopes: 1), on: cluster.loop, receiver).wait()
        try cluster.publish("go", from: 0, to: topic)
        cluster.loop.run()
        #expect(receiver.heard.withLock(\.self) == 1_001)
    }

    @Test("Room is there again when an envelope is handed over, and not before")
    func capacity() throws {
        let cluster = try EmbeddedCluster()
        let (recorder, _) = try cluster.listen(1, to: topic, capacity: .init(envelopes: 2, bytes: 10))
        for text in ["1", "2"] { try cluster.publish(text, from: 0, to: topic) }
        cluster.loop.run()
        for text in ["123456", "1234"] { try cluster.publish(text, from: 0, to: topic) }
        cluster.loop.run()
        #expect(recorder.heard == ["1<a", "2<a", "all", "123456<a", "1234<a", "all"])
        for text in ["123456", "12345"] { try cluster.publish(text, from: 0, to: topic) }
        try cluster.publish("never", from: 0, to: topic)
        cluster.loop.run()
        #expect(recorder.heard.suffix(3) == ["123456<a", "all", "overflowed"])
        try cluster.publish("late", from: 0, to: topic)
        cluster.loop.run()
        #expect(recorder.heard.last == "overflowed")
    }

    @Test("Closing tells the subscribers on their loop, and drops what waits")
    func close() throws {
        let cluster = try EmbeddedCluster()
        let (recorder, _) = try cluster.listen(1, to: topic)
        try cluster.publish("1", from: 0, to: topic)
        let closed = cluster.transports[1].close(on: cluster.loop)
        #expect(recorder.heard.isEmpty)
        cluster.loop.run()
        try closed.wait()
        #expect(recorder.heard == ["closed"])
        let gone = cluster.members[1]
        #expect(failure { try cluster.publish("2", from: 0, to: .inbox(gone)) } == .unreachable)
    }

    @Test("A crashed member hears nothing more, and nobody knows that it is gone")
    func crash() throws {
        let cluster = try EmbeddedCluster()
        let (recorder, _) = try cluster.listen(1, to: .everyone)
        try cluster.publish("1", from: 0, to: .everyone)
        cluster.backend.crash(cluster.members[1])
        try cluster.publish("2", from: 0, to: .inbox(cluster.members[1]))
        cluster.loop.run()
        #expect(recorder.heard.isEmpty)
        #expect(failure { try cluster.publish("3", from: 1, to: .everyone) } == .closed)
    }
}
