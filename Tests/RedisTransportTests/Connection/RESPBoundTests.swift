// What one reply may make this process hold: a bound in bytes, whatever the reply is made of.
#if Redis
import Foundation
import NIOCore
import Testing

@testable import RedisTransport

@Suite("Redis: bound of a reply", .timeLimit(.minutes(1)))
struct RESPBoundTests {
    private static let bytesMax = 1_000

    /// What is fed again and again until it is refused, and how a reply of it begins.
    private static let endless: [(String, head: String, part: String)] = [
        ("a byte string", "$1000000\r\n", "0123456789"), ("a status", "+", "0123456789"),
        ("an error", "-", "0123456789"), ("numbers", "*1000000\r\n", ":123456\r\n"),
        ("byte strings", "*1000000\r\n", "$3\r\nabc\r\n"), ("nothing", "*1000000\r\n", "$-1\r\n"),
        ("empty lists", "*1000000\r\n", "*0\r\n"), ("lists", "*1000000\r\n", "*2\r\n:1\r\n:2\r\n"),
        ("a list in a list", "*2\r\n*1000000\r\n", ":123456\r\n"),
    ]

    @Test("A reply of more bytes than the bound is refused, whatever it is made of", arguments: endless.indices)
    func endlessReply(_ index: Int) throws {
        let (name, head, part) = Self.endless[index]
        let reader = try #require(RESPReader(bytesMax: Self.bytesMax))
        var fed = head.utf8.count
        func feed(_ text: String) throws {
            try reader.feed(ByteBuffer(string: text))
            let value = try reader.next()
            #expect(value == nil)
        }
        let failure = #expect(throws: RESPReader.Failure.self, "\(name): not refused after 100 times the bound") {
            try feed(head)
            while fed < 100 * Self.bytesMax {
                try feed(part)
                fed += part.utf8.count
            }
        }
        #expect(fed <= 2 * Self.bytesMax, "\(name): refused after \(fed) bytes")
        #expect(failure?.text.contains("\(Self.bytesMax) bytes") == true, "\(name): \(failure?.text ?? "")")
    }

    @Test("Replies within the bound are read, any number of them")
    func within() throws {
        // With what each element costs besides its bytes.
        let reader = try #require(RESPReader(bytesMax: 10 * Self.bytesMax))
        let list = "*90\r\n" + String(repeating: ":123456\r\n", count: 90)
        let text = "$900\r\n" + String(repeating: "a", count: 900) + "\r\n"
        for _ in 0..<100 {
            // Many at once, and each of them in parts.
            for part in [list + text + list.prefix(400), list.dropFirst(400) + text.prefix(500), text.dropFirst(500)] {
                try reader.feed(ByteBuffer(string: String(part)))
                while let value = try reader.next() {
                    #expect(value.elements?.count == 90 || value.bytes?.readableBytes == 900)
                }
            }
        }
    }

    /// Kilobytes of memory that this process holds.
    private static func resident() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return line.split(separator: " ").compactMap { Int($0) }.first ?? 0
    }

    @Test(
        "Elements that are announced and do not come cost next to nothing",
        arguments: ["*1000000\r\n", "*100000000\r\n", "*2147483647\r\n", "*7\r\n*2147483647\r\n*2147483647\r\n"])
    func announced(_ text: String) throws {
        let before = Self.resident()
        let start = ContinuousClock.now
        for _ in 0..<3 {
            let reader = try #require(RESPReader(bytesMax: Self.bytesMax))
            // To be waited for or refused, as the reader likes.
            _ = try? reader.feed(ByteBuffer(string: text))
            _ = try? reader.next()
        }
        print("announced \(text.debugDescription): \(ContinuousClock.now - start)")
        #expect(Self.resident() - before < 512 * 1024)
    }
}
#endif
