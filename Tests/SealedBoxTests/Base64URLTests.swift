// Base64url: the examples of RFC 4648, seeded round trips, and one spelling only for each run of bytes.
import SealedBox
import Testing

struct Base64URLTests {
    private func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        bytes.withUnsafeBytes { Base64URL.encode($0, into: &output) }
        return String(decoding: output, as: UTF8.self)
    }

    private func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        Array(text).withUnsafeBytes { Base64URL.decode($0) }
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ])
    func examplesOfTheStandard(plain: String, encoded: String) {
        #expect(encode(Array(plain.utf8)) == encoded)
        #expect(decode(encoded.utf8) == Array(plain.utf8))
    }

    @Test func urlAlphabet() {
        #expect(encode([0xfb, 0xff, 0xbf]) == "-_-_")
        #expect(decode("-_-_".utf8) == [0xfb, 0xff, 0xbf])
    }

    @Test func roundTrips() {
        let seed: UInt64 = 4_648
        var generator = SeededGenerator(seed: seed)
        for count in 0...300 {
            let bytes = generator.bytes(count)
            let text = encode(bytes)
            #expect(text.utf8.count == Base64URL.encodedCount(count), "seed \(seed), \(count) bytes")
            #expect(decode(text.utf8) == bytes, "seed \(seed), \(count) bytes")
        }
    }

    @Test func encodeAppends() {
        var output = Array("id=".utf8)
        Array("foo".utf8).withUnsafeBytes { Base64URL.encode($0, into: &output) }
        #expect(output == Array("id=Zm9v".utf8))
    }

    @Test(arguments: ["Zg==", "Zm8=", "=", "Zm9v=", "Zm9v\n", " Zm9v", "Zm9vY g", "+/+/", "Zm9\u{0}", "Zm9ü"])
    func foreignLettersAreRefused(text: String) {
        #expect(decode(text.utf8) == nil)
    }

    @Test func everyForeignByteIsRefusedAtEveryPlace() {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        for byte in UInt8.min...UInt8.max where !alphabet.contains(byte) {
            for place in 0..<8 {
                var text = Array("Zm9vYmFy".utf8)
                text[place] = byte
                #expect(decode(text) == nil, "byte \(byte) at \(place)")
            }
        }
    }

    @Test(arguments: ["A", "AAAAA", "Zm9vY"])
    func impossibleLengthsAreRefused(text: String) {
        #expect(decode(text.utf8) == nil)
    }

    /// Of the letters that could end a text, exactly those with zero unused bits are taken.
    @Test(arguments: [("A", 4), ("AA", 16), ("AAA", 64)])
    func unusedBitsMustBeZero(start: String, taken: Int) {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        let accepted = alphabet.filter { decode("\(start)\($0)".utf8) != nil }
        #expect(accepted.count == taken)
        for letter in accepted {
            #expect(decode("\(start)\(letter)".utf8).map { encode($0) } == "\(start)\(letter)")
        }
    }
}
