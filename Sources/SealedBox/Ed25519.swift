// The public half of an Ed25519 key (RFC 8032), for brokers that know their users by it. Called when connecting.
internal import COpenSSL

/// Ed25519 keys.
public enum Ed25519 {
    /// Bytes of a seed and of a public key.
    public static let keyCount = 32

    /// The public key that belongs to a seed.
    /// - Returns: nil when the seed has not ``keyCount`` bytes, or OpenSSL has no Ed25519.
    public static func publicKey(seed: [UInt8]) -> [UInt8]? {
        guard seed.count == keyCount,
            let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
        else { return nil }
        defer { EVP_PKEY_free(key) }
        var output = [UInt8](repeating: 0, count: keyCount)
        var count = keyCount
        guard EVP_PKEY_get_raw_public_key(key, &output, &count) == 1, count == keyCount else { return nil }
        return output
    }
}
