// One direction of a link between two members: frames sealed in place, numbered by a counter that both ends keep and
// nobody sends. So a frame that was altered, left out, repeated or moved does not open.
internal import COpenSSL

/// Seals or opens the frames of one direction of one link, in their order.
///
/// AES-256-GCM whose nonce is the number of the frame. The key is replaced by one derived from it, on both ends at the
/// same frame, long before the bounds of NIST SP 800-38D and of RFC 8446 section 5.5 are reached. Two ciphers never
/// share a key: derive it from fresh random bytes of both ends and from the direction.
///
/// Belongs to one thread; it is not `Sendable`.
public final class FrameCipher {
    /// Which end of the direction this is.
    public enum Side: Sendable { case sealing, opening }

    /// Bytes of a key.
    public static let keyCount = AES256GCM.keyCount
    /// What sealing adds to a frame.
    public static let tagCount = AES256GCM.tagCount
    /// Frames and bytes under one key.
    static let framesPerKey: UInt64 = 1 << 24
    static let bytesPerKey = 1 << 36

    private let side: Side
    private let framesMax: UInt64
    private let bytesMax: Int
    private var key: [UInt8]
    private var cipher: AES256GCM
    private var number: UInt64 = 0
    private var framesLeft: UInt64
    private var bytesLeft: Int

    /// - Parameter key: ``keyCount`` bytes, used for nothing else.
    /// - Throws: ``SealError/cipherUnavailable``.
    public convenience init(key: [UInt8], _ side: Side) throws(SealError) {
        try self.init(key: key, side, framesPerKey: Self.framesPerKey, bytesPerKey: Self.bytesPerKey)
    }

    init(key: [UInt8], _ side: Side, framesPerKey: UInt64, bytesPerKey: Int) throws(SealError) {
        self.side = side
        self.key = key
        framesMax = framesPerKey
        bytesMax = bytesPerKey
        framesLeft = framesPerKey
        bytesLeft = bytesPerKey
        cipher = try Self.cipher(key, side)
    }

    private static func cipher(_ key: [UInt8], _ side: Side) throws(SealError) -> AES256GCM {
        try AES256GCM(key: key, direction: side == .sealing ? .seal : .open)
    }

    /// Seals the next frame: `frame` holds the plaintext and behind it ``tagCount`` bytes of room, and is overwritten.
    ///
    /// - Parameter header: authenticated, sent beside the frame.
    /// - Returns: false when OpenSSL failed; then the link must end.
    public func seal(_ frame: UnsafeMutableRawBufferPointer, header: UnsafeRawBufferPointer) -> Bool {
        precondition(side == .sealing && frame.count >= Self.tagCount)
        let plaintext = UnsafeRawBufferPointer(rebasing: frame[..<(frame.count - Self.tagCount)])
        return next(plaintext.count) { nonce, label in
            cipher.seal(plaintext, nonce: nonce, header: header, label: label, into: frame)
        }
    }

    /// Opens the next frame into `output`, which holds exactly ``tagCount`` bytes less than `sealed`.
    ///
    /// - Returns: false when it is not the frame that the other end sealed next: `output` must be dropped unseen, and
    ///   the link must end.
    public func open(
        _ sealed: UnsafeRawBufferPointer, header: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        precondition(side == .opening)
        guard sealed.count == output.count + Self.tagCount else { return false }
        return next(output.count) { nonce, label in
            cipher.open(sealed, nonce: nonce, header: header, label: label, into: output)
        }
    }

    private func next(_ count: Int, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool) -> Bool {
        guard renew(count) else { return false }
        var nonce = (
            UInt32(0), UInt32(truncatingIfNeeded: number &>> 32).bigEndian,
            UInt32(truncatingIfNeeded: number).bigEndian
        )
        number &+= 1
        return withUnsafeBytes(of: &nonce) { body($0, UnsafeRawBufferPointer(start: nil, count: 0)) }
    }

    /// Takes the next key when this one has done its share.
    private func renew(_ count: Int) -> Bool {
        if framesLeft == 0 || bytesLeft < count, framesLeft < framesMax {
            key = KeyDerivation.sha256(input: key, label: "patchbay next frame key 1", count: Self.keyCount)
            guard let next = try? Self.cipher(key, side) else { return false }
            cipher = next
            framesLeft = framesMax
            bytesLeft = bytesMax
        }
        framesLeft &-= 1
        bytesLeft = max(0, bytesLeft - count)
        return true
    }
}

@available(*, unavailable)
extension FrameCipher: Sendable {}
