// The public half of an nkey, which the server is told, from the file with its seed. The text form is base32 of a type,
// the key and a check sum.
internal import Glibc
internal import SealedBox

#if NATS
enum NATSKey {
    /// Bytes of a seed file. More are not read.
    private static let fileBytesMax = 1024
    private static let seedTypeUser: UInt8 = 20 << 3
    private static let seedPrefix: UInt8 = 18 << 3
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// The `U…` text of the user whose `SU…` seed is in a file.
    static func publicKey(seedFile: String) throws(NATSDialFailure) -> String {
        guard let text = read(seedFile) else {
            throw NATSDialFailure(text: "the nkey seed file \(seedFile) cannot be read", isFinal: true)
        }
        guard let key = publicKey(text: text) else {
            throw NATSDialFailure(
                text: "the nkey seed file \(seedFile) holds no user's seed: a line that begins with SU is needed",
                isFinal: true)
        }
        return key
    }

    static func publicKey(text: [UInt8]) -> String? {
        let lines = text.split { $0 == 0x0A || $0 == 0x0D }
        guard let line = lines.first(where: { $0.starts(with: [0x53, 0x55]) }), let raw = decode(Array(line)),
            // Two bytes of types, 32 of the seed, two of the check sum.
            raw.count == 36, raw[0] & 0xF8 == seedPrefix,
            (raw[0] & 7) << 5 | raw[1] >> 3 == seedTypeUser, checkSum(raw.dropLast(2)) == Array(raw.suffix(2)),
            let key = Ed25519.publicKey(seed: Array(raw[2..<34]))
        else { return nil }
        let typed = [seedTypeUser] + key
        return encode(typed + checkSum(typed[...]))
    }

    private static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: fileBytesMax)
        let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }

    /// CRC-16/XMODEM, low byte first.
    private static func checkSum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var sum: UInt16 = 0
        for byte in bytes {
            sum ^= UInt16(byte) << 8
            for _ in 0..<8 { sum = sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021 }
        }
        return [UInt8(truncatingIfNeeded: sum), UInt8(truncatingIfNeeded: sum >> 8)]
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        var letters: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 5 {
                count -= 5
                letters.append(alphabet[Int(bits >> UInt32(count) & 31)])
            }
        }
        if count > 0 { letters.append(alphabet[Int(bits << UInt32(5 - count) & 31)]) }
        return String(decoding: letters, as: UTF8.self)
    }

    private static func decode(_ letters: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for letter in letters {
            guard let value = alphabet.firstIndex(of: letter) else { return nil }
            bits = bits << 5 | UInt32(value)
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}

#endif
