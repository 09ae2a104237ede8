// One direction of AES-256-GCM (NIST SP 800-38D) under one key: the key schedule is set once, each call sets only the
// nonce. `Sealer` owns one to seal and one per key to open. It knows no token layout and makes no nonces.
internal import COpenSSL

final class AES256GCM {
    enum Direction { case seal, open }

    static let keyCount = 32
    static let nonceCount = 12
    static let tagCount = 16
    /// Bound of one text; EVP counts in 32-bit integers.
    static let maximumTextCount = 1 << 30

    private let context: OpaquePointer

    init(key: [UInt8], direction: Direction) throws(SealError) {
        precondition(key.count == Self.keyCount, "an AES-256 key has \(Self.keyCount) bytes")
        guard let context = EVP_CIPHER_CTX_new() else { throw .cipherUnavailable }
        let cipher = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)
        defer { EVP_CIPHER_free(cipher) }
        let ready: CInt
        switch direction {
        case _ where cipher == nil: ready = 0
        case .seal: ready = EVP_EncryptInit_ex2(context, cipher, key, nil, nil)
        case .open: ready = EVP_DecryptInit_ex2(context, cipher, key, nil, nil)
        }
        guard ready == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw .cipherUnavailable
        }
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Writes ciphertext and tag to `output`, which holds exactly `plaintext.count + tagCount` bytes.
    ///
    /// The authenticated bytes are `header` followed by `label`. False: OpenSSL failed and `output` means nothing.
    func seal(
        _ plaintext: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer, header: UnsafeRawBufferPointer,
        label: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        precondition(nonce.count == Self.nonceCount && plaintext.count <= Self.maximumTextCount)
        precondition(output.count == plaintext.count + Self.tagCount)
        let destination = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard EVP_EncryptInit_ex2(context, nil, nil, nonce.bytePointer, nil) == 1,
            authenticate(header, with: EVP_EncryptUpdate), authenticate(label, with: EVP_EncryptUpdate)
        else { return false }
        var written: CInt = 0
        if !plaintext.isEmpty {
            let count = CInt(plaintext.count)
            guard EVP_EncryptUpdate(context, destination, &written, plaintext.bytePointer, count) == 1,
                written == count
            else { return false }
        }
        // GCM is a stream mode: the final call writes nothing, so pointing it at the tag's place is safe.
        let tag = destination?.advanced(by: plaintext.count)
        return EVP_EncryptFinal_ex(context, tag, &written) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CInt(Self.tagCount), tag) == 1
    }

    /// Checks and decrypts `sealed` (ciphertext and tag) to `output`, which holds exactly `sealed.count - tagCount`.
    ///
    /// False: not authentic; then the caller must drop `output` unseen.
    func open(
        _ sealed: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer, header: UnsafeRawBufferPointer,
        label: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        precondition(nonce.count == Self.nonceCount && output.count <= Self.maximumTextCount)
        precondition(sealed.count == output.count + Self.tagCount)
        guard EVP_DecryptInit_ex2(context, nil, nil, nonce.bytePointer, nil) == 1,
            authenticate(header, with: EVP_DecryptUpdate), authenticate(label, with: EVP_DecryptUpdate)
        else { return false }
        var written: CInt = 0
        if !output.isEmpty {
            let destination = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let count = CInt(output.count)
            guard EVP_DecryptUpdate(context, destination, &written, sealed.bytePointer, count) == 1, written == count
            else { return false }
        }
        let tag = sealed.baseAddress.map { UnsafeMutableRawPointer(mutating: $0 + output.count) }
        var unused: UInt8 = 0
        let authentic =
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CInt(Self.tagCount), tag) == 1
            && EVP_DecryptFinal_ex(context, &unused, &written) == 1
        // A stale entry in this thread's error queue would be read as the failure of a later, unrelated call.
        if !authentic { ERR_clear_error() }
        return authentic
    }

    private typealias Update = (
        OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<CInt>?, UnsafePointer<UInt8>?, CInt
    ) -> CInt

    private func authenticate(_ bytes: UnsafeRawBufferPointer, with update: Update) -> Bool {
        var written: CInt = 0
        return bytes.isEmpty || update(context, nil, &written, bytes.bytePointer, CInt(bytes.count)) == 1
    }
}

extension UnsafeRawBufferPointer {
    /// The start as OpenSSL wants it; nil when empty.
    var bytePointer: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}
