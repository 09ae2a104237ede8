// The fields of the frames that carry an answer.
internal import NIOCore

/// Writes and reads what follows the fixed beginning of head and bytes frames.
enum RelayAnswerFields {
    /// Flags, status, length and loop; the header lines follow.
    static let headFixed = 1 + 2 + 8 + 1
    private static let lastFlag: UInt8 = 1

    struct Head {
        var isLast: Bool
        /// 200 to 599.
        var status: Int
        var length: Int?
        /// The host's event loop that serves the request.
        var loop: UInt8
        var lines: ByteBuffer
    }

    static func writeFlags(isLast: Bool, to header: inout ByteBuffer) {
        header.writeInteger(isLast ? lastFlag : 0)
    }

    /// - Returns: whether the answer ends with this frame, or nil for garbage.
    static func readFlags(_ fields: inout ByteBuffer) -> Bool? {
        guard let flags = fields.readInteger(as: UInt8.self), flags <= lastFlag else { return nil }
        return flags == lastFlag
    }

    static func write(_ head: Head, to header: inout ByteBuffer) {
        writeFlags(isLast: head.isLast, to: &header)
        header.writeMultipleIntegers(
            UInt16(clamping: head.status), head.length.map { Int64(max(0, $0)) } ?? -1, head.loop)
        header.writeImmutableBuffer(head.lines)
    }

    static func readHead(_ fields: ByteBuffer) -> Head? {
        var fields = fields
        guard let isLast = readFlags(&fields),
            let (status, length, loop) = fields.readMultipleIntegers(as: (UInt16, Int64, UInt8).self),
            200...599 ~= status, length >= -1
        else { return nil }
        return Head(
            isLast: isLast, status: Int(status), length: length < 0 ? nil : Int(length), loop: loop, lines: fields)
    }
}
