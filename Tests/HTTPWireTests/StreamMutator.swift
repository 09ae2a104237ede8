// Makes broken streams out of the tables: bytes flipped, removed, doubled, pieces of HTTP put in, two streams joined.

/// SplitMix64: the same numbers on every machine for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

struct StreamMutator {
    private var generator: SeededGenerator
    private let good: [[UInt8]]
    private let bad: [[UInt8]]

    /// - Parameters:
    ///   - good: streams that are accepted; most mutations start from one of these.
    ///   - bad: streams that are refused.
    init(seed: UInt64, good: [[UInt8]], bad: [[UInt8]]) {
        generator = SeededGenerator(seed: seed)
        // Long streams are for limits; here they would only make most mutations alike.
        self.good = good.filter { $0.count < 600 }
        self.bad = bad.filter { $0.count < 600 }
    }

    private static let pieces = [
        "\r\n", "\n", "\r", "\r\n\r\n", "\n\n", " ", "\t", ":", ",", ";", "\"", "\\", "\u{0}", "\u{B}", "ä", "#", "?",
        "*",
        "=", "0", "5", "+", "-", "0x", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0",
        "CONNECT", "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Content-Length", "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: ", "Transfer-Encoding", "chunked", "identity, ", "Connection: close\r\n", "keep-alive",
        "Connection: upgrade\r\nUpgrade: x\r\n", "Host: a\r\n", "Expect: 100-continue\r\n", "0\r\n\r\n",
        "5\r\nhello\r\n",
        ";a=b", ";a=\"b\"", "X: y\r\n", " folded\r\n", "204", "304", "100", "101",
    ].map { Array($0.utf8) }

    /// The next broken stream.
    mutating func next() -> [UInt8] {
        var bytes = seed()
        // Two messages on one connection.
        if Int.random(in: 0..<4, using: &generator) == 0 { bytes += seed() }
        for _ in 0..<Int.random(in: 1...2, using: &generator) { change(&bytes) }
        return bytes
    }

    private mutating func seed() -> [UInt8] {
        let seeds = Int.random(in: 0..<8, using: &generator) == 0 ? bad : good
        return seeds.randomElement(using: &generator) ?? []
    }

    private mutating func piece() -> [UInt8] { Self.pieces.randomElement(using: &generator) ?? [] }

    private mutating func change(_ bytes: inout [UInt8]) {
        let at = Int.random(in: 0...bytes.count, using: &generator)
        let end = min(bytes.count, at + Int.random(in: 0...8, using: &generator))
        switch Int.random(in: 0..<8, using: &generator) {
        case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &generator)
        case 1 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes.removeSubrange(at..<end)
        case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
        case 4, 5: bytes.insert(contentsOf: piece(), at: at)
        case 6: bytes.replaceSubrange(at..<end, with: piece())
        default: insertLine(&bytes, near: at)
        }
    }

    /// Puts a piece where a line begins: that is where headers and chunks are decided.
    private mutating func insertLine(_ bytes: inout [UInt8], near at: Int) {
        guard let lineFeed = bytes[at...].firstIndex(of: 0x0A) else { return }
        bytes.insert(contentsOf: piece(), at: lineFeed + 1)
    }
}
