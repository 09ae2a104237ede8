// SHA-256 against the examples of FIPS 180-4.
import SealedBox
import Testing

struct DigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func publishedDigest(text: String, digest: String) {
        #expect(Array(text.utf8).withUnsafeBytes { Digest.sha256($0) } == hex(digest))
    }

    @Test func aMillionLetters() {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        #expect(
            text.withUnsafeBytes { Digest.sha256($0) }
                == hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"))
    }

    @Test func absentBytesAreTheEmptyText() {
        #expect(
            Digest.sha256(UnsafeRawBufferPointer(start: nil, count: 0))
                == hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
    }
}
