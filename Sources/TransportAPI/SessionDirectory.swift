// The port that remembers a session beyond the node that began it: small records with a revision each, changed by
// compare-and-set only.
public import NIOCore

/// 128 bits that name a record or a stream. Random or derived from random, never a client's text.
public struct Key128: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// A record as it was read.
public struct DirectoryRecord: Sendable, Equatable {
    /// What was written, byte for byte.
    public var value: ByteBuffer
    /// Grows with each write of this record. Means nothing between records, and nothing under another incarnation.
    public var revision: UInt64

    public init(value: ByteBuffer, revision: UInt64) {
        self.value = value
        self.revision = revision
    }
}

/// The outcome of a read.
public enum DirectoryRead: Sendable, Equatable {
    case found(DirectoryRecord)
    /// Provably, no such record exists: it never was, has expired or was deleted.
    case absent
    /// Nobody who answered has it, but somebody may have had it. Never to be taken for ``absent``.
    case unknown
}

/// The outcome of a write.
public enum DirectoryWrite: Sendable, Equatable {
    /// Done; the record's revision now.
    case written(UInt64)
    /// Somebody else was faster, or the record is not there. What stands there now, if anything.
    case lost(DirectoryRecord?)
}

/// Records that all nodes share.
///
/// Guarantees: writes of one record are linearizable (of any number of racing writers with the same expectation exactly
/// one wins); losing a race is a value, not an error; a read may lag behind a write of another node and is a hint; a
/// record is gone, by itself, at most one second after its time, and never before it.
///
/// A write that fails with an error may have happened. The writer reads before it writes again.
///
/// All functions are called on `loop` and complete there. Errors are ``TransportError``: `.timedOut` and `.interrupted`
/// (unknown whether it happened), `.unreachable` and `.closed` (it did not), `.tooLarge`, `.overloaded` (a bound was
/// reached; nothing happened). Each ends within ``timeout``.
public protocol SessionDirectory: AnyObject, Sendable {
    /// Bytes of one value. At least 16 KiB. Beyond: `.tooLarge`.
    var valueBytesMax: Int { get }
    /// How long any call takes at most.
    var timeout: TimeAmount { get }

    /// What changes when data was lost: two equal answers mean that nothing written between them is gone. Nil if this
    /// directory cannot tell, in which case its reads say ``DirectoryRead/unknown`` and never `absent`.
    func incarnation(on loop: any EventLoop) -> EventLoopFuture<UInt64?>

    func read(_ key: Key128, on loop: any EventLoop) -> EventLoopFuture<DirectoryRead>

    /// Makes a record that must not exist yet. It expires `lifetime` after this write, unless written again.
    func create(
        _ key: Key128, _ value: ByteBuffer, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<DirectoryWrite>

    /// Replaces the record if its revision is still `revision`; its time begins anew.
    func update(
        _ key: Key128, _ value: ByteBuffer, from revision: UInt64, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<DirectoryWrite>

    /// Removes the record if its revision is still `revision`.
    func delete(_ key: Key128, from revision: UInt64, on loop: any EventLoop) -> EventLoopFuture<DirectoryWrite>
}
