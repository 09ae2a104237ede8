// Reads replies with the reader of hiredis, and turns them into values of ours. What the server may make this process
// hold is bounded.
#if Redis
internal import CHiredis
internal import NIOCore

/// Belongs to one connection, on its loop.
final class RESPReader {
    /// The bytes cannot be what a server answers; nothing behind them can be read.
    struct Failure: Error { let text: String }

    private let reader: UnsafeMutablePointer<redisReader>
    /// Bytes of one reply that is not complete.
    private let bytesMax: Int

    /// - Returns: nil when there is no memory.
    init?(bytesMax: Int) {
        guard let reader = redisReaderCreate() else { return nil }
        self.reader = reader
        self.bytesMax = bytesMax
    }

    deinit { redisReaderFree(reader) }

    /// Takes what has arrived. ``next()`` gives what is complete.
    func feed(_ bytes: ByteBuffer) throws(Failure) {
        let isTaken = bytes.withUnsafeReadableBytes { bytes -> Bool in
            guard let start = bytes.baseAddress else { return true }
            return redisReaderFeed(reader, start.assumingMemoryBound(to: CChar.self), bytes.count) == REDIS_OK
        }
        guard isTaken else { throw failure }
    }

    /// Nil: the next reply has not arrived in full.
    func next() throws(Failure) -> RESPValue? {
        var found: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &found) == REDIS_OK else { throw failure }
        guard let found else {
            guard reader.pointee.len - reader.pointee.pos <= bytesMax else {
                throw Failure(text: "a reply of more than \(bytesMax) bytes")
            }
            return nil
        }
        defer { freeReplyObject(found) }
        return Self.value(found.assumingMemoryBound(to: redisReply.self))
    }

    private var failure: Failure {
        let text = withUnsafeBytes(of: reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return Failure(text: text.isEmpty ? "no reply of Redis" : text)
    }

    /// hiredis nests at most nine deep, so this ends.
    private static func value(_ reply: UnsafePointer<redisReply>) -> RESPValue {
        switch reply.pointee.type {
        case REDIS_REPLY_INTEGER: .integer(reply.pointee.integer)
        case REDIS_REPLY_STRING: .bytes(ByteBuffer(bytes: text(reply)))
        case REDIS_REPLY_STATUS: .status(String(decoding: text(reply), as: UTF8.self))
        case REDIS_REPLY_ERROR: .error(String(decoding: text(reply), as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            .array(
                UnsafeBufferPointer(start: reply.pointee.element, count: reply.pointee.elements).map { element in
                    element.map { value($0) } ?? .null
                })
        default: .null
        }
    }

    private static func text(_ reply: UnsafePointer<redisReply>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: reply.pointee.str, count: Int(clamping: reply.pointee.len))
    }
}

@available(*, unavailable)
extension RESPReader: Sendable {}
#endif
