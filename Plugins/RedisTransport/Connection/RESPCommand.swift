// A command as the server reads it: a list of byte strings, each with its length. Pure.
internal import NIOCore
internal import TransportAPI

/// Writes one command.
struct RESPCommand {
    private(set) var buffer = ByteBuffer()
    /// Arguments that were announced and not added.
    private(set) var left: Int

    /// - Parameters:
    ///   - words: of the command's name.
    ///   - count: of the arguments that are added afterwards, all of them.
    ///   - bytes: about how much they are.
    init(_ words: StaticString..., count: Int, reserving bytes: Int = 0) {
        left = count
        buffer.reserveCapacity(64 + bytes)
        buffer.writeStaticString("*")
        buffer.writeDecimal(words.count + count)
        buffer.writeStaticString("\r\n")
        for word in words { write(word.utf8CodeUnitCount) { $0.writeStaticString(word) } }
    }

    /// - Parameter arguments: all that follow.
    init(_ words: StaticString..., with arguments: [String]) {
        left = arguments.count
        buffer.writeStaticString("*")
        buffer.writeDecimal(words.count + arguments.count)
        buffer.writeStaticString("\r\n")
        for word in words { write(word.utf8CodeUnitCount) { $0.writeStaticString(word) } }
        for argument in arguments { add(argument) }
    }

    mutating func add(_ text: String) {
        left -= 1
        write(text.utf8.count) { $0.writeString(text) }
    }

    mutating func add(_ bytes: [UInt8]) {
        left -= 1
        write(bytes.count) { $0.writeBytes(bytes) }
    }

    mutating func add(_ bytes: ByteBuffer) {
        left -= 1
        write(bytes.readableBytes) { $0.writeImmutableBuffer(bytes) }
    }

    private mutating func write(_ count: Int, _ body: (inout ByteBuffer) -> Void) {
        buffer.writeStaticString("$")
        buffer.writeDecimal(count)
        buffer.writeStaticString("\r\n")
        body(&buffer)
        buffer.writeStaticString("\r\n")
    }
}
