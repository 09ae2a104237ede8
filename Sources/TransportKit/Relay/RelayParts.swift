// Cuts what was written into what fits an envelope.
internal import NIOCore

/// The pending buffers of an answer, part by part. Small ones are put together, large ones are cut; only small ones are
/// copied.
struct RelayParts {
    /// Beyond it an envelope of its own costs less than copying.
    private static let joinedBytesMax = 16 * 1024

    private let bytesMax: Int
    private var buffers: ArraySlice<ByteBuffer>

    init(_ buffers: [ByteBuffer], bytesMax: Int) {
        self.bytesMax = max(1, bytesMax)
        self.buffers = buffers[...]
    }

    var isEmpty: Bool { buffers.isEmpty }

    mutating func next() -> ByteBuffer? {
        guard !buffers.isEmpty else { return nil }
        if buffers[buffers.startIndex].readableBytes > bytesMax {
            return buffers[buffers.startIndex].readSlice(length: bytesMax)
        }
        var part = buffers.removeFirst()
        let joinedMax = min(bytesMax, Self.joinedBytesMax)
        while let following = buffers.first, part.readableBytes + following.readableBytes <= joinedMax {
            part.writeImmutableBuffer(following)
            buffers.removeFirst()
        }
        return part
    }
}
