// What one message of the bucket holds, before it is sealed. The server of the oldest supported version has no lifetime
// per message, so the record carries its own; the time from which it counts is the message's. Pure.
internal import NIOCore
internal import TransportAPI

/// A record as it is kept.
struct BucketRecord: Equatable {
    /// What a record takes besides its value.
    static let overhead = 1 + 1 + 16 + 8 + 8
    private static let version: UInt8 = 1

    var key: Key128
    /// Deleted on purpose: the place is free, and the message says from which revision on.
    var isDeleted = false
    /// Nanoseconds from the time of the message; not negative.
    var lifetime: Int64
    /// Random for each write, so that a writer knows its own.
    var writeID: UInt64
    var value: ByteBuffer

    init(key: Key128, isDeleted: Bool = false, lifetime: TimeAmount, writeID: UInt64, value: ByteBuffer) {
        self.key = key
        self.isDeleted = isDeleted
        self.lifetime = max(0, lifetime.nanoseconds)
        self.writeID = writeID
        self.value = value
    }

    var bytes: ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(Self.overhead + value.readableBytes)
        buffer.writeInteger(Self.version)
        buffer.writeInteger(UInt8(isDeleted ? 1 : 0))
        buffer.writeInteger(key.high)
        buffer.writeInteger(key.low)
        buffer.writeInteger(lifetime)
        buffer.writeInteger(writeID)
        buffer.writeImmutableBuffer(value)
        return buffer
    }

    /// Nil when the bytes are not those of a record, or are those of another key.
    init?(_ bytes: ByteBuffer, of key: Key128) {
        var bytes = bytes
        guard bytes.readInteger(as: UInt8.self) == Self.version, let kind = bytes.readInteger(as: UInt8.self),
            kind <= 1, bytes.readInteger(as: UInt64.self) == key.high, bytes.readInteger(as: UInt64.self) == key.low,
            let lifetime = bytes.readInteger(as: Int64.self), lifetime >= 0,
            let writeID = bytes.readInteger(as: UInt64.self)
        else { return nil }
        self.key = key
        isDeleted = kind == 1
        self.lifetime = lifetime
        self.writeID = writeID
        value = bytes.slice()
    }
}
