// Where something stands inside a head. Offsets count from the head's first byte.

/// A run of bytes inside a message head; `absent` when the head has no such thing.
public struct HeadRange: Equatable, Sendable {
    /// Offset of the first byte.
    public var start: UInt32
    /// Number of bytes.
    public var size: UInt32

    public init(start: Int, end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.size = UInt32(truncatingIfNeeded: end - start)
    }

    private init() {
        start = .max
        size = 0
    }

    /// "There is none": unequal to every range of real bytes, also to an empty one.
    public static let absent = HeadRange()

    @inlinable public var isAbsent: Bool { start == .max }
    @inlinable public var isPresent: Bool { start != .max }
    @inlinable public var count: Int { Int(size) }
    @inlinable public var lowerBound: Int { Int(start) }
    @inlinable public var upperBound: Int { Int(start) + Int(size) }

    /// The bytes themselves; empty when absent or when `bytes` is shorter than the head that was scanned.
    @inlinable
    public func bytes(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard isPresent, upperBound <= bytes.count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(rebasing: bytes[lowerBound..<upperBound])
    }
}

extension [HeadField] {
    /// The same for a header line.
    public func isNamedByConnection(_ field: HeadField, _ bytes: UnsafeRawBufferPointer) -> Bool {
        isNamedByConnection(field.nameRange.bytes(in: bytes), bytes)
    }

    /// Does a `Connection` line name this header? Then it is for one connection only (RFC 9110 §7.6.1).
    public func isNamedByConnection(_ name: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var isNamed = false
        for field in self where field.name == .connection {
            HeaderList.forEach(field.value.bytes(in: bytes)) { option in
                if option.count == name.count, zip(option, name).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
                    isNamed = true
                }
            }
        }
        return isNamed
    }
}

/// One header line of a head.
public struct HeadField: Sendable {
    /// What the gateway knows the name as; `.other` for all it does not care about.
    public var name: HeaderName
    /// The name's bytes as they came.
    public var nameRange: HeadRange
    /// The value's bytes without the white space around them.
    public var value: HeadRange
}
