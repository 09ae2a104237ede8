// The beginning of a link: who knows the secret gets in, and nothing that was altered, repeated or made up does.
import NIOCore
import Testing
import TransportAPI

@testable import HTTPTransport

@Suite("Beginning of a link")
struct PeerHandshakeTests {
    private let old = Array("the secret of last month........".utf8)
    private let new = Array("the secret of this month........".utf8)

    /// Bytes of a hello of this test's members, who have names of one letter and one secret.
    private var pairedHelloCount: Int {
        get throws {
            let member = try #require(MemberID(name: "a", incarnation: 1))
            let nonce = [UInt8](repeating: 0, count: PeerHello.nonceCount)
            return PeerHello(role: .node, member: member, nonce: nonce, secrets: [1]).encode().readableBytes
        }
    }

    /// Bytes up to the end of the proofs, in each direction.
    private func handshake() throws -> (out: ByteBuffer, back: ByteBuffer, heads: (out: Int, back: Int)) {
        let pair = try LinkPair()
        try pair.carry()
        #expect(pair.isOpen)
        let head = PeerHeads.request(to: PeerAddress(host: "127.0.0.1", port: 7001))
        return (
            try #require(pair.carried[.out]), try #require(pair.carried[.back]),
            (head.utf8.count, PeerHeads.accepted.utf8.count)
        )
    }

    @Test("Both ends learn who the other is, and envelopes flow")
    func opens() throws {
        let pair = try LinkPair()
        try pair.carry()
        #expect(pair.isOpen)
        #expect(pair.dialler.link.remote?.member == pair.acceptor.network.own)
        #expect(pair.acceptor.link.remote?.member == pair.dialler.network.own)
        #expect(pair.acceptor.link.remote?.role == .attachment)
        let probe = PeerListenerProbe()
        pair.acceptor.listen(probe, loop: pair.loop)
        for number in 0..<3 { try pair.dialler.publish(number, to: pair.acceptor.network.own) }
        try pair.carry()
        #expect(probe.seen.numbers == [0, 1, 2])
    }

    @Test("It works byte by byte too")
    func byteByByte() throws {
        let pair = try LinkPair()
        for _ in 0..<20 {
            pair.loop.run()
            while let bytes = try pair.dialler.sent() {
                for byte in bytes.readableBytesView { try pair.acceptor.receive(ByteBuffer(bytes: [byte])) }
            }
            while let bytes = try pair.acceptor.sent() {
                for byte in bytes.readableBytesView { try pair.dialler.receive(ByteBuffer(bytes: [byte])) }
            }
        }
        #expect(pair.isOpen)
    }

    @Test("One common secret is enough, in any order; none is the wrong secret on both sides")
    func rotation() throws {
        let both = [old, new]
        for (dialler, acceptor) in [(both, [new]), ([new], both), ([old], [new, old]), ([new, old], [old])] {
            let pair = try LinkPair(dialler: dialler, acceptor: acceptor)
            try pair.carry()
            #expect(pair.isOpen)
        }
        let pair = try LinkPair(dialler: [old], acceptor: [new])
        try pair.carry()
        #expect(!pair.dialler.link.isOpen && !pair.acceptor.link.isOpen)
        #expect(pair.acceptor.lines.count("wrong secret") == 1)
        #expect(pair.dialler.link.isEnded)
    }

