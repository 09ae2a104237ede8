// Who makes room when strangers crowd the port for links: never a peer that speaks, and never for another's flood.
import NIOCore
import NIOEmbedded
import Testing
import TransportAPI

@testable import HTTPTransport

@Suite("Newcomers at the port for links")
struct PeerNewcomersTests {
    private typealias Origin = PeerNewcomers.Origin

    /// A node without sockets that takes links in.
    private final class Node {
        let network: PeerNetwork
        let lines = LogLines()
        private let bus: PeerBus

        init(_ change: (inout HTTPClusterOptions) -> Void = { _ in }) throws {
            var options = PeerBench.options()
            change(&options)
            let own = try #require(MemberID(name: "node", incarnation: 1))
            bus = PeerBus(own: own, options: options)
            network = PeerNetwork(
                own: own, options: options, loop: EmbeddedEventLoop(), bus: bus, logger: lines.logger())
        }

        func accept(_ address: String = "192.0.2.1") throws -> PeerLink {
            try #require(network.accept(from: try SocketAddress(ipAddress: address, port: 1)))
        }

        func accept(_ count: Int, _ address: String = "192.0.2.1") throws -> [PeerLink] {
            try (0..<count).map { _ in try accept(address) }
        }
    }

    private func open(_ links: [PeerLink]) -> Int { links.count { !$0.isEnded } }

    /// An attachment's link that stands at `step` of the handshake when `flood` begins.
    private func expectOpen(_ step: Int, _ flood: (LinkPair) throws -> Void) throws {
        let pair = try LinkPair()
        var held: [ByteBuffer] = []
        for _ in 0..<step {
            for bytes in held { try pair.dialler.receive(bytes) }
            held = []
            pair.loop.run()
            while let sent = try pair.dialler.sent() { try pair.acceptor.receive(sent) }
            while let sent = try pair.acceptor.sent() { held.append(sent) }
        }
        try flood(pair)
        #expect(!pair.acceptor.link.isEnded, "at step \(step)")
        for bytes in held { try pair.dialler.receive(bytes) }
        try pair.carry()
        #expect(pair.isOpen, "at step \(step)")
    }

    @Test("Whoever has said what was awaited is not displaced by those that say nothing", arguments: [1, 2])
    func speakersStay(_ step: Int) throws {
        try expectOpen(step) { pair in
            for _ in 0..<5000 { _ = pair.acceptor.network.accept() }
        }
    }

    @Test("A flood of one address displaces itself, at any step")
    func otherAddresses() throws {
        for step in [nil, PeerNewcomers.Step.hello, .proof] {
            let node = try Node()
            let peer = try node.accept("192.0.2.1")
            if let step { node.network.advanced(peer, to: step) }
            for _ in 0..<2000 {
                let stranger = try node.accept("192.0.2.66")
                if let step { node.network.advanced(stranger, to: step) }
            }
            let late = try node.accept("192.0.2.2")
            #expect(!peer.isEnded && !late.isEnded)
            #expect(node.network.newcomers.count == 2 + node.network.options.handshakesPerAddressMax)
        }
    }

    @Test("A full room takes every newcomer, and the oldest of the address that has most goes")
    func fullRoom() throws {
        let node = try Node {
            $0.handshakesMax = 6
            $0.handshakesPerAddressMax = 4
        }
        let few = try node.accept(2, "192.0.2.1")
        let many = try node.accept(3, "192.0.2.2")
        let other = try node.accept("192.0.2.3")
        #expect(open(few + many + [other]) == 6)
        let next = try node.accept(2, "192.0.2.4")
        #expect(many.map(\.isEnded) == [true, false, false])
        // By then two addresses had most.
        #expect(few.map(\.isEnded) == [true, false])
        #expect(open(few + many + [other] + next) == 6)
        #expect(!other.isEnded && open(next) == 2)
    }

    @Test("One address has its share, and beyond it makes room itself")
    func share() throws {
        let node = try Node {
            $0.handshakesMax = 100
            $0.handshakesPerAddressMax = 4
        }
        let links = try node.accept(10)
        #expect(links.map(\.isEnded) == (0..<10).map { $0 < 6 })
        let others = try node.accept(4, "192.0.2.2")
        #expect(open(others) == 4 && open(links) == 4)
        #expect(node.lines.count("too many connections that have not proved the secret") == 1)
    }

