// HKDF with SHA-256 (RFC 5869, extract and expand). Called at start-up and once per link between members; it is not for
// the request path.
internal import COpenSSL

/// Keys from secrets.
public enum KeyDerivation {
    /// The most that HKDF can give: 255 blocks of the hash (RFC 5869 section 2.3).
    static let maximumCount = 255 * Digest.sha256Count

    /// `count` bytes derived from `input` for the purpose named by `label`, without salt.
    static func sha256(input: [UInt8], label: StaticString, count: Int) -> [UInt8] {
        sha256(input: input, salt: [], label: label.withUTF8Buffer { Array($0) }, count: count)
    }

    /// RFC 5869 with all its arguments. `input` is not empty, `count` is 1 to 8,160, `label` at most 1,024 bytes.
    ///
    /// Traps when OpenSSL cannot do it: a node must not start with a key that was not derived, and nothing from the
    /// wire gets here.
    public static func sha256(input: [UInt8], salt: [UInt8], label: [UInt8], count: Int) -> [UInt8] {
        precondition(!input.isEmpty && (1...maximumCount).contains(count), "HKDF needs input and 1...\(maximumCount)")
        let context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var output = [UInt8](repeating: 0, count: count)
        var written = count
        let derived =
            EVP_PKEY_derive_init(context) == 1
            && EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()) == 1
            && EVP_PKEY_CTX_set1_hkdf_key(context, input, CInt(input.count)) == 1
            && (salt.isEmpty || EVP_PKEY_CTX_set1_hkdf_salt(context, salt, CInt(salt.count)) == 1)
            && (label.isEmpty || EVP_PKEY_CTX_add1_hkdf_info(context, label, CInt(label.count)) == 1)
            && EVP_PKEY_derive(context, &output, &written) == 1
        precondition(derived && written == count, "OpenSSL has no HKDF with SHA-256: check its default provider")
        return output
    }
}
