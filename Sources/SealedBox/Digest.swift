// SHA-256 (FIPS 180-4), for digests of principals and for broker key tokens. Any thread may call it.
internal import COpenSSL

/// Hashes of whole buffers.
public enum Digest {
    /// The size of a SHA-256 digest in bytes.
    public static let sha256Count = 32

    // Fetched once, because looking an algorithm up costs more than hashing a short text. OpenSSL documents a fetched
    // EVP_MD as immutable and usable from any thread.
    nonisolated(unsafe) private static let algorithm = EVP_MD_fetch(nil, "SHA2-256", nil)

    /// The 32-byte SHA-256 digest of `bytes`.
    ///
    /// Traps when OpenSSL offers no SHA-256; that is a broken installation, never the input's fault.
    public static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: sha256Count) { buffer, initialized in
            var written: CUnsignedInt = 0
            let hashed = EVP_Digest(bytes.baseAddress, bytes.count, buffer.baseAddress, &written, algorithm, nil)
            precondition(hashed == 1 && written == sha256Count, "OpenSSL has no SHA-256: check its default provider")
            initialized = sha256Count
        }
    }
}
