// Copying header lines from a head in as few pieces as possible: neighbours that both travel are one piece.

extension HeadField {
    /// Where the line begins, and where its CR LF begins if nothing but the value stands before it.
    @inlinable var lineStart: Int { nameRange.lowerBound }
}

/// Gathers neighbouring header lines of one head into runs.
public struct LineRuns {
    private var start = 0
    private var end = 0

    public init() {}

    /// Adds a line. Calls `copy` with the run before it when this line does not continue that run.
    @inlinable
    public mutating func add(
        _ field: HeadField, _ bytes: UnsafeRawBufferPointer, _ copy: (UnsafeRawBufferPointer) -> Void
    ) {
        // White space behind the value stays: it is part of the line as it came, and means nothing.
        guard let lineEnd = Self.lineEnd(field, bytes) else { return }
        extend(field.lineStart, lineEnd, bytes, copy)
    }

    @usableFromInline
    mutating func extend(
        _ lineStart: Int, _ lineEnd: Int, _ bytes: UnsafeRawBufferPointer, _ copy: (UnsafeRawBufferPointer) -> Void
    ) {
        if lineStart == end, end > start {
            end = lineEnd
        } else {
            finish(bytes, copy)
            start = lineStart
            end = lineEnd
        }
    }

    /// Copies the last run.
    public mutating func finish(_ bytes: UnsafeRawBufferPointer, _ copy: (UnsafeRawBufferPointer) -> Void) {
        if end > start, end <= bytes.count { copy(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) }
        start = 0
        end = 0
    }

    /// The offset behind the line's LF.
    @usableFromInline
    static func lineEnd(_ field: HeadField, _ bytes: UnsafeRawBufferPointer) -> Int? {
        var at = field.value.upperBound
        while at < bytes.count, bytes[at] != 0x0A { at += 1 }
        return at < bytes.count ? at + 1 : nil
    }
}
