// A piece of a scanned buffer, as two offsets. The message scanner and the event scanner hand these out instead of
// copies; whoever holds the buffer cuts it. A range knows nothing of the buffer it came from and keeps nothing alive.

/// Offsets into the scanned bytes; ``absent`` when the member did not occur.
///
/// Offsets are 32 bits wide: the scanners refuse buffers of 4 GiB - 1 byte and more.
public struct ByteRange: Equatable, Hashable, Sendable, BitwiseCopyable {
    /// Offset of the first byte.
    public var start: UInt32
    /// Offset behind the last byte.
    public var end: UInt32

    /// Marks a member that did not occur. Its ``count`` is 0 and its ``range`` is empty.
    public static let absent = ByteRange(start: .max, end: .max)

    @inlinable
    public init(start: UInt32, end: UInt32) {
        self.start = start
        self.end = end
    }

    /// For offsets inside a buffer whose length the scanner has checked against 32 bits.
    init(_ start: Int, _ end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
    }

    /// True when the member did not occur. A member that is an empty string is empty, not absent.
    @inlinable
    public var isAbsent: Bool { start == .max }

    /// Length in bytes; 0 when absent.
    @inlinable
    public var count: Int { end > start ? Int(end &- start) : 0 }

    /// The same offsets for slicing. Empty at 0 when absent, so that slicing with it never leaves the buffer.
    @inlinable
    public var range: Range<Int> {
        if isAbsent { return 0..<0 }
        return Int(start)..<max(Int(start), Int(end))
    }
}
