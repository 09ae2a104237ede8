// What a member says of itself, once a second.
internal import NIOCore
public import TransportAPI

/// A sign of life, and what its sender is. One per member, never per session.
public struct Heartbeat: Sendable, Equatable {
    /// Longest name of an upstream or instance, in bytes.
    public static let nameBytesMax = 128
    /// Longest label, in bytes.
    public static let labelBytesMax = 256

    public enum Role: UInt8, Sendable { case node = 1, attachment = 2 }

    /// What an attachment offers: an instance of an upstream that only it can reach.
    public struct Attached: Sendable, Equatable {
        /// 1 to ``Heartbeat/nameBytesMax`` bytes without control characters, as `instance`.
        public var upstream: String
        public var instance: String
        /// For people and for rollouts; may be empty. Up to ``Heartbeat/labelBytesMax`` bytes.
        public var label: String
        /// Of the protocol that the instance speaks.
        public var era: UInt8
        /// It has an endpoint of the transport of 2024-11-05.
        public var hasStreamEndpoint: Bool
        /// Sessions and running calls that it is made for; 0: it does not say.
        public var capacity: UInt32

        public init(
            upstream: String, instance: String, label: String, era: UInt8, hasStreamEndpoint: Bool,
            capacity: UInt32 = 0
        ) {
            self.upstream = upstream
            self.instance = instance
            self.label = label
            self.era = era
            self.hasStreamEndpoint = hasStreamEndpoint
            self.capacity = capacity
        }
    }

    public var role: Role
    /// Takes nothing new and will leave.
    public var isDraining: Bool
    /// Can serve.
    public var isReady: Bool
    /// Exchanges under way, and sessions that live at what it reaches.
    public var load: UInt32
    /// For an attachment.
    public var attached: Attached?

    public init(role: Role, isDraining: Bool, isReady: Bool, load: UInt32, attached: Attached? = nil) {
        self.role = role
        self.isDraining = isDraining
        self.isReady = isReady
        self.load = load
        self.attached = attached
    }
}

// MARK: On the wire
extension Heartbeat {
    private static let version: UInt8 = 1

    /// Numbers of the fields, which never change.
    private enum Tag {
        static let role: UInt8 = 1
        static let flags: UInt8 = 2
        static let load: UInt8 = 3
        static let attached: UInt8 = 4
    }

    private enum Flags {
        static let draining: UInt64 = 1
        static let ready: UInt64 = 2
    }

    /// The kind stands in the header, the fields in the body.
    public func envelope() -> Envelope {
        var fields = FieldWriter(version: Self.version)
        fields.write(Tag.role, UInt64(role.rawValue))
        fields.write(Tag.flags, (isDraining ? Flags.draining : 0) | (isReady ? Flags.ready : 0))
        fields.write(Tag.load, UInt64(load))
        if let attached { fields.write(Tag.attached, attached.fields) }
        return Envelope(header: Self.header(.heartbeat), body: fields.buffer)
    }

    /// - Returns: nil for another kind of envelope, and for fields that are missing or out of bounds.
    public init?(_ envelope: Envelope) {
        guard EnvelopeKind(of: envelope) == .heartbeat,
            let fields = FieldReader(envelope.body, versions: Self.version...Self.version),
            let role = fields.number(Tag.role).flatMap({ UInt8(exactly: $0) }).flatMap(Role.init),
            let flags = fields.number(Tag.flags), let load = fields.number(Tag.load).flatMap({ UInt32(exactly: $0) })
        else { return nil }
        var attached: Attached?
        if let bytes = fields.bytes(Tag.attached) {
            guard let read = Attached(bytes) else { return nil }
            attached = read
        }
        self.init(
            role: role, isDraining: flags & Flags.draining != 0, isReady: flags & Flags.ready != 0, load: load,
            attached: attached)
    }

    /// What a member says that leaves on purpose.
    public static func goodbye() -> Envelope { Envelope(header: header(.goodbye)) }

    private static func header(_ kind: EnvelopeKind) -> ByteBuffer { ByteBuffer(integer: kind.rawValue) }
}

extension Heartbeat.Attached {
    private static let version: UInt8 = 1

    private enum Tag {
        static let upstream: UInt8 = 1
        static let instance: UInt8 = 2
        static let label: UInt8 = 3
        static let era: UInt8 = 4
        static let hasStreamEndpoint: UInt8 = 5
        static let capacity: UInt8 = 6
    }

    fileprivate var fields: ByteBuffer {
        var fields = FieldWriter(version: Self.version)
        fields.write(Tag.upstream, upstream)
        fields.write(Tag.instance, instance)
        fields.write(Tag.label, label)
        fields.write(Tag.era, UInt64(era))
        fields.write(Tag.hasStreamEndpoint, hasStreamEndpoint ? 1 : 0 as UInt64)
        if capacity > 0 { fields.write(Tag.capacity, UInt64(capacity)) }
        return fields.buffer
    }

    fileprivate init?(_ bytes: ByteBuffer) {
        guard let fields = FieldReader(bytes, versions: Self.version...Self.version),
            let upstream = fields.text(Tag.upstream, bytesMax: Heartbeat.nameBytesMax), !upstream.isEmpty,
            let instance = fields.text(Tag.instance, bytesMax: Heartbeat.nameBytesMax), !instance.isEmpty,
            let label = fields.text(Tag.label, bytesMax: Heartbeat.labelBytesMax),
            let era = fields.number(Tag.era).flatMap({ UInt8(exactly: $0) }),
            let hasStreamEndpoint = fields.number(Tag.hasStreamEndpoint)
        else { return nil }
        self.init(
            upstream: upstream, instance: instance, label: label, era: era, hasStreamEndpoint: hasStreamEndpoint != 0,
            capacity: UInt32(clamping: fields.number(Tag.capacity) ?? 0))
    }
}
