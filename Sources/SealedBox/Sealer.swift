// Seals and opens the tokens that leave the gateway: session ids, event ids, request ids, instance tags. Each event
// loop has its own. It does not know what is inside a token, nor when a token expires.
internal import COpenSSL

/// Authenticated encryption of small tokens: seals with the first key, opens with any of them.
///
/// A sealed token is `version (1) keyID (1) nonce (12, random) ciphertext tag (16)`, AES-256-GCM (NIST SP 800-38D).
/// Version and key id are authenticated, and so is the `context` label: a token sealed for one purpose does not open
/// for another. Random 96-bit nonces bound one key to 2³² seals (SP 800-38D section 8.3), which is 13 years at ten a
/// second and 50 days at a thousand: rotate the secret before.
///
/// One instance per event loop: it keeps cipher contexts and unused nonces between calls, takes no lock and is not
/// `Sendable`. A process that forks must not go on sealing in both halves: they would share nonces.
public final class Sealer {
    /// The layout described above.
    static let version: UInt8 = 1
    private static let headerCount = 2
    private static let prefixCount = headerCount + AES256GCM.nonceCount
    /// What sealing adds to a plaintext, in bytes.
    private static let overhead = prefixCount + AES256GCM.tagCount

    /// The largest plaintext in bytes (1 GiB); the limits on messages are far below.
    public static let maximumPlaintextCount = AES256GCM.maximumTextCount

    private let sealing: AES256GCM
    private let opening: [(id: UInt8, cipher: AES256GCM)]

    /// Nonces drawn ahead, because the generator costs more per call than the cipher. Each is used once.
    private var nonces: [UInt8] = []
    private static let noncesDrawnAhead = 32

    /// - Parameter keys: One key, or two while a secret is being rotated; the first one seals.
    ///   Two keys may have the same id, as 1 in 256 pairs has: then each of them is tried.
    /// - Throws: ``SealError`` for another number of keys, or an OpenSSL without AES-GCM.
    public init(keys: [SealingKey]) throws(SealError) {
        guard let first = keys.first, keys.count <= 2 else { throw .keyCount(keys.count) }
        sealing = try AES256GCM(key: first.bytes, direction: .seal)
        var opening: [(id: UInt8, cipher: AES256GCM)] = []
        for key in keys {
            opening.append((key.id, try AES256GCM(key: key.bytes, direction: .open)))
        }
        self.opening = opening
    }

    /// The size in bytes of the sealed form of a plaintext of `plaintextCount` bytes.
    public static func sealedCount(plaintextCount: Int) -> Int { plaintextCount + overhead }

    /// Seals `plaintext` under the first key with a fresh random nonce.
    ///
    /// Traps when the plaintext is above ``maximumPlaintextCount``, and when the random generator or the cipher fails:
    /// neither depends on what came over the wire, and a token that is not sealed must never go out.
    ///
    /// - Parameter context: The purpose of the token, authenticated but not sent: ``open(_:context:)`` needs the same.
    public func seal(_ plaintext: UnsafeRawBufferPointer, context: StaticString) -> [UInt8] {
        precondition(plaintext.count <= Self.maximumPlaintextCount, "plaintext is above Sealer.maximumPlaintextCount")
        let count = Self.sealedCount(plaintextCount: plaintext.count)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let token = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])
            token[0] = Self.version
            token[1] = opening[0].id
            let nonce = UnsafeMutableRawBufferPointer(rebasing: token[Self.headerCount..<Self.prefixCount])
            takeNonce(into: nonce)
            let sealed = context.withUTF8Buffer { label in
                sealing.seal(
                    plaintext, nonce: UnsafeRawBufferPointer(nonce),
                    header: UnsafeRawBufferPointer(rebasing: token[..<Self.headerCount]),
                    label: UnsafeRawBufferPointer(label),
                    into: UnsafeMutableRawBufferPointer(rebasing: token[Self.prefixCount...]))
            }
            precondition(sealed, "OpenSSL failed in AES-256-GCM with a key that it had accepted")
            initialized = count
        }
    }

    private func takeNonce(into nonce: UnsafeMutableRawBufferPointer) {
        if nonces.isEmpty { nonces = SecureRandom.bytes(Self.noncesDrawnAhead * AES256GCM.nonceCount) }
        nonce.copyBytes(from: nonces.suffix(AES256GCM.nonceCount))
        nonces.removeLast(AES256GCM.nonceCount)
    }

    /// The plaintext of a token that one of the keys sealed for the same `context`.
    ///
    /// Nil for everything else: too short, unknown version or key, tampered, cut, another context. The cases are not
    /// told apart, and comparing the tag takes the same time wherever it differs. Safe on any bytes.
    public func open(_ sealed: UnsafeRawBufferPointer, context: StaticString) -> [UInt8]? {
        let count = sealed.count - Self.overhead
        guard (0...Self.maximumPlaintextCount).contains(count), sealed[0] == Self.version else { return nil }
        // The id only spares the other key's attempt; it is one byte, so that both may have it.
        for key in opening where key.id == sealed[1] {
            if let plaintext = open(sealed, count, with: key.cipher, context: context) { return plaintext }
        }
        return nil
    }

    private func open(
        _ sealed: UnsafeRawBufferPointer, _ count: Int, with cipher: AES256GCM, context: StaticString
    ) -> [UInt8]? {
        var authentic = false
        let plaintext = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let output = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])
            authentic = context.withUTF8Buffer { label in
                cipher.open(
                    UnsafeRawBufferPointer(rebasing: sealed[Self.prefixCount...]),
                    nonce: UnsafeRawBufferPointer(rebasing: sealed[Self.headerCount..<Self.prefixCount]),
                    header: UnsafeRawBufferPointer(rebasing: sealed[..<Self.headerCount]),
                    label: UnsafeRawBufferPointer(label), into: output)
            }
            initialized = authentic ? count : 0
        }
        return authentic ? plaintext : nil
    }
}

@available(*, unavailable)
extension Sealer: Sendable {}
