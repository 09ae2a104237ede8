// HKDF-SHA-256 against RFC 5869 appendix A (its SHA-256 cases), and what `SealingKey` makes of it.
import Testing

@testable import SealedBox

struct KeyDerivationTests {
    @Test func basicCase() {
        let derived = KeyDerivation.sha256(
            input: [UInt8](repeating: 0x0b, count: 22), salt: Array(0x00...0x0c), label: Array(0xf0...0xf9), count: 42)
        #expect(
            derived
                == hex(
                    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                        + "34007208d5b887185865"))
    }

    @Test func longInputsAndOutputs() {
        let derived = KeyDerivation.sha256(
            input: Array(0x00...0x4f), salt: Array(0x60...0xaf), label: Array(0xb0...0xff), count: 82)
        #expect(
            derived
                == hex(
                    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                        + "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
                        + "cc30c58179ec3e87c14c01d5c1f3434f1d87"))
    }

    @Test func noSaltAndNoLabel() {
        let derived = KeyDerivation.sha256(
            input: [UInt8](repeating: 0x0b, count: 22), salt: [], label: [], count: 42)
        #expect(
            derived
                == hex(
                    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                        + "9d201395faa4b61a96c8"))
    }

    /// Pins the labels: a changed label would make every node refuse the ids that nodes of the release before made.
    @Test func keyOfASecretNeverChanges() {
        let key = SealingKey(secret: "0123456789abcdef0123456789abcdef".utf8)
        #expect(key.bytes == hex("6a25e94483ddd64721d8f8ce7bf0cf2e411222238c41e7ea454ad56795ef1c1f"))
        #expect(key.id == 139)
    }

    @Test func keysDifferBySecretOnly() {
        let first = SealingKey(secret: "a secret".utf8)
        #expect(SealingKey(secret: Array("a secret".utf8)).bytes == first.bytes)
        #expect(SealingKey(secret: Array("a secret".utf8)).id == first.id)
        #expect(SealingKey(secret: "another secret".utf8).bytes != first.bytes)
        #expect(SealingKey.random().bytes != SealingKey.random().bytes)
    }

    @Test func keyNeverShowsInText() {
        let key = SealingKey(secret: "a secret".utf8)
        #expect("\(key)" == "SealingKey(id: \(key.id))")
        #expect(String(reflecting: key) == "SealingKey(id: \(key.id))")
    }
}
