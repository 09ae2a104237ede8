// One connection between two members, from the upgrade to its end. It reads and writes frames and knows nothing of what
// they mean. TLS goes in front of it in the same pipeline when it comes. Belongs to the cluster's loop.
internal import HTTPWire
internal import NIOCore
internal import TransportAPI

final class PeerLink: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Side: Equatable {
        case dialled(PeerAddress)
        case accepted
    }

    enum Phase {
        case requestHead(RequestHeadReader)
        case responseHead(ResponseHeadReader)
        case hello
        case confirm
        case open
        case ended
    }

    /// Bytes handed to the socket in one piece.
    private static let pieceBytes = 256 * 1024
    /// Bytes of the frame that proves the secret, at most.
    static let confirmBytesMax = 64

    let side: Side
    let network: PeerNetwork
    /// Who dialled, if this side did. It hears of the link's end.
    weak var dialer: PeerDialer?
    var phase: Phase
    var buffer = ByteBuffer()
    var context: ChannelHandlerContext?
    /// The dialler's part of the handshake.
    let handshake: PeerHandshake?
    var seal: FrameSeal?
    /// Claimed in the hello, proved once the phase is `open`.
    var remote: PeerHello?
    let startedAt: NIODeadline

    /// There once the link is open.
    private(set) var outbox: PeerOutbox?
    private(set) var lastHeard: NIODeadline
    private(set) var lastSent: NIODeadline
    /// Since when the socket has taken nothing of what it was given.
    private(set) var stuckSince: NIODeadline?
    private var piecesUnsent = 0
    var isSuspect = false
    /// The envelopes on it are counted: the other end has said where they begin.
    var isAligned = false
    /// The other end has shown that it counts the link as open.
    private(set) var isReady = false

    init(side: Side, network: PeerNetwork) {
        self.side = side
        self.network = network
        startedAt = .now()
        lastHeard = startedAt
        lastSent = startedAt
        if case .accepted = side {
            phase = .requestHead(RequestHeadReader(limits: PeerHeads.limits))
            handshake = nil
        } else {
            phase = .responseHead(ResponseHeadReader(limits: PeerHeads.limits))
            handshake = PeerHandshake(dialler: network.hello(offering: true), secrets: network.secrets)
        }
    }

    /// Where an accepted connection comes from.
    private var dialler = "an unknown address"

    var isOpen: Bool { if case .open = phase { true } else { false } }

    var isEnded: Bool { if case .ended = phase { true } else { false } }

    /// The other end's address, for logs.
    var address: String {
        switch side {
        case .dialled(let address): address.description
        case .accepted: dialler
        }
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        if let address = context.remoteAddress?.ipAddress { dialler = address }
        if case .dialled(let address) = side { write(text: PeerHeads.request(to: address)) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnded else { return }
        lastHeard = .now()
        var bytes = unwrapInboundIn(data)
        if buffer.readableBytes == 0 { swap(&buffer, &bytes) } else { buffer.writeBuffer(&bytes) }
        do throws(LinkEnd) {
            while try step() {}
            if buffer.readableBytes == 0 {
                buffer = ByteBuffer()
            } else if buffer.readerIndex > Self.pieceBytes {
                buffer.discardReadBytes()
            }
        } catch {
            end(error)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { end(.disconnected) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(.broken("\(error)")) }

    /// Ends it at once. Says so to the network and the dialler, in this order; a second end is not heard of.
    func end(_ reason: LinkEnd) {
        if isEnded { return }
        let wasOpen = isOpen
        phase = .ended
        outbox?.close()
        buffer = ByteBuffer()
        network.ended(self, reason, wasOpen: wasOpen)
        dialer?.ended(self, reason, wasOpen: wasOpen)
        if !isClosingAfterFlush { context?.close(promise: nil) }
        context = nil
    }

    private var isClosingAfterFlush = false

    /// Sends a last word in clear and ends.
    func end(_ reason: LinkEnd, saying bytes: ByteBuffer) {
        guard !isEnded, let context else { return }
        isClosingAfterFlush = true
        end(reason)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { _ in channel.close(promise: nil) }
        channel.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    // MARK: Writing

    func write(text: String) { write(ByteBuffer(string: text)) }

    func write(_ bytes: ByteBuffer) {
        context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        lastSent = .now()
    }

    /// The secret is proved and the network wants the link: from here on it carries frames.
    func open() -> PeerOutbox {
        phase = .open
        let outbox = PeerOutbox(bytesMax: network.options.queueBytesMax, loop: network.loop) { [weak self] in
            self?.drain()
        }
        self.outbox = outbox
        return outbox
    }

    /// Seals and writes everything that is queued, with one flush.
    private func drain() {
        guard isOpen, let outbox, let seal, let context else { return }
        var cost = 0
        var output = ByteBuffer()
        do throws(LinkEnd) {
            for frame in outbox.take() {
                cost += frame.cost
                output.reserveCapacity(minimumWritableBytes: frame.cost + FrameSeal.overhead)
                try seal.seal(into: &output) { frame.encode(into: &$0) }
                guard output.readableBytes >= Self.pieceBytes else { continue }
                write(output, cost: cost, context)
                output = ByteBuffer()
                cost = 0
            }
        } catch {
            return end(error)
        }
        if cost > 0 { write(output, cost: cost, context) }
        context.flush()
        lastSent = .now()
    }

    /// Writes in pieces, so that progress is seen in a large frame too.
    private func write(_ output: ByteBuffer, cost: Int, _ context: ChannelHandlerContext) {
        var output = output
        if stuckSince == nil { stuckSince = .now() }
        while let piece = output.readSlice(length: min(output.readableBytes, Self.pieceBytes)) {
            piecesUnsent += 1
            let freed = output.readableBytes == 0 ? cost : 0
            context.write(wrapOutboundOut(piece)).assumeIsolated().whenComplete { [weak self] _ in self?.sent(freed) }
            if output.readableBytes == 0 { return }
        }
    }

    private func sent(_ cost: Int) {
        piecesUnsent -= 1
        stuckSince = piecesUnsent == 0 ? nil : .now()
        outbox?.sent(cost)
    }

    // MARK: Time

    /// The first frame behind the proof came.
    func becomeReady() { isReady = true }

    /// This process stood still: what the peer sent meanwhile is about to be read.
    func forgiveSilence(now: NIODeadline) {
        lastHeard = now
        if stuckSince != nil { stuckSince = now }
    }

    /// For how long the peer has neither been heard nor taken what was sent.
    func silence(now: NIODeadline) -> TimeAmount { max(now - lastHeard, stuckSince.map { now - $0 } ?? .zero) }
}