    @Test("With any bit of hellos or proofs altered there is no link")
    func altered() throws {
        let (out, back, heads) = try handshake()
        // Behind the heads; what follows the proofs is looked at by other tests.
        let count = 4 + (try pairedHelloCount) + 4 + 1 + 16
        let ends = (out: heads.out + count, back: heads.back + count)
        #expect(out.readableBytes >= ends.out)
        #expect(back.readableBytes >= ends.back)
        for (way, range) in [(LinkPair.Way.out, heads.out..<ends.out), (.back, heads.back..<ends.back)] {
            for offset in range {
                for bit: UInt8 in [0x01, 0x80] {
                    let pair = try LinkPair()
                    try pair.carry(flipping: offset, of: way, bit: bit)
                    #expect(!pair.isOpen, "\(way) \(offset) \(bit)")
                    if way == .back { #expect(!pair.dialler.link.isOpen, "\(offset) \(bit)") }
                    if way == .out { #expect(!pair.acceptor.link.isOpen, "\(offset) \(bit)") }
                }
            }
        }
    }

    @Test("A recorded connection is worth nothing, to either end")
    func replayed() throws {
        let (out, back, _) = try handshake()
        let acceptor = try LinkPair().acceptor
        try acceptor.receive(out)
        #expect(acceptor.link.isEnded)
        #expect(acceptor.lines.count("replayed or altered") == 1)
        let dialler = try LinkPair().dialler
        try dialler.receive(back)
        #expect(dialler.link.isEnded)
        #expect(dialler.network.members.isEmpty)
    }

    @Test("A frame that is repeated, left out or altered on an open link ends it")
    func replayedFrame() throws {
        for fault in 0..<3 {
            let pair = try LinkPair()
            try pair.carry()
            let probe = PeerListenerProbe()
            pair.acceptor.listen(probe, loop: pair.loop)
            var frames: [ByteBuffer] = []
            for number in 0..<3 {
                try pair.dialler.publish(number, to: pair.acceptor.network.own)
                pair.loop.run()
                frames.append(try #require(try pair.dialler.sent()))
            }
            try pair.acceptor.receive(frames[0])
            switch fault {
            case 0: try pair.acceptor.receive(frames[0])
            case 1: try pair.acceptor.receive(frames[2])
            default:
                var frame = frames[1]
                frame.setInteger(UInt8(0xFF), at: frame.writerIndex - 1)
                try pair.acceptor.receive(frame)
            }
            pair.loop.run()
            #expect(pair.acceptor.link.isEnded, "\(fault)")
            #expect(pair.acceptor.lines.count("replayed or altered") == 1, "\(fault)")
            #expect(probe.seen.numbers == [0], "\(fault)")
        }
    }

    @Test("One's own words sent back make no link")
    func reflected() throws {
        let pair = try LinkPair()
        pair.loop.run()
        _ = try pair.dialler.sent()
        try pair.dialler.receive(ByteBuffer(string: PeerHeads.accepted))
        let hello = try #require(try pair.dialler.sent())
        try pair.dialler.receive(hello)
        try pair.dialler.receive(ByteBuffer(repeating: 0, count: 64))
        #expect(pair.dialler.link.isEnded)
    }

    @Test("Garbage in any phase ends the connection and nothing else", arguments: [UInt64(3), 17, 4711])
    func garbage(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let (out, back, heads) = try handshake()
        for round in 0..<300 {
            let pair = try LinkPair()
            // A part of the real thing first, sometimes none.
            let isAcceptor = round % 2 == 0
            let endpoint = isAcceptor ? pair.acceptor : pair.dialler
            let (real, head) = isAcceptor ? (out, heads.out) : (back, heads.back)
            let good = [0, head, head + 40, head + 57][Int(generator.next() % 4)]
            if let bytes = real.getSlice(at: 0, length: good) { try endpoint.receive(bytes) }
            let count = Int(generator.next() % 400)
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            try endpoint.receive(ByteBuffer(bytes: bytes))
            #expect(!endpoint.link.isOpen, "seed \(seed), round \(round)")
        }
    }

    @Test("What cannot be read is refused, never trapped on", arguments: [UInt64(5), 23, 8080])
    func garbledFrames(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let key = Key128(high: 1, low: 2)
        let record = StoredRecord(value: ByteBuffer(string: "v"), revision: 3, isDeleted: false, remaining: .hours(1))
        let frames: [PeerFrame] = [
            .confirm, .open(SentCounts(broadcasts: 1, directs: 2)), .ping(SentCounts()), .goodbye(SentCounts()),
            .leaving, .direct(1, .numbered(1, size: 5)), .everyone(2, .numbered(2)), .topic(3, "topic", .numbered(3)),
            .request(1, .perform(.read(key))), .request(2, .peek(key, view: 7)),
            .request(3, .copy(key, record, view: 0)),
            .request(4, .serve(.create(key, ByteBuffer(string: "x"), lifetime: .hours(1)), view: 1)),
            .request(5, .serve(.update(key, ByteBuffer(string: "x"), from: 1, lifetime: .hours(1)), view: 1)),
            .request(6, .serve(.delete(key, from: 9), view: 1)),
            .reply(1, .read(.found(DirectoryRecord(value: ByteBuffer(string: "x"), revision: 1)))),
            .reply(2, .write(.lost(DirectoryRecord(value: ByteBuffer(), revision: 1)))), .reply(3, .entry(record)),
            .reply(4, .failed(.timedOut)), .reply(5, .disputed),
        ]
        for frame in frames {
            var plain = ByteBuffer()
            frame.encode(into: &plain)
            let again = try PeerFrame(plain)
            #expect("\(again)" == "\(frame)")
            for _ in 0..<200 {
                var bytes = Array(plain.readableBytesView.prefix(generator.below(plain.readableBytes + 1)))
                if !bytes.isEmpty { bytes[generator.below(bytes.count)] = UInt8(generator.below(256)) }
                _ = try? PeerFrame(ByteBuffer(bytes: bytes))
                _ = try? PeerHello(ByteBuffer(bytes: bytes))
            }
        }
    }
}
