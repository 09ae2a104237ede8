// Base64 with the URL alphabet and without padding (RFC 4648 section 5), the visible form of sealed tokens. Decoding is
// strict, so that each token has exactly one spelling. It does not read ordinary base64.

/// Base64url without padding.
public enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static let invalid: UInt8 = 0xFF
    /// The value of each of the 256 bytes, or `invalid`.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: invalid, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    /// The number of letters for `count` bytes (not negative).
    public static func encodedCount(_ count: Int) -> Int { count / 3 * 4 + (count % 3 * 4 + 2) / 3 }

    /// Appends the letters for `bytes` to `output`.
    public static func encode(_ bytes: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        var place = output.count
        output.append(contentsOf: repeatElement(0, count: encodedCount(bytes.count)))
        let letters = alphabet
        output.withUnsafeMutableBufferPointer { output in
            // Four letters to three bytes; `encodedCount` made room for exactly the letters written here.
            var index = 0
            while index < bytes.count {
                let count = min(bytes.count - index, 3)
                var bits = UInt32(bytes[index]) << 16
                if count > 1 { bits |= UInt32(bytes[index + 1]) << 8 }
                if count > 2 { bits |= UInt32(bytes[index + 2]) }
                for letter in 0...count {
                    output[place + letter] = letters[Int(bits >> UInt32(18 - 6 * letter) & 63)]
                }
                place += count + 1
                index += 3
            }
        }
    }

    /// The bytes that `letters` stands for.
    ///
    /// Nil for any letter outside the alphabet (padding and white space too), for a length that no bytes give, and for
    /// unused bits that are not zero, so two different texts never decode to the same bytes.
    public static func decode(_ letters: UnsafeRawBufferPointer) -> [UInt8]? {
        guard letters.count % 4 != 1 else { return nil }
        let table = values
        let count = letters.count / 4 * 3 + letters.count % 4 * 3 / 4
        var output: [UInt8] = []
        output.reserveCapacity(count)
        var bits: UInt32 = 0
        var pending = 0
        for letter in letters {
            let value = table[Int(letter)]
            guard value != invalid else { return nil }
            bits = bits << 6 | UInt32(value)
            pending += 6
            if pending >= 8 {
                pending -= 8
                output.append(UInt8(truncatingIfNeeded: bits >> UInt32(pending)))
            }
        }
        return bits & ((1 << UInt32(pending)) - 1) == 0 ? output : nil
    }
}
