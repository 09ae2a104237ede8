// What a member tells the host of a request beside the request itself: what it has found out and checked at the door.
internal import NIOCore
internal import TransportAPI
internal import TransportKit

/// The facts that travel with a forwarded request.
final class ForwardedFacts {
    /// Which of the upstream's endpoints the client has asked.
    enum Door: UInt8 { case streamable = 1, stream = 2, messages = 3 }

    private static let version: UInt8 = 1

    let upstream: UInt64
    let door: Door
    let principal: Principal
    /// Where clients of 2024-11-05 find the messages endpoint, for the event that tells them.
    let messagesPath: String
    /// The client may take the answer's stream up again: it is not one of several in a batch.
    let isResumable: Bool
    /// ``Owner/source(_:)`` of the client's address; 0 where nobody needs it.
    let source: UInt64
    /// The instances are shown who is asking: the lines of the request that say so are credentials. Nil: an older
    /// member does not say.
    let showsCredentials: Bool?
    /// The instance was asked already, and accepts them.
    let isAccepted: Bool
    /// Who has the client.
    let caller: MemberID?

    private enum Tag {
        static let upstream: UInt8 = 1
        static let door: UInt8 = 2
        static let high: UInt8 = 3
        static let low: UInt8 = 4
        static let messagesPath: UInt8 = 5
        static let isResumable: UInt8 = 6
        static let source: UInt8 = 7
        static let showsCredentials: UInt8 = 8
        static let isAccepted: UInt8 = 9
    }

    init(
        upstream: UInt64, door: Door, principal: Principal, messagesPath: String, isResumable: Bool,
        source: UInt64 = 0, showsCredentials: Bool = false, isAccepted: Bool = false
    ) {
        self.isResumable = isResumable
        self.source = source
        self.showsCredentials = showsCredentials
        self.isAccepted = isAccepted
        self.messagesPath = messagesPath
        caller = nil
        self.upstream = upstream
        self.door = door
        self.principal = principal
    }

    var context: ByteBuffer {
        var fields = FieldWriter(version: Self.version)
        fields.write(Tag.upstream, upstream)
        fields.write(Tag.door, UInt64(door.rawValue))
        fields.write(Tag.high, principal.high)
        fields.write(Tag.low, principal.low)
        fields.write(Tag.messagesPath, messagesPath)
        fields.write(Tag.isResumable, isResumable ? 1 : 0)
        if source != 0 { fields.write(Tag.source, source) }
        if let showsCredentials { fields.write(Tag.showsCredentials, showsCredentials ? 1 : 0) }
        if isAccepted { fields.write(Tag.isAccepted, 1) }
        return fields.buffer
    }

    /// Nil for what is garbled, or of a version that this one does not know.
    init?(_ context: ByteBuffer, from caller: MemberID) {
        guard let fields = FieldReader(context, versions: Self.version...Self.version),
            let upstream = fields.number(Tag.upstream), let high = fields.number(Tag.high),
            let low = fields.number(Tag.low),
            let path = fields.text(Tag.messagesPath, bytesMax: 1024),
            let door = fields.number(Tag.door).flatMap({ Door(rawValue: UInt8(clamping: $0)) })
        else { return nil }
        self.upstream = upstream
        self.door = door
        messagesPath = path
        isResumable = fields.number(Tag.isResumable) != 0
        source = fields.number(Tag.source) ?? 0
        showsCredentials = fields.number(Tag.showsCredentials).map { $0 == 1 }
        isAccepted = fields.number(Tag.isAccepted) == 1
        var principal = Principal()
        principal.high = high
        principal.low = low
        self.principal = principal
        self.caller = caller
    }
}
