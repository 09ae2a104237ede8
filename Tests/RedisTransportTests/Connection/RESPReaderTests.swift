// Replies of a server as bytes: cut anywhere, nested, and such as no server sends.
#if Redis
import NIOCore
import Testing

@testable import RedisTransport

@Suite("Redis: replies")
struct RESPReaderTests {
    /// Every kind of reply, one behind the other.
    private static let wire = Array(
        """
        +OK\r\n-ERR no\r\n:-9223372036854775808\r\n$-1\r\n*-1\r\n$0\r\n\r\n*0\r\n$6\r\na\r\n$1\n\r\n\
        *3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*2\r\n:1\r\n*1\r\n$-1\r\n*2\r\n-WRONG x\r\n+fine\r\n:9223372036854775807\r\n
        """.utf8)
    private static let values: [RESPValue] = [
        .status("OK"), .error("ERR no"), .integer(.min), .null, .null, .bytes(ByteBuffer()), .array([]),
        .bytes(ByteBuffer(string: "a\r\n$1\n")),
        .array([
            .bytes(ByteBuffer(string: "message")), .bytes(ByteBuffer(string: "c")),
            .array([.integer(1), .array([.null])]),
        ]),
        .array([.error("WRONG x"), .status("fine")]), .integer(.max),
    ]

    /// What comes out of parts that arrive one after the other.
    private func read(_ parts: [[UInt8]], bytesMax: Int = 1 << 20) throws -> [RESPValue] {
        let reader = try #require(RESPReader(bytesMax: bytesMax))
        var values: [RESPValue] = []
        for part in parts {
            try reader.feed(ByteBuffer(bytes: part))
            while let value = try reader.next() { values.append(value) }
        }
        return values
    }

    private func read(_ text: String, bytesMax: Int = 1 << 20) throws -> [RESPValue] {
        try read([Array(text.utf8)], bytesMax: bytesMax)
    }

    @Test("Replies are the same wherever their bytes are cut")
    func cuts() throws {
        let wire = Self.wire
        for cut in 0...wire.count {
            #expect(try read([Array(wire[..<cut]), Array(wire[cut...])]) == Self.values, "cut at \(cut)")
        }
        #expect(try read(wire.map { [$0] }) == Self.values)
    }

    @Test("Nothing comes out before a reply is whole")
    func incomplete() throws {
        let whole = Array("*2\r\n$3\r\nabc\r\n*1\r\n:12\r\n".utf8)
        for count in 0..<whole.count { #expect(try read([Array(whole[..<count])]) == [], "\(count) bytes") }
    }

    @Test("Any bytes may stand in a byte string")
    func bytes() throws {
        let bytes = (0...255).map { UInt8($0) }
        #expect(try read([Array("$256\r\n".utf8) + bytes + [13, 10]]) == [.bytes(ByteBuffer(bytes: bytes))])
    }

    @Test(
        "What no server sends is refused, and so is everything behind it",
        arguments: [
            "hello\r\n", "?1\r\n", "\r\n", "\0", ":1x\r\n", ":\r\n", ":9223372036854775808\r\n", "$x\r\n", "$-2\r\n",
            "*x\r\n", "*-2\r\n", "*1\r\n?\r\n", "*9223372036854775807\r\n", "*2147483648\r\n",
            "$99999999999999999999\r\n", "%1\r\n+a\r\n+b\r\n", ">1\r\n+a\r\n",
            "HTTP/1.1 400 Bad Request\r\n\r\n",
        ])
    func garbage(_ text: String) throws {
        let reader = try #require(RESPReader(bytesMax: 1_000))
        try reader.feed(ByteBuffer(string: text))
        #expect(throws: RESPReader.Failure.self) { _ = try reader.next() }
        #expect(throws: RESPReader.Failure.self) {
            try reader.feed(ByteBuffer(string: "+OK\r\n"))
            _ = try reader.next()
        }
    }

    @Test("A byte string that does not end where it says spoils what is behind it")
    func wrongLength() {
        #expect(throws: RESPReader.Failure.self) { _ = try read("$2\r\nabcd\r\n+OK\r\n") }
    }

    @Test("Lists nest a little and no more, however deep they claim to be")
    func nesting() throws {
        func nested(_ depth: Int) -> String { String(repeating: "*1\r\n", count: depth) + ":1\r\n" }
        var value = RESPValue.integer(1)
        for depth in 1...3 {
            value = .array([value])
            #expect(try read(nested(depth)) == [value])
        }
        for depth in [10, 1_000, 100_000] {
            #expect(throws: RESPReader.Failure.self, "\(depth)") { _ = try read(nested(depth)) }
        }
    }

    @Test("Random bytes, and good ones with a byte changed, are read or refused")
    func random() {
        var numbers = SystemRandomNumberGenerator()
        for place in Self.wire.indices {
            var bent = Self.wire
            // Not into a length that makes the rest wait: the next bytes are then a part of it, which is right too.
            bent[place] = UInt8.random(in: .min ... .max, using: &numbers)
            _ = try? read([bent])
            _ = try? read([(0..<64).map { _ in UInt8.random(in: .min ... .max, using: &numbers) }])
        }
    }
}
#endif
