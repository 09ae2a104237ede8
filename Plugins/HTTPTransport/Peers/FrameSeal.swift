// Frames as they stand on the wire behind the hellos: four bytes of length, then the sealed bytes. Belongs to one link.
internal import NIOCore
internal import SealedBox

final class FrameSeal {
    /// Bytes of the length in front of each frame.
    static let prefixCount = 4
    /// What stands around the plaintext of a frame.
    static let overhead = prefixCount + FrameCipher.tagCount

    private let sealing: FrameCipher
    private let opening: FrameCipher

    init(sealing: [UInt8], opening: [UInt8]) throws(SealError) {
        self.sealing = try FrameCipher(key: sealing, .sealing)
        self.opening = try FrameCipher(key: opening, .opening)
    }

    /// Appends a sealed frame to `output`; `write` appends its plaintext.
    func seal(into output: inout ByteBuffer, _ write: (inout ByteBuffer) -> Void) throws(LinkEnd) {
        let start = output.writerIndex
        output.writeInteger(UInt32(0))
        write(&output)
        output.writeRepeatingByte(0, count: FrameCipher.tagCount)
        let count = output.writerIndex - start - Self.prefixCount
        output.setInteger(UInt32(clamping: count), at: start)
        let offset = start - output.readerIndex
        let isSealed = output.withUnsafeMutableReadableBytes { bytes in
            let body = UnsafeMutableRawBufferPointer(rebasing: bytes[(offset + Self.prefixCount)...])
            let prefix = UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + Self.prefixCount)])
            return sealing.seal(body, header: prefix)
        }
        if !isSealed { throw .broken("OpenSSL failed to seal a frame") }
    }

    /// Takes the next whole frame off `input`.
    /// - Returns: its plaintext in a buffer of its own, or nil when more bytes are needed.
    /// - Throws: `.altered` when it is not the frame that the other end sealed next; `.malformed` when it is too long.
    func open(_ input: inout ByteBuffer, bytesMax: Int) throws(LinkEnd) -> ByteBuffer? {
        guard let length = try Self.length(input, bytesMax: bytesMax) else { return nil }
        guard length >= FrameCipher.tagCount else { throw .malformed("a frame without a seal") }
        guard input.readableBytes >= Self.prefixCount + length else {
            input.reserveCapacity(minimumWritableBytes: Self.prefixCount + length - input.readableBytes)
            return nil
        }
        let count = length - FrameCipher.tagCount
        var plaintext = ByteBufferAllocator().buffer(capacity: count)
        var isOpen = false
        input.withUnsafeReadableBytes { bytes in
            let prefix = UnsafeRawBufferPointer(rebasing: bytes[..<Self.prefixCount])
            let sealed = UnsafeRawBufferPointer(rebasing: bytes[Self.prefixCount..<(Self.prefixCount + length)])
            plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { output in
                isOpen = opening.open(
                    sealed, header: prefix, into: UnsafeMutableRawBufferPointer(rebasing: output[..<count]))
                return isOpen ? count : 0
            }
        }
        guard isOpen else { throw .altered }
        input.moveReaderIndex(forwardBy: Self.prefixCount + length)
        return plaintext
    }

    /// The length of the next frame, sealed or a hello, or nil when it has not arrived.
    static func length(_ input: ByteBuffer, bytesMax: Int) throws(LinkEnd) -> Int? {
        guard let length = input.getInteger(at: input.readerIndex, as: UInt32.self) else { return nil }
        guard length <= bytesMax else { throw .malformed("a frame of \(length) bytes, above \(bytesMax)") }
        return Int(length)
    }
}
