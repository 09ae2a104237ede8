// AES-256-GCM against published vectors, through the same two functions that `Sealer` calls.
import Testing

@testable import SealedBox

struct GCMVector: Sendable, CustomTestStringConvertible {
    let name: String
    let key: String
    let nonce: String
    let plaintext: String
    var authenticated = ""
    let ciphertext: String
    let tag: String

    var testDescription: String { name }

    // NIST CAVP `gcmEncryptExtIV256.rsp` (Keylen 256, IVlen 96, Taglen 128) by PTlen, AADlen and Count, and the cases
    // 13 to 16 of the GCM specification that NIST took over (McGrew and Viega, appendix B).
    static let all = [
        GCMVector(
            name: "CAVP PTlen 128 AADlen 0 count 0",
            key: "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
            nonce: "0d18e06c7c725ac9e362e1ce", plaintext: "2db5168e932556f8089a0622981d017d",
            ciphertext: "fa4362189661d163fcd6a56d8bf0405a", tag: "d636ac1bbedd5cc3ee727dc2ab4a9489"),
        GCMVector(
            name: "CAVP PTlen 104 AADlen 0 count 3",
            key: "e5a0eb92cc2b064e1bc80891faf1fab5e9a17a9c3a984e25416720e30e6c2b21",
            nonce: "4742357c335913153ff0eb0f", plaintext: "8499893e16b0ba8b007d54665a",
            ciphertext: "eb8e6175f1fe38eb1acf95fd51", tag: "88a8b74bb74fda553e91020a23deed45"),
        GCMVector(
            name: "CAVP PTlen 256 AADlen 0 count 6",
            key: "37f39137416bafde6f75022a7a527cc593b6000a83ff51ec04871a0ff5360e4e",
            nonce: "a291484c3de8bec6b47f525f",
            plaintext: "fafd94cede8b5a0730394bec68a8e77dba288d6ccaa8e1563a81d6e7ccc7fc97",
            ciphertext: "44dc868006b21d49284016565ffb3979cc4271d967628bf7cdaf86db888e92e5",
            tag: "01a2b578aa2f41ec6379a44a31cc019c"),
        GCMVector(
            name: "CAVP PTlen 408 AADlen 0 count 8",
            key: "595f259c55abe00ae07535ca5d9b09d6efb9f7e9abb64605c337acbd6b14fc7e",
            nonce: "92f258071d79af3e63672285",
            plaintext: "a6fee33eb110a2d769bbc52b0f36969c287874f665681477a25fc4c48015c541"
                + "fbe2394133ba490a34ee2dd67b898177849a91",
            ciphertext: "bbca4a9e09ae9690c0f6f8d405e53dccd666aa9c5fa13c8758bc30abe1ddd1bc"
                + "ce0d36a1eaaaaffef20cd3c5970b9673f8a65c",
            tag: "26ccecb9976fd6ac9c2c0f372c52c821"),
        GCMVector(
            name: "CAVP PTlen 0 AADlen 128 count 0",
            key: "78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223",
            nonce: "d79cf22d504cc793c3fb6c8a", plaintext: "", authenticated: "b96baa8c1c75a671bfb2d08d06be5f36",
            ciphertext: "", tag: "3e5d486aa2e30b22e040b85723a06e76"),
        GCMVector(
            name: "CAVP PTlen 128 AADlen 128 count 0",
            key: "92e11dcdaa866f5ce790fd24501f92509aacf4cb8b1339d50c9c1240935dd08b",
            nonce: "ac93a1a6145299bde902f21a", plaintext: "2d71bcfa914e4ac045b2aa60955fad24",
            authenticated: "1e0889016f67601c8ebea4943bc23ad6",
            ciphertext: "8995ae2e6df3dbf96fac7b7137bae67f", tag: "eca5aa77d51d4a0a14d9c51e1da474ab"),
        GCMVector(
            name: "CAVP PTlen 128 AADlen 128 count 1",
            key: "7da3bccaffb3464178ca7c722379836db50ce0bfb47640b9572163865332e486",
            nonce: "c04fd2e701c3dc62b68738b3", plaintext: "fd671cab1ee21f0df6bb610bf94f0e69",
            authenticated: "fec0311013202e4ffdc4204926ae0ddf",
            ciphertext: "6be61b17b7f7d494a7cdf270562f37ba", tag: "5e702a38323fe1160b780d17adad3e96"),
        GCMVector(
            name: "specification case 13", key: zeroKey, nonce: "000000000000000000000000", plaintext: "",
            ciphertext: "", tag: "530f8afbc74536b9a963b4f1c4cb738b"),
        GCMVector(
            name: "specification case 14", key: zeroKey, nonce: "000000000000000000000000",
            plaintext: "00000000000000000000000000000000",
            ciphertext: "cea7403d4d606b6e074ec5d3baf39d18", tag: "d0d1c8a799996bf0265b98b5d48ab919"),
        GCMVector(
            name: "specification case 15", key: feffeKey, nonce: "cafebabefacedbaddecaf888",
            plaintext: case16Plaintext + "1aafd255", ciphertext: case16Ciphertext + "898015ad",
            tag: "b094dac5d93471bdec1a502270e3cc6c"),
        GCMVector(
            name: "specification case 16", key: feffeKey, nonce: "cafebabefacedbaddecaf888",
            plaintext: case16Plaintext, authenticated: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            ciphertext: case16Ciphertext, tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
    ]

    private static let zeroKey = String(repeating: "0", count: 64)
    private static let feffeKey = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
    private static let case16Plaintext =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    private static let case16Ciphertext =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
}

struct AES256GCMTests {
    @Test(arguments: GCMVector.all)
    func sealsAsPublished(vector: GCMVector) throws {
        let cipher = try AES256GCM(key: hex(vector.key), direction: .seal)
        let expected = hex(vector.ciphertext) + hex(vector.tag)
        // Twice, because a context is used again and again, and with the authenticated bytes cut at every place into
        // header and label, because the cipher must see them as one run.
        for _ in 0..<2 {
            for cut in 0...hex(vector.authenticated).count {
                #expect(seal(with: cipher, vector: vector, cut: cut) == expected, "cut at \(cut)")
            }
        }
    }

