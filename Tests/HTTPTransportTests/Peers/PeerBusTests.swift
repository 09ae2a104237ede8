// The bus over real sockets: who hears what, in which order, and what is told when something is lost.
import NIOCore
import NIOEmbedded
import Testing
import TransportAPI

@testable import HTTPTransport

@Suite("Bus between members", .timeLimit(.minutes(1)))
struct PeerBusTests {
    @Test("Inboxes, everyone and topics reach whom they should, in order")
    func reaches() async throws {
        try await PeerBench.run { bench in
            let peers = try await bench.mesh(3)
            let inbox = try await bench.listen(peers[1], peers[1].inbox)
            var everyone: [PeerListenerProbe] = []
            var topics: [PeerListenerProbe] = []
            for peer in peers {
                everyone.append(try await bench.listen(peer, .everyone))
                topics.append(try await bench.listen(peer, .topic("a.topic")))
            }
            for number in 0..<3000 {
                try peers[0].bus.publish(.numbered(number, size: number % 700), to: peers[1].inbox)
                try peers[0].bus.publish(.numbered(number), to: .everyone)
                try peers[0].bus.publish(.numbered(number), to: .topic("a.topic"))
                try peers[0].bus.publish(.numbered(number), to: .topic("another"))
            }
            for probe in [inbox] + everyone + topics {
                try await eventually("3000 envelopes arrive") { probe.seen.numbers.count >= 3000 }
                #expect(probe.seen.numbers == Array(0..<3000))
                #expect(probe.seen.senders.allSatisfy { $0 == peers[0].id })
                #expect(probe.seen.errors.isEmpty)
            }
            #expect(inbox.seen.bodies.map(\.readableBytes) == (0..<3000).map { $0 % 700 })
        }
    }

    @Test("An attachment has links to all nodes, and both directions work")
    func attachment() async throws {
        try await PeerBench.run { bench in
            let nodes = try await bench.mesh(2)
            let attachment = try await bench.start(
                "beside", PeerBench.options(.attachment, peers: nodes.map(\.address)))
            #expect(attachment.cluster.boundPort == nil)
            let own = try await bench.listen(attachment, attachment.inbox)
            let all = try await bench.listen(attachment, .everyone)
            for (index, node) in nodes.enumerated() {
                let inbox = try await bench.listen(node, node.inbox)
                try attachment.bus.publish(.numbered(index), to: node.inbox)
                try await eventually("the node hears the attachment") { inbox.seen.numbers == [index] }
                #expect(inbox.seen.senders == [attachment.id])
                try node.bus.publish(.numbered(10 + index), to: attachment.inbox)
                try node.bus.publish(.numbered(20 + index), to: .everyone)
            }
            try await eventually("the attachment hears both") { own.seen.numbers.count + all.seen.numbers.count == 4 }
            #expect(own.seen.numbers.sorted() == [10, 11])
            #expect(all.seen.numbers.sorted() == [20, 21])
        }
    }

    @Test("Large and empty envelopes arrive byte for byte; a larger one is refused")
    func sizes() async throws {
        try await PeerBench.run { bench in
            let peers = try await bench.mesh(2)
            let probe = try await bench.listen(peers[1], peers[1].inbox, capacity: .init(bytes: .max))
            let most = peers[0].bus.envelopeBytesMax
            try peers[0].bus.publish(Envelope(header: ByteBuffer()), to: peers[1].inbox)
            try peers[0].bus.publish(.numbered(1, size: most - 8), to: peers[1].inbox)
            try await eventually("both arrive") { probe.seen.bodies.count == 2 }
            #expect(probe.seen.bodies.last == ByteBuffer(repeating: 0x2E, count: most - 8))
            let error = #expect(throws: TransportError.self) {
                try peers[0].bus.publish(.numbered(1, size: most), to: peers[1].inbox)
            }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test("A member that is not linked is unreachable at once")
    func unreachable() async throws {
        try await PeerBench.run { bench in
            let peers = try await bench.mesh(2)
            let nobody = try #require(MemberID(name: peers[1].id.name, incarnation: 7))
            let error = #expect(throws: TransportError.self) {
                try peers[0].bus.publish(.numbered(1), to: .inbox(nobody))
            }
            #expect(error?.code == .unreachable)
            #expect(error?.delivery == .notDelivered)
        }
    }

