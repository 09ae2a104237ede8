// Probes and states speak of many exchanges at once, so that idle streams cost a few envelopes and not one each.
internal import NIOCore
internal import TransportAPI

/// Entries for several targets, sent together, each envelope with up to a part's worth of them.
struct RelayLots {
    /// A header's fields come after the fixed beginning: the sender's loop, and whether the receiver should speak too.
    static func readFields(_ fields: inout ByteBuffer) -> (loop: UInt8, asks: Bool)? {
        guard let (loop, flags) = fields.readMultipleIntegers(as: (UInt8, UInt8).self) else { return nil }
        return (loop, flags & 1 == 1)
    }

    private static let bytesMax = 32 * 1024

    let type: RelayFrame.FrameType
    let asks: Bool
    private var lots: [RelayTarget: ByteBuffer] = [:]
    /// In the order in which they came up, so that a run can be repeated.
    private var order: [RelayTarget] = []
    /// To whom nothing can ever be sent, and why.
    private(set) var refused: [RelayTarget: TransportError] = [:]

    init(_ type: RelayFrame.FrameType, asks: Bool = false) {
        self.type = type
        self.asks = asks
    }

    mutating func add(for target: RelayTarget, through post: RelayPost, _ write: (inout ByteBuffer) -> Void) {
        if lots[target] == nil { order.append(target) }
        write(&lots[target, default: ByteBuffer()])
        guard let lot = lots[target], lot.readableBytes >= Self.bytesMax else { return }
        lots[target] = ByteBuffer()
        send(lot, to: target, through: post)
    }

    mutating func sendAll(through post: RelayPost) {
        for target in order {
            if let lot = lots[target], lot.readableBytes > 0 { send(lot, to: target, through: post) }
        }
        lots = [:]
        order = []
    }

    private mutating func send(_ lot: ByteBuffer, to target: RelayTarget, through post: RelayPost) {
        let kind: EnvelopeKind = type == .probes ? .relayRequest : .relayAnswer
        var header = RelayFrame(kind: kind, loop: target.loop, exchange: 0, sequence: 0, type: type).header(extra: 2)
        header.writeMultipleIntegers(post.loop, UInt8(asks ? 1 : 0))
        do throws(TransportError) {
            try post.send(header, lot, to: target.member)
        } catch {
            // Otherwise it counts as lost: the next probe says the same.
            if !error.mayPass { refused[target] = error }
        }
    }
}
