// How much a memory backend holds. At a bound the newcomer is refused, or the oldest of a stream goes; nothing grows
// for ever.
public import NIOCore

/// Bounds of a ``MemoryBackend``, for all its members together.
public struct MemoryLimits: Sendable {
    /// Members that may have joined, crashed ones included. Beyond, `start` fails.
    public var members = 256
    /// Subscriptions at one time. Beyond, `subscribe` fails with `.overloaded`.
    public var subscriptions = 65_536
    /// Header and body of one envelope. At least 256 KiB.
    public var envelopeBytes = 1024 * 1024

    /// Records at one time. Beyond, `create` fails with `.overloaded`.
    public var records = 262_144
    /// Values of all records. Beyond, writes fail with `.overloaded`.
    public var directoryBytes = 256 * 1024 * 1024
    /// One value. At least 16 KiB.
    public var valueBytes = 64 * 1024

    /// Streams at one time. Beyond, an append that begins one fails with `.overloaded`.
    public var streams = 65_536
    /// Entries that are kept of one stream. Beyond, the oldest go.
    public var streamEntries = 4_096
    /// Bytes of events that are kept of one stream, except that the newest entry always stays. Beyond, the oldest go.
    public var streamBytes = 4 * 1024 * 1024
    /// Events of all streams. Beyond, appends fail with `.overloaded`.
    public var logBytes = 256 * 1024 * 1024
    /// One event. At least 256 KiB.
    public var eventBytes = 1024 * 1024

    /// How long a call takes that a fault plan lets time out.
    public var callTimeout = TimeAmount.seconds(2)

    public init() {}
}
