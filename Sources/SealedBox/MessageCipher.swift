// AES-256-GCM for messages that may be lost, for which no two ends can count alike: whoever seals says the nonce.
internal import COpenSSL

/// Seals or opens messages under one key, each with a nonce of its own.
///
/// Who uses it must see to it that no nonce comes twice under one key: a repeated one gives both messages away. Belongs
/// to one thread; it is not `Sendable`.
public final class MessageCipher {
    /// Which end this is.
    public enum Side: Sendable { case sealing, opening }

    /// Bytes of a key.
    public static let keyCount = AES256GCM.keyCount
    /// Bytes of a nonce.
    public static let nonceCount = AES256GCM.nonceCount
    /// What sealing adds to a message.
    public static let tagCount = AES256GCM.tagCount

    private let cipher: AES256GCM

    /// - Parameter key: ``keyCount`` bytes, used for nothing else.
    /// - Throws: ``SealError/cipherUnavailable``.
    public init(key: [UInt8], _ side: Side) throws(SealError) {
        cipher = try AES256GCM(key: key, direction: side == .sealing ? .seal : .open)
    }

    /// Seals in place: `message` holds the plaintext and behind it ``tagCount`` bytes of room.
    ///
    /// - Parameters:
    ///   - nonce: ``nonceCount`` bytes, never the same twice.
    ///   - header: authenticated, and then `label`.
    /// - Returns: false when OpenSSL failed; then `message` means nothing.
    public func seal(
        _ message: UnsafeMutableRawBufferPointer, nonce: UnsafeRawBufferPointer, header: UnsafeRawBufferPointer,
        label: UnsafeRawBufferPointer
    ) -> Bool {
        precondition(message.count >= Self.tagCount)
        let plaintext = UnsafeRawBufferPointer(rebasing: message[..<(message.count - Self.tagCount)])
        return cipher.seal(plaintext, nonce: nonce, header: header, label: label, into: message)
    }

    /// Opens `sealed` into `output`, which holds exactly ``tagCount`` bytes less.
    ///
    /// - Returns: false when it is not authentic; then `output` must be dropped unseen.
    public func open(
        _ sealed: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer, header: UnsafeRawBufferPointer,
        label: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard nonce.count == Self.nonceCount, sealed.count == output.count + Self.tagCount else { return false }
        return cipher.open(sealed, nonce: nonce, header: header, label: label, into: output)
    }
}

@available(*, unavailable)
extension MessageCipher: Sendable {}