    @Test(arguments: GCMVector.all)
    func opensAsPublished(vector: GCMVector) throws {
        let cipher = try AES256GCM(key: hex(vector.key), direction: .open)
        let sealed = hex(vector.ciphertext) + hex(vector.tag)
        let authenticated = hex(vector.authenticated)
        var tampered = sealed
        tampered[0] ^= 0x80
        // A refusal in between must not spoil the context for the next call.
        #expect(open(with: cipher, sealed, vector: vector, authenticated: authenticated) == hex(vector.plaintext))
        #expect(open(with: cipher, tampered, vector: vector, authenticated: authenticated) == nil)
        #expect(open(with: cipher, sealed, vector: vector, authenticated: authenticated + [0]) == nil)
        #expect(open(with: cipher, sealed, vector: vector, authenticated: authenticated) == hex(vector.plaintext))
    }

    private func seal(with cipher: AES256GCM, vector: GCMVector, cut: Int) -> [UInt8]? {
        let plaintext = hex(vector.plaintext)
        let authenticated = hex(vector.authenticated)
        var output = [UInt8](repeating: 0, count: plaintext.count + AES256GCM.tagCount)
        let sealed = plaintext.withUnsafeBytes { plaintext in
            hex(vector.nonce).withUnsafeBytes { nonce in
                Array(authenticated[..<cut]).withUnsafeBytes { header in
                    Array(authenticated[cut...]).withUnsafeBytes { label in
                        output.withUnsafeMutableBytes {
                            cipher.seal(plaintext, nonce: nonce, header: header, label: label, into: $0)
                        }
                    }
                }
            }
        }
        return sealed ? output : nil
    }

    private func open(
        with cipher: AES256GCM, _ sealed: [UInt8], vector: GCMVector, authenticated: [UInt8]
    ) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: sealed.count - AES256GCM.tagCount)
        let opened = sealed.withUnsafeBytes { sealed in
            hex(vector.nonce).withUnsafeBytes { nonce in
                authenticated.withUnsafeBytes { label in
                    output.withUnsafeMutableBytes {
                        cipher.open(
                            sealed, nonce: nonce, header: UnsafeRawBufferPointer(start: nil, count: 0), label: label,
                            into: $0)
                    }
                }
            }
        }
        return opened ? output : nil
    }
}
