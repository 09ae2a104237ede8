// What the directory remembers of a session, so that it is known wherever its client turns up. Fields are tagged, so
// that nodes of two versions can share records.
internal import MCPWire
internal import NIOCore
internal import TransportAPI
internal import TransportKit

/// A session as it is on record.
struct SessionRecord: Equatable {
    enum State: UInt8 { case live = 1, moving = 2, ended = 3 }

    /// Bytes of the parameters of `initialize` that are kept. Longer ones are left out, and the session cannot move.
    static let handshakeBytesMax = 8 * 1024
    private static let version: UInt8 = 1

    var state = State.live
    var upstream: UInt64
    var instance: UInt64
    var epoch: UInt32 = 0
    var upstreamSessionID: [UInt8]
    var principal: Principal
    var revision: UInt8
    var kinds: UInt8
    var handshake: [UInt8] = []
    /// The incarnation of the member that holds the session's own stream, and the stream's name there; 0 when none
    /// does.
    var holder: UInt64 = 0
    var heldStream: UInt64 = 0
    /// Unix seconds.
    var created: UInt32
    var lastSeen: UInt32

    private enum Tag {
        static let state: UInt8 = 1
        static let upstream: UInt8 = 2
        static let instance: UInt8 = 3
        static let epoch: UInt8 = 4
        static let upstreamSessionID: UInt8 = 5
        static let principalHigh: UInt8 = 6
        static let principalLow: UInt8 = 7
        static let revision: UInt8 = 8
        static let kinds: UInt8 = 9
        static let handshake: UInt8 = 10
        static let holder: UInt8 = 11
        static let heldStream: UInt8 = 12
        static let created: UInt8 = 13
        static let lastSeen: UInt8 = 14
    }

    init(_ session: Session, handshake: [UInt8], now: UInt32) {
        upstream = session.upstream.digest
        instance = session.instance.digest
        epoch = session.epoch
        upstreamSessionID = session.upstreamSessionID
        principal = session.principal
        revision = session.revisionValue ?? .max
        kinds = session.listKinds.rawValue
        self.handshake = handshake.count <= Self.handshakeBytesMax ? handshake : []
        created = now
        lastSeen = now
    }

    var value: ByteBuffer {
        var fields = FieldWriter(version: Self.version)
        for (tag, number) in [
            (Tag.state, UInt64(state.rawValue)), (Tag.upstream, upstream), (Tag.instance, instance),
            (Tag.epoch, UInt64(epoch)), (Tag.principalHigh, principal.high), (Tag.principalLow, principal.low),
            (Tag.revision, UInt64(revision)), (Tag.kinds, UInt64(kinds)), (Tag.holder, holder),
            (Tag.heldStream, heldStream), (Tag.created, UInt64(created)), (Tag.lastSeen, UInt64(lastSeen)),
        ] {
            fields.write(tag, number)
        }
        fields.write(Tag.upstreamSessionID, upstreamSessionID)
        if !handshake.isEmpty { fields.write(Tag.handshake, handshake) }
        return fields.buffer
    }

    /// Nil for what is no record of a version that this one understands.
    init?(_ value: ByteBuffer) {
        guard let fields = FieldReader(value, versions: Self.version...Self.version),
            let state = fields.number(Tag.state).flatMap({ State(rawValue: UInt8(clamping: $0)) }),
            let upstream = fields.number(Tag.upstream), let instance = fields.number(Tag.instance)
        else { return nil }
        func number(_ tag: UInt8) -> UInt64 { fields.number(tag) ?? 0 }
        self.state = state
        self.upstream = upstream
        self.instance = instance
        epoch = UInt32(clamping: number(Tag.epoch))
        upstreamSessionID = fields.array(Tag.upstreamSessionID) ?? []
        principal = Principal()
        principal.high = number(Tag.principalHigh)
        principal.low = number(Tag.principalLow)
        revision = UInt8(clamping: fields.number(Tag.revision) ?? UInt64(UInt8.max))
        kinds = UInt8(truncatingIfNeeded: number(Tag.kinds))
        handshake = fields.array(Tag.handshake) ?? []
        holder = number(Tag.holder)
        heldStream = number(Tag.heldStream)
        created = UInt32(clamping: number(Tag.created))
        lastSeen = UInt32(clamping: number(Tag.lastSeen))
    }
}
