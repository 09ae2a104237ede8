// Byte comparison and slicing for buffers that came off the wire. Every file of this target uses these instead of
// subscripts, because a subscript of an unsafe buffer is not checked in release builds.

extension UnsafeRawBufferPointer {
    /// True when the buffer holds exactly these ASCII bytes.
    @inline(__always)
    func holds(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count == length, length > 0, let base = baseAddress else { return count == length }
        return base.isEqual(to: UnsafeRawPointer(text.utf8Start), count: length)
    }

    /// True when both buffers hold the same bytes.
    func holds(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count, let mine = baseAddress, let theirs = other.baseAddress else {
            return count == other.count
        }
        return mine.isEqual(to: theirs, count: count)
    }

    /// The bytes of a range, cut to what the buffer has; empty for an absent range.
    func cut(_ range: ByteRange) -> UnsafeRawBufferPointer {
        cut(from: range.range.lowerBound, to: range.range.upperBound)
    }

    /// The bytes between two offsets, cut to what the buffer has.
    func cut(from start: Int, to end: Int) -> UnsafeRawBufferPointer {
        let low = Swift.max(0, Swift.min(start, count))
        let high = Swift.max(low, Swift.min(end, count))
        return UnsafeRawBufferPointer(rebasing: self[low..<high])
    }

    /// The byte at an offset, or nil outside of the buffer.
    @inline(__always)
    func byte(at offset: Int) -> UInt8? {
        offset >= 0 && offset < count ? self[offset] : nil
    }
}

extension UnsafeRawPointer {
    /// Compares `count` bytes, eight at a time. Both pointers must have that many.
    @inline(__always)
    fileprivate func isEqual(to other: UnsafeRawPointer, count: Int) -> Bool {
        var at = 0
        while count - at >= 8 {
            let mine = loadUnaligned(fromByteOffset: at, as: UInt64.self)
            if mine != other.loadUnaligned(fromByteOffset: at, as: UInt64.self) { return false }
            at += 8
        }
        while at < count {
            if load(fromByteOffset: at, as: UInt8.self) != other.load(fromByteOffset: at, as: UInt8.self) {
                return false
            }
            at += 1
        }
        return true
    }
}