    @Test("With as many addresses as places the oldest goes, and the newest stays")
    func manyAddresses() throws {
        let node = try Node { $0.handshakesMax = 8 }
        let links = try (0..<50).map { try node.accept("192.0.2.\($0)") }
        #expect(links.map(\.isEnded) == (0..<50).map { $0 < 42 })
    }

    @Test("An IPv6 network counts as one, and a mapped IPv4 address as that address")
    func origins() throws {
        func origin(_ address: String) throws -> Origin { Origin(try SocketAddress(ipAddress: address, port: 1)) }
        #expect(try origin("2001:db8:1:2::1") == origin("2001:db8:1:2:ffff:ffff:ffff:ffff"))
        #expect(try origin("2001:db8:1:2::1") != origin("2001:db8:1:3::1"))
        #expect(try origin("::ffff:192.0.2.1") == origin("192.0.2.1"))
        #expect(try origin("::ffff:192.0.2.1") != origin("::ffff:192.0.2.2"))
        #expect(try origin("192.0.2.1") == .version4(0xC000_0201))
        #expect(try origin("2001:db8:1:2::1") == .version6(0x2001_0DB8_0001_0002))
        #expect(Origin(nil) == .unknown)
    }

    @Test("Places become free when connections end or prove the secret, and strangers take no link's place")
    func places() throws {
        let pair = try LinkPair()
        let network = pair.acceptor.network
        #expect(network.newcomers.count == 1)
        let silent = try #require(network.accept())
        #expect(network.newcomers.count == 2)
        silent.end(.slow)
        try pair.carry()
        #expect(pair.isOpen && network.newcomers.count == 0)

        let node = try Node {
            $0.linksMax = 3
            $0.handshakesPerAddressMax = 50
        }
        let links = try node.accept(40)
        #expect(open(links) == 40)
        for link in links { link.end(.disconnected) }
        #expect(node.network.newcomers.count == 0 && node.network.links.isEmpty)
    }

    @Test("Strangers from many addresses do not fill the log")
    func log() throws {
        let node = try Node { $0.handshakesPerAddressMax = 1 }
        for number in 0..<1000 { _ = try node.accept(2, "10.0.\(number / 250).\(number % 250)") }
        #expect((1...20).contains(node.lines.count("a connection was refused as a link")))
    }

    @Test("Who only connects is told nothing that was made from the secret")
    func nothingToTry() throws {
        let loop = EmbeddedEventLoop()
        var answers: [[UInt8]] = []
        for secret in [PeerBench.secret, Array("another secret of 32 letters....".utf8)] {
            let end = try LinkEndpoint("b", incarnation: 2, dials: false, secrets: [secret], loop: loop)
            let member = try #require(MemberID(name: "x", incarnation: 9))
            let nonce = [UInt8](repeating: 7, count: PeerHello.nonceCount)
            let hello = PeerHello(role: .node, member: member, nonce: nonce, secrets: [1, 2]).encode()
            var bytes = ByteBuffer(string: PeerHeads.request(to: PeerAddress(host: "127.0.0.1", port: 7001)))
            bytes.writeInteger(UInt32(hello.readableBytes))
            bytes.writeImmutableBuffer(hello)
            try end.receive(bytes)
            var all = ByteBuffer()
            while let sent = try end.sent() { all.writeImmutableBuffer(sent) }
            #expect(end.link.isEnded)
            all.moveReaderIndex(forwardBy: PeerHeads.accepted.utf8.count + FrameSeal.prefixCount)
            let answer = try PeerHello(all)
            #expect(answer.secrets.isEmpty)
            // Its random bytes aside, the answer is the same whatever the secret.
            answers.append(Array(PeerHello(role: answer.role, member: answer.member, nonce: nonce, secrets: []).encode()
                .readableBytesView))
        }
        #expect(answers[0] == answers[1])
    }
}
