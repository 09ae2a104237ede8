// The fields of the frames that carry an answer.
internal import NIOCore

/// Writes and reads what follows the fixed beginning of head and bytes frames.
enum RelayAnswerFields {
    /// Flags, status and length; the header lines follow.
    static let headFixed = 1 + 2 + 8
    private static let lastFlag: UInt8 = 1

    struct Head {
        var isLast: Bool
        /// 200 to 599.
        var status: Int
        var length: Int?
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

    static func writeHead(status: Int, length: Int?, isLast: Bool, lines: ByteBuffer, to header: inout ByteBuffer) {
        writeFlags(isLast: isLast, to: &header)
        header.writeMultipleIntegers(UInt16(clamping: status), length.map { Int64(max(0, $0)) } ?? -1)
        header.writeImmutableBuffer(lines)
    }

    static func readHead(_ fields: ByteBuffer) -> Head? {
        var fields = fields
        guard let isLast = readFlags(&fields),
            let (status, length) = fields.readMultipleIntegers(as: (UInt16, Int64).self),
            200...599 ~= status, length >= -1
        else { return nil }
        return Head(isLast: isLast, status: Int(status), length: length < 0 ? nil : Int(length), lines: fields)
    }
}
