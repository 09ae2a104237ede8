// Two links that talk to each other without sockets: the test carries the bytes, and may do with them what an attacker
// may do.
import NIOCore
import NIOEmbedded
import Testing
import TransportAPI

@testable import HTTPTransport

/// One end: a member's network with one link on an embedded channel.
final class LinkEndpoint {
    let network: PeerNetwork
    let link: PeerLink
    let channel: EmbeddedChannel
    let lines = LogLines()
    private let bus: PeerBus

    init(
        _ name: String, incarnation: UInt64, dials: Bool, role: PeerRole = .node,
        secrets: [[UInt8]] = [PeerBench.secret], loop: EmbeddedEventLoop
    ) throws {
        let id = try #require(MemberID(name: name, incarnation: incarnation))
        var options = PeerBench.options(role)
        options.secrets = secrets
        bus = PeerBus(own: id, options: options)
        network = PeerNetwork(own: id, options: options, loop: loop, bus: bus, logger: lines.logger())
        let address = PeerAddress(host: "127.0.0.1", port: 7001)
        link = dials ? network.dial(address) : try #require(network.accept())
        channel = EmbeddedChannel(loop: loop)
        try channel.pipeline.syncOperations.addHandler(link)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 7001)).wait()
    }

    /// What it has written, or nil.
    func sent() throws -> ByteBuffer? { try channel.readOutbound(as: ByteBuffer.self) }

    func receive(_ bytes: ByteBuffer) throws { if !link.isEnded { try channel.writeInbound(bytes) } }

    func publish(_ number: Int, to member: MemberID) throws { try bus.publish(.numbered(number), to: .inbox(member)) }

    func listen(_ probe: PeerListenerProbe, loop: EmbeddedEventLoop) {
        _ = bus.subscribe(to: .inbox(network.own), capacity: .init(), on: loop, probe)
    }
}

/// A dialler and an acceptor.
final class LinkPair {
    enum Way { case out, back }

    let loop = EmbeddedEventLoop()
    let dialler: LinkEndpoint
    let acceptor: LinkEndpoint
    /// Everything that was carried.
    private(set) var carried: [Way: ByteBuffer] = [.out: ByteBuffer(), .back: ByteBuffer()]

    init(
        dialler secrets: [[UInt8]] = [PeerBench.secret], acceptor others: [[UInt8]] = [PeerBench.secret]
    ) throws {
        dialler = try LinkEndpoint("a", incarnation: 1, dials: true, role: .attachment, secrets: secrets, loop: loop)
        acceptor = try LinkEndpoint("b", incarnation: 2, dials: false, secrets: others, loop: loop)
    }

    var isOpen: Bool { dialler.link.isOpen && acceptor.link.isOpen }

    /// Carries bytes until neither has anything to say.
    /// - Parameter change: may alter what is carried, of which so many bytes went before.
    func carry(_ change: (Way, Int, inout ByteBuffer) -> Void = { _, _, _ in }) throws {
        var isBusy = true
        while isBusy {
            isBusy = false
            loop.run()
            for (way, from, to) in [(Way.out, dialler, acceptor), (.back, acceptor, dialler)] {
                while var bytes = try from.sent() {
                    isBusy = true
                    let before = carried[way]?.readableBytes ?? 0
                    carried[way]?.writeImmutableBuffer(bytes)
                    change(way, before, &bytes)
                    try to.receive(bytes)
                }
            }
        }
    }

    /// Carries with one bit turned around.
    func carry(flipping offset: Int, of way: Way, bit: UInt8 = 1) throws {
        try carry { current, before, bytes in
            let place = bytes.readerIndex + offset - before
            guard current == way, offset >= before, let byte = bytes.getInteger(at: place, as: UInt8.self)
            else { return }
            bytes.setInteger(byte ^ bit, at: place)
        }
    }
}
