// Commands as the bytes that a server reads: nothing in an argument can end it.
#if Redis
import NIOCore
import Testing

@testable import RedisTransport

@Suite("Redis: commands")
struct RESPCommandTests {
    @Test("A command is a list of byte strings, whatever is in them")
    func bytes() {
        var command = RESPCommand("CLIENT", "SETNAME", count: 3)
        command.add("a\r\n$1")
        command.add([0, 13, 10, 255])
        command.add(ByteBuffer(string: "ä"))
        #expect(command.left == 0)
        let expected = Array("*5\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$5\r\na\r\n$1\r\n$4\r\n".utf8) + [0, 13, 10, 255]
            + Array("\r\n$2\r\nä\r\n".utf8)
        #expect(Array(command.buffer.readableBytesView) == expected)
    }

    @Test("A command without arguments")
    func empty() { #expect(RESPCommand("PING", count: 0).buffer == ByteBuffer(string: "*1\r\n$4\r\nPING\r\n")) }
}
#endif
