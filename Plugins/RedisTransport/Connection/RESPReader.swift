// Reads replies with the reader of hiredis, which hands over what it finds piece by piece; what a server may make this
// process hold is bounded.
#if Redis
internal import CHiredis
internal import NIOCore

/// Belongs to one connection, on its loop.
final class RESPReader {
    /// The bytes cannot be what a server answers; nothing behind them can be read.
    struct Failure: Error { let text: String }

    /// A part of a reply that is being read. The reader of hiredis holds the outermost one, and each holds its parts.
    private final class Part {
        let value: RESPValue
        var elements: [Part]?

        init(_ value: RESPValue, isArray: Bool = false) {
            self.value = value
            if isArray { elements = [] }
        }

        /// hiredis nests at most nine deep, so this ends.
        var whole: RESPValue { elements.map { .array($0.map(\.whole)) } ?? value }
    }

    /// How much the reply that is being read may still take.
    private final class Room {
        /// What a part costs besides its bytes.
        private static let partCost = 64

        let most: Int
        private var left: Int
        /// Something did not fit.
        private(set) var isOver = false

        init(_ most: Int) {
            self.most = most
            left = most
        }

        func clear() { left = most }

        /// - Parameter parts: that will follow.
        func take(_ bytes: Int, before parts: Int) -> Bool {
            isOver = true
            guard bytes >= 0, bytes <= left, left - bytes >= Self.partCost else { return false }
            left -= bytes + Self.partCost
            guard parts <= left / Self.partCost else { return false }
            isOver = false
            return true
        }
    }

    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let reader: UnsafeMutablePointer<redisReader>
    private let room: Room

    /// - Parameter bytesMax: of one reply, read or not.
    /// - Returns: nil when there is no memory.
    init?(bytesMax: Int) {
        functions = .allocate(capacity: 1)
        functions.initialize(to: Self.makeFunctions())
        guard let reader = redisReaderCreateWithFunctions(functions) else {
            functions.deallocate()
            return nil
        }
        self.reader = reader
        room = Room(bytesMax)
        reader.pointee.privdata = Unmanaged.passUnretained(room).toOpaque()
    }

    deinit {
        redisReaderFree(reader)
        functions.deallocate()
    }

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
            guard reader.pointee.len - reader.pointee.pos <= room.most else { throw tooLarge }
            return nil
        }
        room.clear()
        return Unmanaged<Part>.fromOpaque(found).takeRetainedValue().whole
    }

    private var tooLarge: Failure { Failure(text: "a reply of more than \(room.most) bytes") }

    private var failure: Failure {
        if room.isOver { return tooLarge }
        let text = withUnsafeBytes(of: reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return Failure(text: text.isEmpty ? "no reply of Redis" : text)
    }

    // MARK: Called by hiredis

    private static func makeFunctions() -> redisReplyObjectFunctions {
        var functions = redisReplyObjectFunctions()
        functions.createString = { task, text, count in
            let bytes = UnsafeRawBufferPointer(start: text, count: Int(clamping: count))
            return RESPReader.hang(task, bytes.count) {
                switch task?.pointee.type {
                case REDIS_REPLY_STATUS: .status(String(decoding: bytes, as: UTF8.self))
                case REDIS_REPLY_ERROR: .error(String(decoding: bytes, as: UTF8.self))
                default: .bytes(ByteBuffer(bytes: bytes))
                }
            }
        }
        functions.createArray = { task, count in
            RESPReader.hang(task, 0, isArray: true, before: Int(clamping: count)) { .null }
        }
        functions.createInteger = { task, number in RESPReader.hang(task, 0) { .integer(number) } }
        functions.createNil = { task in RESPReader.hang(task, 0) { .null } }
        functions.freeObject = { object in if let object { Unmanaged<Part>.fromOpaque(object).release() } }
        return functions
    }

    /// - Returns: nil, which hiredis takes for a lack of memory, when there is no room.
    private static func hang(
        _ task: UnsafePointer<redisReadTask>?, _ bytes: Int, isArray: Bool = false, before parts: Int = 0,
        _ value: () -> RESPValue
    ) -> UnsafeMutableRawPointer? {
        guard let task = task?.pointee, let privdata = task.privdata,
            Unmanaged<Room>.fromOpaque(privdata).takeUnretainedValue().take(bytes, before: parts)
        else { return nil }
        let part = Part(value(), isArray: isArray)
        guard let parent = task.parent?.pointee.obj else { return Unmanaged.passRetained(part).toOpaque() }
        Unmanaged<Part>.fromOpaque(parent).takeUnretainedValue().elements?.append(part)
        return Unmanaged.passUnretained(part).toOpaque()
    }
}

@available(*, unavailable)
extension RESPReader: Sendable {}
#endif
