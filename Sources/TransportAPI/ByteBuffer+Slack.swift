// Small slices of large buffers: what is kept for long must not keep the rest alive.
public import NIOCore

extension ByteBuffer {
    /// What a slice may keep alive beyond its own bytes: as many again, and so many more. Beyond: it is copied.
    public static let slackBytes = 4 * 1024

    /// The same bytes, without a much larger storage that they are a part of.
    @inlinable
    public func withoutSlack() -> ByteBuffer {
        // Most storages are small whatever is in them.
        guard storageCapacity > Self.slackBytes, storageCapacity > 2 * readableBytes + Self.slackBytes else {
            return self
        }
        var copy = ByteBufferAllocator().buffer(capacity: readableBytes)
        copy.writeImmutableBuffer(self)
        return copy
    }
}