    @Test("A peer that stops reading fills one queue only, which refuses; then everything accepted arrives")
    func boundedQueue() async throws {
        try await PeerBench.run { bench in
            let peers = try await bench.mesh(2) {
                $0.frameBytesMax = 300 * 1024
                $0.queueBytesMax = 1024 * 1024
            }
            let relay = try await PeerRelay.start(to: peers[1].address.port, on: bench.group)
            let sender = try await bench.start(
                "sender", PeerBench.options(.attachment, peers: [PeerAddress(host: "127.0.0.1", port: relay.port)]))
            let probe = try await bench.listen(peers[1], peers[1].inbox)
            try await relay.setStalled(true)
            var accepted = 0
            var refusal: TransportError?
            // The sockets take some before the queue fills.
            while refusal == nil, accepted < 10_000 {
                do throws(TransportError) {
                    try sender.bus.publish(.numbered(accepted, size: 100_000), to: peers[1].inbox)
                    accepted += 1
                } catch { refusal = error }
            }
            #expect(refusal?.code == .overloaded)
            #expect(refusal?.delivery == .notDelivered)
            try peers[0].bus.publish(.numbered(-7), to: peers[1].inbox)
            try await eventually("another publisher is not held up") { probe.seen.numbers == [-7] }
            try await relay.setStalled(false)
            try await eventually("what was accepted arrives") { probe.seen.numbers.count == accepted + 1 }
            #expect(Array(probe.seen.numbers.dropFirst()) == Array(0..<accepted))
            try await relay.close()
        }
    }

    @Test("A subscriber that does not keep up loses its subscription; the link and its neighbours live on")
    func overflow() async throws {
        try await PeerBench.run { bench in
            let peers = try await bench.mesh(2)
            let slow = try await bench.listen(peers[1], peers[1].inbox, capacity: .init(envelopes: 1, bytes: 1))
            let other = try await bench.listen(peers[1], peers[1].inbox)
            for number in 0..<2000 { try peers[0].bus.publish(.numbered(number, size: 100), to: peers[1].inbox) }
            try await eventually("the slow one is told") { slow.seen.errors == [.overflowed] }
            try await eventually("the other hears all") { other.seen.numbers.count == 2000 }
            let numbers = slow.seen.numbers
            #expect(numbers == Array(0..<numbers.count))
            #expect(other.seen.errors.isEmpty)
        }
    }

    @Test("One peer that does not read keeps nothing from the others; when nobody would get it, it is refused")
    func broadcastsPastAFullQueue() throws {
        let loop = EmbeddedEventLoop()
        let names = ["own", "slow", "quick"]
        let members = try names.enumerated().map {
            try #require(MemberID(name: $0.element, incarnation: UInt64($0.offset) + 1))
        }
        let bus = PeerBus(own: members[0], options: PeerBench.options())
        let slow = PeerOutbox(bytesMax: 2_000, loop: loop) {}
        let quick = PeerOutbox(bytesMax: 1_000_000, loop: loop) {}
        bus.open(slow, to: members[1])
        bus.open(quick, to: members[2])
        _ = quick.take()
        #expect(throws: TransportError.self) {
            for number in 0..<100 { try bus.publish(.numbered(number, size: 500), to: .inbox(members[1])) }
        }
        try bus.publish(.numbered(7, size: 500), to: .everyone)
        #expect(quick.take().count == 1)
        bus.remove(quick, of: members[2])
        let error = #expect(throws: TransportError.self) { try bus.publish(.numbered(8, size: 500), to: .everyone) }
        #expect(error?.code == .overloaded)
    }
}
